"""What a trade proposal changes against the one that it replaces, order ticket by order ticket.

Rule 1: pure. Tickets are the same where account, symbol and side are; what else differs is a change.
Rule 2: every ticket of either is told, also one that stayed as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.ids import AccountId, Symbol
from core.orders.content import Leg
from core.orders.events import Side


@dataclass(frozen=True, slots=True)
class Terms:
    """What was asked for on one ticket. `limit_price` None: at the market."""

    leg: int
    quantity: Decimal
    limit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class LineChange:
    """One ticket of either. `before` None: it is new; `after` None: it is gone."""

    account: AccountId
    symbol: Symbol
    side: Side
    before: Terms | None
    after: Terms | None

    @property
    def what(self) -> Literal["added", "dropped", "changed", "same"]:
        if self.before is None:
            return "added"
        if self.after is None:
            return "dropped"
        same = (self.before.quantity, self.before.limit_price) == (
            self.after.quantity,
            self.after.limit_price,
        )
        return "same" if same else "changed"


def changes(before: Sequence[Leg], after: Sequence[Leg]) -> tuple[LineChange, ...]:
    """The tickets of the newer one in its order, then those that are gone."""
    left = list(before)
    found = []
    for leg in after:
        old = next((one for one in left if _same(one, leg)), None)
        if old is not None:
            left.remove(old)
        found.append(LineChange(leg.account, leg.symbol, leg.side, _terms(old), _terms(leg)))
    return (*found, *(LineChange(leg.account, leg.symbol, leg.side, _terms(leg), None) for leg in left))


def _same(one: Leg, other: Leg) -> bool:
    return (one.account, one.symbol, one.side) == (other.account, other.symbol, other.side)


def _terms(leg: Leg | None) -> Terms | None:
    return None if leg is None else Terms(leg.leg, leg.quantity, leg.limit_price)
