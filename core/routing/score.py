"""What an order is expected to cost at a venue, all in, in dollars. Pure.

Rule 1: the customer's total cost decides: price against the best quotes anywhere, fees by method, slippage
    against what is shown, the custodian's ticket fee, less the price improvement that we have seen.
Rule 2: speed, failures and load count as dollars too, by weights that are versioned and digested.
Rule 3: what a venue pays for our orders does not count. No input of this file could carry it.
Rule 4: what we have seen of a venue is shrunk toward nothing while it is little.
Source: FINRA Rule 5310(a)(1) and .09 (the factors of best execution).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Final

import rfc8785

from core.ids import Digest, VenueName
from core.orders.events import Side
from core.orders.released import ReleasedOrder
from core.venues.fees import BASIS_POINT, Liquidity
from core.venues.venue import Capabilities, Quote, plain

_ZERO: Final = Decimal(0)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What we have seen of a venue: sends and those that were answered at once, executions and their price
    improvement as fractions of the half spread, added up, and our orders that are open there now."""

    sends: int
    answered: int
    executions: int
    improvement: Decimal
    open_orders: int


UNSEEN: Final = Seen(sends=0, answered=0, executions=0, improvement=_ZERO, open_orders=0)


@dataclass(frozen=True, slots=True)
class VenueView:
    """One venue as it stands at the moment of routing. `answering`: we may send to it now."""

    name: VenueName
    capabilities: Capabilities
    quote: Quote | None
    open: bool
    answering: bool
    seen: Seen


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each thing counts.

    `latency_bps` is basis points of the order's value for a second, `failure_bps` for certain failure,
    `load_bps` for a hundred open orders. `trust_after` is the count at which what we have seen counts half.
    `most_of_size` is how many times the shown size an order may be.
    """

    version: int
    latency_bps: Decimal
    failure_bps: Decimal
    load_bps: Decimal
    trust_after: int
    most_of_size: int

    def digest(self) -> Digest:
        fields = {name: plain(v) if isinstance(v, Decimal) else v for name, v in asdict(self).items()}
        return Digest(sha256(rfc8785.dumps(fields)).hexdigest())


WEIGHTS: Final = Weights(
    version=1,
    latency_bps=Decimal("2"),
    failure_bps=Decimal("20"),
    load_bps=Decimal("0.5"),
    trust_after=20,
    most_of_size=40,
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars for the whole order. Negative saves money."""

    price: Decimal  # touch against the middle of the best quotes
    slippage: Decimal  # beyond the shown size
    fees: Decimal
    ticket: Decimal
    improvement: Decimal  # never above zero
    latency: Decimal
    failures: Decimal
    load: Decimal

    @property
    def expected(self) -> Decimal:
        """What the customer is expected to pay."""
        return self.price + self.slippage + self.fees + self.ticket + self.improvement

    @property
    def total(self) -> Decimal:
        """What is ranked: the expected cost, and what speed, failures and load are worth."""
        return self.expected + self.latency + self.failures + self.load


def middle(quotes: Sequence[Quote]) -> Decimal:
    """Between the best bid and the best offer of all venues, in dollars per share. `quotes` is not empty."""
    return (max(quote.bid for quote in quotes) + min(quote.ask for quote in quotes)) / 2


def cost(
    order: ReleasedOrder,
    view: VenueView,
    quote: Quote,
    *,
    fair: Decimal,
    ticket_fee: Decimal,
    weights: Weights,
) -> Cost:
    """What the order is expected to cost there. `fair` is the price that is measured against."""
    buys = order.side is Side.BUY
    touch, shown = (quote.ask, quote.ask_size) if buys else (quote.bid, quote.bid_size)
    takes = is_marketable(order, quote)
    price = touch if takes or order.limit_price is None else order.limit_price
    half_spread = (quote.ask - quote.bid) / 2
    value = order.quantity * fair
    seen = view.seen
    return Cost(
        price=order.quantity * ((price - fair) if buys else (fair - price)) if takes else _ZERO,
        slippage=order.quantity * half_spread * _beyond(order.quantity, shown) / 2 if takes else _ZERO,
        fees=view.capabilities.fees.expected(
            quantity=order.quantity, price=price, liquidity=Liquidity.TAKER if takes else Liquidity.MAKER
        ),
        ticket=ticket_fee,
        improvement=-order.quantity * half_spread * _shrunk(seen.improvement, seen.executions, weights)
        if takes
        else _ZERO,
        latency=value * BASIS_POINT * weights.latency_bps * _seconds(view.capabilities.latency),
        failures=value * BASIS_POINT * weights.failure_bps * failing(seen, weights),
        load=value * BASIS_POINT * weights.load_bps * seen.open_orders / 100,
    )


def is_marketable(order: ReleasedOrder, quote: Quote) -> bool:
    """Whether it would be done at once, and so pays as a taker."""
    if order.limit_price is None:
        return True
    return order.limit_price >= quote.ask if order.side is Side.BUY else order.limit_price <= quote.bid


def failing(seen: Seen, weights: Weights) -> Decimal:
    """The share of sends that we expect to go without an answer, from 0 to 1."""
    return _shrunk(Decimal(seen.sends - seen.answered), seen.sends, weights)


def _shrunk(total: Decimal, count: int, weights: Weights) -> Decimal:
    return max(total, _ZERO) / (count + weights.trust_after)


def _beyond(quantity: Decimal, shown: Decimal) -> Decimal:
    """How many further shown sizes the order takes."""
    return max(quantity / shown - 1, _ZERO) if shown else quantity


def _seconds(duration: timedelta) -> Decimal:
    return Decimal(duration // timedelta(microseconds=1)) / (_SECOND // timedelta(microseconds=1))
