"""How far a symbol usually moves: the standard deviation of its daily returns, from the packaged closes.

Rule 1: the last 60 returns up to the session before; fewer than 20 say nothing, and the symbol is absent.
Rule 2: returns are close over close less one, and their deviation is the sample's (divided by n - 1).
Rule 3: over several sessions without a close the expected move grows with the square root of their number:
    the returns are taken as independent.

Source: J. Hull, Options, Futures, and Other Derivatives, on estimating volatility from historical data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from core.ids import Symbol
from core.market.calendar import next_session
from core.market.closes import closes
from core.market.instruments import listings
from core.money import to_cents

RETURNS: Final = 60
FEWEST: Final = 20
STEP: Final = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Volatility:
    """`daily` is the standard deviation of a session's return, a fraction; `expected` is the same for all
    sessions since the close that it is measured from."""

    close: Decimal
    daily: Decimal
    expected: Decimal


@lru_cache(maxsize=8)
def volatilities(session: date) -> Mapping[Symbol, Volatility]:
    """Of every listed instrument with a series, as of the closes before `session`."""
    book = closes()
    known = {*book.symbols()}
    found = {}
    for symbol in (row.symbol for row in listings() if row.symbol in known):
        series = [(day, close) for day, close in book.series(symbol, until=session) if day < session]
        if len(series) <= FEWEST:
            continue
        day, close = series[-1]
        daily = deviation([price for _, price in series[-RETURNS - 1 :]])
        expected = (daily * Decimal(_sessions(day, session)).sqrt()).quantize(STEP)
        found[symbol] = Volatility(close=to_cents(close), daily=daily, expected=expected)
    return MappingProxyType(found)


def deviation(prices: Sequence[Decimal]) -> Decimal:
    """The sample standard deviation of the returns between these prices, at eight decimals."""
    returns = [after / before - 1 for before, after in pairwise(prices)]
    mean = sum(returns, Decimal(0)) / len(returns)
    squares = sum(((one - mean) ** 2 for one in returns), Decimal(0))
    return (squares / (len(returns) - 1)).sqrt().quantize(STEP)


def _sessions(since: date, until: date) -> int:
    """Sessions after `since`, up to and including `until`; at least one."""
    count, day = 1, next_session(since)
    while day < until:
        count, day = count + 1, next_session(day)
    return count
