"""Which venue gets the order: filter first, then rank by total cost, and say why the others lost. Pure.

Rule 1: a venue that fails a filter is never ranked, however cheap it is.
Rule 2: same inputs, same answer: equal totals go to the quicker venue, then to the first name.
Rule 3: no venue left is an answer. The order then waits; it never goes to a venue that was filtered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.ids import VenueName
from core.money import to_cents
from core.orders.events import RouteScore, Side
from core.orders.released import ReleasedOrder
from core.routing.score import Cost, VenueView, Weights, cost, middle
from core.venues.fees import BASIS_POINT

_HUNDREDTH: Final = Decimal("0.01")
_WORDS: Final = {
    "price": "price",
    "slippage": "slippage",
    "fees": "fees",
    "improvement": "price improvement",
    "latency": "speed",
    "failures": "failures",
    "load": "load",
}


@dataclass(frozen=True, slots=True)
class Routing:
    """`venue` None: no venue may have it now. `scores` has every venue, the best first."""

    venue: VenueName | None
    scores: tuple[RouteScore, ...]


@dataclass(frozen=True, slots=True)
class _Ranked:
    view: VenueView
    cost: Cost


def route(
    order: ReleasedOrder,
    views: Sequence[VenueView],
    *,
    permitted: Collection[VenueName],
    stopped: Collection[VenueName],
    ticket_fee: Decimal,
    weights: Weights,
) -> Routing:
    """Choose a venue. `permitted` are those that the account's custodian settles with; at those in `stopped`
    trading is halted."""
    out = {
        view.name: why_not(order, view, permitted=permitted, stopped=stopped, weights=weights)
        for view in views
    }
    quotes = [view.quote for view in views if view.quote is not None and view.open]
    ranked: list[_Ranked] = []
    for view in views:
        if out[view.name] is None and view.quote is not None:
            found = cost(order, view, view.quote, fair=middle(quotes), ticket_fee=ticket_fee, weights=weights)
            ranked.append(_Ranked(view, found))
    ranked.sort(key=lambda one: (one.cost.total, one.view.capabilities.latency, one.view.name))
    scores = [_scored(order, one, ranked[0], quotes_middle=middle(quotes)) for one in ranked]
    for name in sorted(out):
        reason = out[name]
        if reason is not None:
            scores.append(RouteScore(venue=name, score=None, expected_cost=None, says=reason))
    return Routing(ranked[0].view.name if ranked else None, tuple(scores))


def why_not(
    order: ReleasedOrder,
    view: VenueView,
    *,
    permitted: Collection[VenueName],
    stopped: Collection[VenueName],
    weights: Weights,
) -> str | None:
    """Why the venue may not have the order at all; None where it may."""
    can = view.capabilities
    if view.name in stopped:
        return "trading is stopped at it"
    if view.name not in permitted:
        return f"the custodian {order.custodian} does not settle with it"
    if order.symbol not in can.symbols:
        return f"it does not list {order.symbol}"
    if order.order_type not in can.order_types:
        return f"it takes no {order.order_type} orders"
    if order.time_in_force not in can.times_in_force:
        return f"it does not take time in force {order.time_in_force}"
    if order.quantity % 1 and not can.fractional_shares:
        return "it takes no fractional shares"
    if not view.answering:
        return "it is not answering"
    if not view.open:
        return "it is closed"
    if view.quote is None:
        return f"it quotes no price for {order.symbol}"
    shown = view.quote.ask_size if order.side is Side.BUY else view.quote.bid_size
    if order.quantity > shown * weights.most_of_size:
        return f"it shows {shown} shares, too few for {order.quantity}"
    return None


def _scored(order: ReleasedOrder, one: _Ranked, best: _Ranked, *, quotes_middle: Decimal) -> RouteScore:
    value = order.quantity * quotes_middle
    return RouteScore(
        venue=one.view.name,
        score=(-one.cost.total / value / BASIS_POINT).quantize(_HUNDREDTH),
        expected_cost=to_cents(one.cost.expected),
        says=_says(one.cost, best.cost) if one is not best else _won(one.cost),
    )


def _won(found: Cost) -> str:
    return f"lowest total cost: ${to_cents(found.expected)} expected"


def _says(found: Cost, best: Cost) -> str:
    """By how much it lost, and the parts that made the difference, the largest first."""
    more = {name: getattr(found, name) - getattr(best, name) for name in _WORDS}
    worse = sorted((name for name in more if to_cents(more[name]) > 0), key=lambda name: (-more[name], name))
    parts = ", ".join(f"{_WORDS[name]} ${to_cents(more[name])} more" for name in worse)
    total = found.total - best.total
    if not total:
        return "equal in total cost, and slower or later by name"
    return f"${to_cents(total)} worse in total" + (f": {parts}" if parts else "")
