"""How a gain is taxed: by how long the shares were held.

Rule 1: the day after the purchase is the first day of the holding period; the day of the sale is its last.
Rule 2: both days are trade dates, not settlement dates (Rev. Rul. 66-97).
Rule 3: losses and gains net first within a term, then across terms. Nothing here knows wash sales.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from core.money import to_cents

ZERO: Final = Decimal(0)


class Term(StrEnum):
    SHORT = "short"
    LONG = "long"


class Realised(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Shares sold out of one lot. Dollars; `proceeds` are net of the sale's fees."""

    quantity: Decimal
    proceeds: Decimal
    cost: Decimal
    acquired_on: date
    sold_on: date


@dataclass(frozen=True, slots=True)
class Gains:
    """Dollars by term, net within each; a loss is negative."""

    short_term: Decimal
    long_term: Decimal

    @property
    def total(self) -> Decimal:
        return self.short_term + self.long_term


def first_long_day(acquired_on: date) -> date:
    """The first day on which a sale is long-term: more than one year after the purchase.

    Shares bought on the last day of a month become long-term on the first of the thirteenth month after.

    Source: 26 USC 1222(3); Rev. Rul. 66-7, 1966-1 C.B. 188.
    """
    starts = acquired_on + timedelta(days=1)
    if (starts.month, starts.day) == (2, 29):
        return date(starts.year + 1, 3, 1)
    return starts.replace(year=starts.year + 1)


def term(*, acquired_on: date, sold_on: date) -> Term:
    """Whether a sale on `sold_on` is of shares held for more than one year."""
    return Term.LONG if sold_on >= first_long_day(acquired_on) else Term.SHORT


def gains(sales: Iterable[Realised]) -> Gains:
    """What these sales realised, each rounded to the cent."""
    by_term = {Term.SHORT: ZERO, Term.LONG: ZERO}
    for sale in sales:
        held = term(acquired_on=sale.acquired_on, sold_on=sale.sold_on)
        by_term[held] += to_cents(sale.proceeds - sale.cost)
    return Gains(short_term=by_term[Term.SHORT], long_term=by_term[Term.LONG])


def taxed(result: Gains) -> Gains:
    """What is left to tax after a loss of one term is set against a gain of the other. Never negative.

    Source: 26 USC 1222(9) to (11).
    """
    short, long = result.short_term, result.long_term
    if short < 0:
        short, long = ZERO, long + short
    elif long < 0:
        short, long = short + long, ZERO
    return Gains(short_term=max(short, ZERO), long_term=max(long, ZERO))
