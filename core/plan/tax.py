"""What a sale would cost in tax: an estimate beside a trade, at stated rates, and not tax advice.

Rule 1: the rates come with the plan's assumptions; nothing here chooses one.
Rule 2: an ira or roth pays nothing on a sale (26 USC 408(e)(1), 408A(a)).
Rule 3: a net loss is not worth a negative tax: the estimate is zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.book.gains import Gains, taxed
from core.market.rules import long_term_rate, short_term_rate
from core.money import to_cents

TAXED_KINDS: Final = frozenset({"taxable", "trust", "joint"})
NO_GAINS: Final = Gains(short_term=Decimal(0), long_term=Decimal(0))


@dataclass(frozen=True, slots=True)
class TaxRates:
    """Fractions of a gain."""

    short_term: Decimal
    long_term: Decimal


def rates_on(session: date) -> TaxRates:
    """The top federal rates for a sale on that day."""
    return TaxRates(short_term=short_term_rate(session), long_term=long_term_rate(session))


def estimated_tax(result: Gains, *, kind: str, rates: TaxRates) -> Decimal:
    """Dollars, to the cent."""
    if kind not in TAXED_KINDS:
        return Decimal("0.00")
    left = taxed(result)
    return to_cents(left.short_term * rates.short_term + left.long_term * rates.long_term)
