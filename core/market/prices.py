"""The price of each instrument at the close of a session, with its source and time.

Rule 1: dollars and cents, half to even: closes are given to a thousandth, orders to a cent.
Rule 2: an instrument without a close on that session has no price here; nothing is carried forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.errors import NotFound
from core.ids import Symbol
from core.market import synthetic
from core.market.calendar import session_close
from core.market.closes import REAL_SOURCE, closes
from core.market.instruments import listings
from core.money import to_cents


@dataclass(frozen=True, slots=True)
class ClosingPrice:
    """Dollars per share (per unit, for what is not traded)."""

    symbol: Symbol
    price: Decimal
    session: date
    source: str
    taken_at: datetime


def closing_price(symbol: Symbol, session: date) -> ClosingPrice:
    """The price of `symbol` at the close of `session`.

    Raises:
        NotFound: no such instrument, or no close on that session.
        BadInput: `session` is not a trading session.
    """
    taken_at = session_close(session)
    if symbol in synthetic.FIXED_PRICES:
        price = synthetic.FIXED_PRICES[symbol]
        return ClosingPrice(symbol, price, session, synthetic.SOURCE, taken_at)
    source = synthetic.SOURCE if symbol == synthetic.BOND_ETF else REAL_SOURCE
    return ClosingPrice(symbol, to_cents(closes().on(symbol, session)), session, source, taken_at)


def closing_prices(session: date) -> Mapping[Symbol, ClosingPrice]:
    """The price of every listed instrument that has one on `session`."""
    found = {}
    for row in listings():
        try:
            found[row.symbol] = closing_price(row.symbol, session)
        except NotFound:
            continue
    return found
