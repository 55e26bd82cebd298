"""Venues, orders and rules to arrange routings in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from core.ids import OrderId, Symbol, VenueName
from core.orders.events import OrderType, Side, TimeInForce
from core.orders.released import ReleasedOrder
from core.routing.router import Grounds, Routing, VenueView, route
from core.routing.rules import BUILT_IN, InForce, Rules
from core.routing.tally import NOTHING, UNSEEN, Quality, Seen
from core.venues.fees import FeeSchedule
from core.venues.venue import EVEN, Capabilities, Quote
from tests.fixtures.venues import released

NAMES: Final = tuple(VenueName(name) for name in ("ARCADIA", "BOREAL", "CORTLAND"))
AAPL: Final = Symbol("AAPL")
AT: Final = datetime(2022, 12, 29, 15, tzinfo=UTC)
DAY: Final = date(2022, 12, 29)


def fees(taker: str = "0.0030", maker: str = "0.0010", bps: str = "0") -> FeeSchedule:
    return FeeSchedule(1, Decimal(taker), Decimal(maker), Decimal(bps), Decimal(bps))


def quote(name: str, bid: str = "99.99", ask: str = "100.01", size: str = "1000") -> Quote:
    return Quote(
        venue=VenueName(name),
        symbol=AAPL,
        bid=Decimal(bid),
        ask=Decimal(ask),
        bid_size=Decimal(size),
        ask_size=Decimal(size),
        last=Decimal(100),
        session=DAY,
        taken_at=AT,
        synthetic=True,
    )


def view(
    name: str,
    *,
    bid: str = "99.99",
    ask: str = "100.01",
    size: str = "1000",
    schedule: FeeSchedule | None = None,
    latency_ms: int = 10,
    fractions: bool = False,
    seen: Seen = UNSEEN,
    here: Quality = NOTHING,
    overall: Quality = NOTHING,
) -> VenueView:
    can = Capabilities(
        symbols=frozenset({AAPL}),
        order_types=frozenset(OrderType),
        times_in_force=frozenset(TimeInForce),
        fractional_shares=fractions,
        cancels=True,
        replaces=False,
        per_second=None,
        weights=EVEN,
        fees=schedule or fees(),
        latency=timedelta(milliseconds=latency_ms),
        simulated=True,
    )
    return VenueView(
        VenueName(name),
        can,
        quote(name, bid, ask, size),
        open=True,
        answering=True,
        seen=seen,
        here=here,
        overall=overall,
    )


def order(quantity: str = "100", *, limit: str | None = None, side: Side = Side.BUY) -> ReleasedOrder:
    return replace(released(quantity=quantity, limit=limit), side=side)


def routing(
    views: Sequence[VenueView],
    of: ReleasedOrder | None = None,
    *,
    rules: Rules = BUILT_IN,
    waiting: Rules | None = None,
    permitted: Iterable[VenueName] = NAMES,
    stopped: Iterable[VenueName] = (),
    ticket_fee: str = "0",
) -> Routing:
    grounds = Grounds(frozenset(permitted), frozenset(stopped), Decimal(ticket_fee))
    return route(of or order(), views, grounds, InForce(rules, waiting))


def record_of_choice(order_id: str, symbol: str, venue: str, *, choice: int = 1) -> dict[str, Any]:
    """The payload that says why an order goes to that venue: the only one that showed a quote."""
    of = replace(order(), id=OrderId(order_id), symbol=Symbol(symbol))
    seen = view(venue)
    can = replace(seen.capabilities, symbols=frozenset({of.symbol}))
    quoted = replace(quote(venue), symbol=of.symbol)
    only = replace(seen, capabilities=can, quote=quoted)
    found = routing([only], of, permitted=[only.name]).evidence
    assert found is not None
    return {
        "order": order_id,
        "venue": venue,
        "choice": choice,
        "version": found.version,
        "routing": found.rules,
        "evidence": found.text(),
    }
