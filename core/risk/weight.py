"""What a proposal adds to everything of one kind, and whether the whole then weighs too much.

Rule 1: weights are after all legs, at market prices, over the value before them.
Rule 2: a purchase alone adds weight; a sale is never denied for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from core.book.picture import Instrument, Market
from core.orders.content import Leg
from core.orders.events import Side
from core.risk.intent import Intent
from core.risk.measure import NONE, at_most_of
from core.risk.policy import Breach, Severity
from core.risk.standing import FUND_KINDS


def traded(intent: Intent, legs: Sequence[Leg], same: Callable[[Instrument], bool]) -> Decimal:
    """Dollars that these legs add to what is the same; below zero where they take away."""
    if len(legs) == 1:
        price = intent.price
        return intent.leg.quantity * price if price is not None else NONE
    return sum((_signed(leg, intent.market) for leg in legs if _is(leg, intent.market, same)), NONE)


def weight_breach(
    code: str, *, before: Decimal, after: Decimal, total: Decimal, limit: Decimal, what: str, whole: str
) -> Breach | None:
    """Dollars before and after, over `total`, against `limit`, a fraction."""
    if after <= limit * total:
        return None
    weight = after / total * 100 if total > NONE else Decimal(100)
    return at_most_of(
        code,
        Severity.SOFT,
        whole=total,
        before=before,
        observed=after,
        limit=limit,
        unit=f"fraction of the {whole}",
        says=f"{what} would be {weight:.2f} % of the {whole}; the limit is {limit * 100:.2f} %",
    )


def _is(leg: Leg, market: Market, same: Callable[[Instrument], bool]) -> bool:
    instrument = market.instruments.get(leg.symbol)
    return instrument is not None and instrument.kind not in FUND_KINDS and same(instrument)


def _signed(leg: Leg, market: Market) -> Decimal:
    price = market.prices.get(leg.symbol)
    if price is None:
        return NONE
    dollars = leg.quantity * price.price
    return dollars if leg.side is Side.BUY else -dollars
