"""Whether a measure is breached: the one place where a policy's numbers become a breach.

Rule 1: a limit is inside: exactly at it passes.
Rule 2: a trade that moves a breached measure toward its limit, or leaves it where it was, is not denied by
    that measure. `before` is the measure without the trade; None where nothing can be improved, because the
    measure is the order's own (its size, its price) and not of a state.
Rule 3: a rule that only says yes or no counts what stands in the way: one, where none may.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Final

from core.risk.policy import Breach, Direction, Severity

STEP: Final = Decimal("0.000001")
NONE: Final = Decimal(0)
ONE: Final = Decimal(1)


def at_most(
    code: str,
    severity: Severity,
    *,
    before: Decimal | None,
    observed: Decimal,
    limit: Decimal,
    unit: str,
    says: str,
) -> Breach | None:
    """The breach of a measure that has a ceiling; None where there is none, or where the trade helps."""
    if observed <= limit or (before is not None and observed <= before):
        return None
    return Breach(code, severity, Direction.AT_MOST, observed, limit, unit, says)


def at_least(
    code: str,
    severity: Severity,
    *,
    before: Decimal | None,
    observed: Decimal,
    limit: Decimal,
    unit: str,
    says: str,
) -> Breach | None:
    """The breach of a measure that has a floor; None where there is none, or where the trade helps."""
    if observed >= limit or (before is not None and observed >= before):
        return None
    return Breach(code, severity, Direction.AT_LEAST, observed, limit, unit, says)


def at_most_of(
    code: str,
    severity: Severity,
    *,
    whole: Decimal,
    before: Decimal | None,
    observed: Decimal,
    limit: Decimal,
    unit: str,
    says: str,
) -> Breach | None:
    """As `at_most`, of dollars that are measured as a part of `whole`; told at six decimals, rounded up.

    Anything of nothing is all of it.
    """
    if whole <= NONE:
        part, was = ONE, None if before is None or observed > before else ONE
    else:
        part, was = observed / whole, None if before is None else before / whole
    breach = at_most(code, severity, before=was, observed=part, limit=limit, unit=unit, says=says)
    return breach and breach._replace(observed=part.quantize(STEP, rounding=ROUND_UP))


def blocked(code: str, severity: Severity, says: str) -> Breach:
    """Something stands in the way that no number measures."""
    return Breach(code, severity, Direction.AT_MOST, ONE, NONE, "blocks", says)
