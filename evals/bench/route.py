"""How long it takes to choose a venue for one order among six, with every record of the choice made.

Rule 1: subject is the product's own way from the views to the bytes that go into the journal: filters, costs,
    scores, reasons, a waiting set that decides beside, the evidence, and both payloads.
Rule 2: baseline is the plainest choice on the same views: the lowest price and fee, and no word about it.
Rule 3: `p50_ms` to `p99_ms` are of the wall. `detail` has the processor's time of a routing, which says what
    a quiet machine could do: on a busy one the wall measures the others.
Rule 4: venues, quotes and orders are drawn from one seed; no two orders in a row are alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import process_time_ns
from typing import Any, Final

from core.clock import WallClock
from core.execution import entries
from core.ids import (
    AccountId,
    CustodianId,
    Digest,
    ProposalId,
    Symbol,
    TraceId,
    VenueName,
    order_id_for,
)
from core.ledger.envelope import payload_of
from core.orders.events import OrderType, Side, TimeInForce
from core.orders.released import ReleasedOrder
from core.routing.router import Grounds, VenueView, route
from core.routing.rules import BUILT_IN, InForce
from core.routing.tally import Quality, Seen
from core.venues.fees import FeeSchedule
from core.venues.venue import EVEN, Capabilities, Quote
from evals.bench.harness import Bench, Round, percentile
from evals.unreleased import as_if_released

VENUES: Final = tuple(
    VenueName(name) for name in ("ARCADIA", "BOREAL", "CORTLAND", "DELMAR", "EASTON", "FULTON")
)
SYMBOL: Final = Symbol("AAPL")
ROUTINGS: Final = 2_000  # of one round
BOARDS: Final = 64  # states of the market, drawn once
SEED: Final = 42
AT: Final = datetime(2022, 12, 29, 15, tzinfo=UTC)
GROUNDS: Final = Grounds(frozenset(VENUES), frozenset(), Decimal("4.95"))


class RouteBench:
    """Pure and in memory; nothing to close."""

    name = "route"
    unit = "routings/s"
    server_settings: Mapping[str, str] = {}

    def __init__(self, *, routings: int = ROUTINGS) -> None:
        self._clock = WallClock()
        self._routings = routings
        draw = random.Random(SEED)  # noqa: S311 - a market, not a secret
        self._boards = [tuple(_view(name, draw) for name in VENUES) for _ in range(BOARDS)]
        self._orders = [_order(n, draw) for n in range(routings)]
        waiting = replace(BUILT_IN.weights, latency_bps=Decimal(9), failure_bps=Decimal(50))
        self._rules = InForce(
            BUILT_IN, replace(BUILT_IN, version=1, digest=Digest("1" * 64), weights=waiting)
        )
        self.event_bytes: int | None = None

    def subject(self) -> Round:
        calls_ms: list[float] = []
        cpu_us: list[float] = []
        written, places = 0, set()
        begun = self._clock.monotonic_ns()
        for order, board in self._asked():
            since, cpu = self._clock.monotonic_ns(), process_time_ns()
            venue, size = self._routed(order, board)
            cpu_us.append((process_time_ns() - cpu) / 1e3)
            calls_ms.append((self._clock.monotonic_ns() - since) / 1e6)
            written += size
            places.add(venue)
        took_s = (self._clock.monotonic_ns() - begun) / 1e9
        if len(places) < 2:
            raise AssertionError("one venue wins everything: this measures no choice")
        self.event_bytes = written // self._routings
        return Round(self._routings / took_s, calls_ms, self._detail(cpu_us))

    def baseline(self) -> Round:
        begun = self._clock.monotonic_ns()
        for order, board in self._asked():
            _plainest(order, board)
        return Round(self._routings / ((self._clock.monotonic_ns() - begun) / 1e9))

    def close(self) -> None:
        self._boards.clear()

    def _asked(self) -> Iterator[tuple[ReleasedOrder, Sequence[VenueView]]]:
        return ((order, self._boards[n % BOARDS]) for n, order in enumerate(self._orders))

    def _routed(self, order: ReleasedOrder, board: Sequence[VenueView]) -> tuple[VenueName, int]:
        """The venue, and the letters of what is written of the choice."""
        routing = route(order, board, GROUNDS, self._rules)
        if routing.venue is None:
            raise AssertionError("an order found no venue")
        made = (
            entries.routed(order, routing.venue, routing.scores, choice=1),
            *entries.route_recorded(order, routing, choice=1),
        )
        return routing.venue, sum(len(payload_of(entry)) for entry in made)

    def _detail(self, cpu_us: list[float]) -> Mapping[str, Any]:
        in_order = sorted(cpu_us)
        return {
            "venues": len(VENUES),
            "records": "OrderRouted and RouteRecorded, as payloads of the journal",
            "baseline": "the lowest price and fee, and nothing written",
            "cpu_us": {f"p{percent}": percentile(in_order, percent) for percent in (50, 95, 99)},
        }


def bench() -> Bench:
    return RouteBench()


def _plainest(order: ReleasedOrder, board: Sequence[VenueView]) -> VenueName:
    def price(view: VenueView) -> Decimal:
        if view.quote is None:
            raise AssertionError("every venue of this bench quotes")
        each = view.quote.ask if order.side is Side.BUY else -view.quote.bid
        return each + view.capabilities.fees.taker_per_share

    return min(board, key=price).name


def _view(name: VenueName, draw: random.Random) -> VenueView:
    middle, half = draw.randint(9_998, 10_002), draw.randint(1, 4)
    sends = draw.randint(50, 5_000)

    def part(most: int) -> Decimal:
        return Decimal(draw.randint(0, most * 1_000)) / 1_000

    def quality() -> Quality:
        executions, taken = part(200), part(200)
        return Quality(executions, executions * part(1), taken, taken * part(1), Decimal(0), Decimal(0))

    return VenueView(
        name=name,
        capabilities=Capabilities(
            symbols=frozenset({SYMBOL}),
            order_types=frozenset(OrderType),
            times_in_force=frozenset(TimeInForce),
            fractional_shares=True,
            cancels=True,
            replaces=False,
            per_second=None,
            weights=EVEN,
            fees=FeeSchedule(1, part(1) / 200, part(1) / 500, Decimal(0), Decimal(0)),
            latency=timedelta(milliseconds=draw.randint(1, 200)),
            simulated=True,
        ),
        quote=Quote(
            venue=name,
            symbol=SYMBOL,
            bid=Decimal(middle - half) / 100,
            ask=Decimal(middle + half) / 100,
            bid_size=Decimal(draw.randint(100, 5_000)),
            ask_size=Decimal(draw.randint(100, 5_000)),
            last=Decimal(100),
            session=date(2022, 12, 29),
            taken_at=AT,
            synthetic=True,
        ),
        open=True,
        answering=True,
        seen=Seen(sends, sends - draw.randint(0, 40), draw.randint(0, 80)),
        here=quality(),
        overall=quality(),
    )


def _order(number: int, draw: random.Random) -> ReleasedOrder:
    """As a release would have made it. Nothing of it leaves this process; no venue is there to take it."""
    proposal = ProposalId(f"pro-{number}")
    limited = draw.random() < 0.5
    return as_if_released(
        {
            "id": order_id_for(proposal, 0),
            "proposal": proposal,
            "leg": 0,
            "digest": Digest("0" * 64),
            "trace": TraceId("0" * 32),
            "account": AccountId("acc-1001"),
            "custodian": CustodianId("cus-1"),
            "symbol": SYMBOL,
            "side": draw.choice(tuple(Side)),
            "quantity": Decimal(draw.randint(1, 2_000)),
            "order_type": OrderType.LIMIT if limited else OrderType.MARKET,
            "limit_price": Decimal(draw.randint(9_980, 10_020)) / 100 if limited else None,
            "time_in_force": TimeInForce.DAY,
            "scopes": frozenset({"all"}),
        }
    )
