"""The prices that a plan is good for, and whether there is a price to start from.

Rule 1: a band's edges are on the instrument's tick and never outside the firm's width.
Rule 2: no price, or one older than the previous session, is no price: nothing is planned on it.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from core.book.picture import Market
from core.errors import BadInput
from core.ids import Symbol
from core.money import tidy


class Band(NamedTuple):
    """Dollars per share; both edges are inside."""

    low: Decimal
    high: Decimal


def band(*, reference: Decimal, tick: Decimal, width: Decimal) -> Band:
    """The prices within `width`, a fraction, of the reference.

    Raises:
        BadInput: no price on the tick lies within it.
    """
    low = (reference * (1 - width) / tick).to_integral_value(ROUND_CEILING) * tick
    high = (reference * (1 + width) / tick).to_integral_value(ROUND_FLOOR) * tick
    if low > high or low <= 0:
        raise BadInput(
            f"no price on a tick of {tick} lies within {width} of {reference}",
            fix="trade it by hand, or list it with a finer tick",
            field="symbol",
        )
    return Band(low=tidy(low), high=tidy(high))


def unusable_price(symbol: Symbol, market: Market) -> str | None:
    """Why nothing can be planned on this symbol's price; None where it can."""
    price = market.prices.get(symbol)
    if price is None:
        return f"there is no price for {symbol}"
    if price.session < market.previous_session:
        return f"the price of {symbol} is of {price.session}, older than the previous session"
    return None
