"""Prices of a household's holdings side by side, as numpy reads them.

Rule 1: the packaged closes are the history; what has none is left out, and said to be.
Rule 2: a day counts where every holding has a close on it and on the session before: no gap is filled.
Rule 3: what comes out of binary arithmetic is rounded to cents or to six decimals at this border.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np

from core.book.picture import Account, Market
from core.ids import Symbol
from core.market.closes import closes
from core.money import to_cents

STEP: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class History:
    """Returns by session and symbol, fractions. `dollars` is what each holding is worth now; `left_out`,
    in dollars, has no history."""

    days: tuple[date, ...]
    symbols: tuple[Symbol, ...]
    returns: Any
    dollars: Any
    left_out: Mapping[Symbol, Decimal]


def history(accounts: Sequence[Account], market: Market, *, since: date, until: date) -> History:
    """Daily returns of what these accounts hold together, over closes of those days, both included."""
    held = worth_by_symbol(accounts, market)
    known = set(closes().symbols())
    series = {s: dict(closes().series(s, since=since, until=until)) for s in held if s in known}
    within = {s: by_day for s, by_day in series.items() if by_day}
    days = sorted(set.intersection(*(set(by_day) for by_day in within.values()))) if within else []
    symbols = tuple(sorted(within))
    prices = np.array([[within[s][day] for s in symbols] for day in days], dtype=np.float64)
    returns = prices[1:] / prices[:-1] - 1 if len(days) > 1 else np.zeros((0, len(symbols)))
    return History(
        days=tuple(days[1:]),
        symbols=symbols,
        returns=returns,
        dollars=np.array([held[s] for s in symbols], dtype=np.float64),
        left_out={s: to_cents(dollars) for s, dollars in held.items() if s not in within},
    )


def worth_by_symbol(accounts: Sequence[Account], market: Market) -> dict[Symbol, Decimal]:
    """Dollars of each holding over these accounts; what has no price is absent."""
    held: dict[Symbol, Decimal] = {}
    for account in accounts:
        for lot in account.lots:
            if lot.symbol in market.prices:
                dollars = lot.quantity * market.prices[lot.symbol].price
                held[lot.symbol] = held.get(lot.symbol, Decimal(0)) + dollars
    return held


def dollars(number: Any) -> Decimal:
    """Cents, half to even."""
    return to_cents(Decimal(repr(round(number.item(), 6))))


def fraction(number: Any) -> Decimal:
    """Six decimals, half to even."""
    return Decimal(repr(round(number.item(), 9))).quantize(STEP)
