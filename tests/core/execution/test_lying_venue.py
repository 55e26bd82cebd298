"""A venue that lies: what contradicts the order is not booked, what cannot be read is asked for again, and
whatever it says, the worker goes on with everybody else's orders.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest

from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained
from core.execution.lease import Alone
from core.execution.working import Working
from core.ids import OrderId, ProposalId, VenueName
from core.orders.events import OrderCancelled, OrderFilled
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from core.venues.http import HttpVenue
from evals.bench.decided import recorded
from tests.core.execution.steps import IMPATIENT, FileRecord
from tests.fixtures.halts import watching
from tests.fixtures.venues import released

NAME: Final = VenueName("LIAR")
AT: Final = "2022-12-29T15:00:00.000000+00:00"
DAY: Final = "2022-12-29"
CAPABILITIES: Final = {
    "symbols": ["AAPL"],
    "order_types": ["market", "limit"],
    "times_in_force": ["day"],
    "fractional_shares": False,
    "cancels": True,
    "replaces": False,
    "per_second": None,
    "weights": None,
    "fees": {
        "version": 1,
        "taker_per_share": "0.003",
        "maker_per_share": "0",
        "taker_bps": "0",
        "maker_bps": "0",
    },
    "latency_ms": 1,
    "simulated": True,
}
QUOTE: Final = {
    "symbol": "AAPL",
    "bid": "125.60",
    "ask": "125.70",
    "bid_size": "500",
    "ask_size": "500",
    "last": "125.67",
    "session": DAY,
    "taken_at": AT,
    "synthetic": True,
}


class Liar:
    """Accepts every order over HTTP, and reports what it is told to, once and one by one."""

    def __init__(self) -> None:
        self.reports: list[Any] = []
        self.quote: Mapping[str, Any] = QUOTE
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(liar.answer(self.path))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self._say({"answer": "accepted", "venue_order": "v-1"})

            def _say(self, answer: Mapping[str, Any]) -> None:
                body = json.dumps({"venue": NAME, **answer}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> Mapping[str, Any]:
        match path.partition("?")[0]:
            case "/capabilities":
                return CAPABILITIES
            case "/health":
                return {"open": True, "session": DAY, "simulated": True}
            case "/quotes":
                return {"quotes": [self.quote]}
            case "/reports/newest":
                return {"cursor": "0"}
            case "/reports":
                told, self.reports = self.reports[:1], self.reports[1:]
                return {"reports": told, "cursor": "1"}
        return {"answer": "not_known"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def liar() -> Iterator[Liar]:
    found = Liar()
    yield found
    found.close()


def execution(
    of: ReleasedOrder, number: int = 1, changed: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    return {
        "report": "execution",
        "execution": f"x-{number}",
        "order": of.id,
        "quantity": "30",
        "price": "125.70",
        "fee": "0.09",
        "liquidity": "taker",
        "executed_at": AT,
        "trade_date": DAY,
        **changed,
    }


def cancelled(order: ReleasedOrder, executed: str) -> dict[str, Any]:
    said = {"how": "cancelled", "executed": executed, "at": AT, "session": DAY}
    return {"report": "ended", "order": order.id, **said}


class Day:
    """One worker's executor, that one venue, and a record."""

    def __init__(self, liar: Liar, client: HttpVenue, record: Path) -> None:
        self.liar = liar
        self.record = FileRecord(record)

        async def find(order: OrderId) -> Working | None:
            return None

        self.orders: dict[OrderId, ReleasedOrder] = {}

        async def record_of(order: OrderId, _: ProposalId) -> Sequence[Chained]:
            return recorded(self.orders[order], self.record.of(order))

        self.executor = Executor(
            record=self.record,
            venues=[client],
            terms_of=lambda _: Terms(frozenset({NAME}), Decimal(0)),
            find=find,
            record_of=record_of,
            rules_of=always(BUILT_IN),
            patience=IMPATIENT,
            stops=watching(record.with_suffix(".halts")),
            hold=Alone(),
        )

    async def run(self, lies: Sequence[Any], order: ReleasedOrder) -> None:
        """Execute the order, tell the lies, and then have an honest order filled: the worker went on."""
        await self.executor.start([])
        working = asyncio.create_task(self.executor.run())
        try:
            await self._accepted(order, working)
            self.liar.reports = list(lies)
            while self.liar.reports:
                await self._look(working)
            honest = released()
            await self._accepted(honest, working)
            self.liar.reports = [execution(honest, 99)]
            while not self.fills(honest):
                await self._look(working)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _accepted(self, order: ReleasedOrder, working: asyncio.Task[None]) -> None:
        self.orders[order.id] = order
        self.executor.take(order)
        while not any(fact.event_type() == "OrderAccepted" for fact in self.record.of(order.id)):
            await self._look(working)

    async def _look(self, working: asyncio.Task[None]) -> None:
        assert not working.done(), working.exception()
        await asyncio.sleep(0.01)

    def fills(self, order: ReleasedOrder) -> list[OrderFilled]:
        return [fact for fact in self.record.of(order.id) if isinstance(fact, OrderFilled)]


async def told(liar: Liar, tmp_path: Path, order: ReleasedOrder, *lies: Any) -> Day:
    async with asyncio.timeout(20), HttpVenue(NAME, liar.url, key="k") as client:
        day = Day(liar, client, tmp_path / "record")
        await day.run(lies, order)
        return day


CONTRADICTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "more than was asked": {"quantity": "31"},
    "beyond the limit": {"price": "150.01"},
    "a fee that no venue may take": {"fee": "99.00"},
}


@pytest.mark.anyio
@pytest.mark.parametrize("lie", CONTRADICTIONS)
async def test_an_execution_that_contradicts_the_order_is_not_booked(
    liar: Liar, tmp_path: Path, lie: str
) -> None:
    order = released(limit="150.00")
    day = await told(liar, tmp_path, order, execution(order, 1, CONTRADICTIONS[lie]))
    assert day.fills(order) == []
    assert order.id in day.executor.troubles


@pytest.mark.anyio
async def test_what_was_good_before_the_lie_stays_booked(liar: Liar, tmp_path: Path) -> None:
    order = released()
    first = execution(order, 1, {"quantity": "20"})
    day = await told(liar, tmp_path, order, first, first, execution(order, 2, {"quantity": "11"}))
    assert [fill.execution for fill in day.fills(order)] == ["x-1"]
    assert order.id in day.executor.troubles


@pytest.mark.anyio
async def test_a_fill_after_the_end_counts_and_one_beyond_the_order_does_not(
    liar: Liar, tmp_path: Path
) -> None:
    order = released()
    lies = [
        cancelled(order, "0"),
        execution(order, 1, {"quantity": "10"}),
        execution(order, 2, {"quantity": "21"}),
    ]
    day = await told(liar, tmp_path, order, *lies)
    assert [fill.quantity for fill in day.fills(order)] == [Decimal(10)]
    assert any(isinstance(fact, OrderCancelled) for fact in day.record.of(order.id))


@pytest.mark.anyio
async def test_an_order_that_was_never_released_is_named_and_nothing_is_written(
    liar: Liar, tmp_path: Path
) -> None:
    order, stranger = released(), released()
    day = await told(liar, tmp_path, order, execution(stranger))
    assert day.record.of(stranger.id) == []
    assert "never released here" in day.executor.troubles[stranger.id]


NONSENSE: Final[tuple[Mapping[str, Any], ...]] = (
    {"execution": "x\x00"},
    {"execution": "\ud800"},
    {"execution": "x" * 500},
    {"order": "gh-\x00"},
    {"quantity": "1E+999999999"},
    {"price": "1E-999999999"},
    {"fee": "-1"},
    {"fee": "NaN"},
    {"quantity": 30},
    {"trade_date": "9999-12-31"},
    {"trade_date": "0001-01-01"},
    {"executed_at": "9999-12-31T23:59:59-23:59"},
    {"executed_at": "yesterday"},
    {"liquidity": "none"},
)


@pytest.mark.anyio
@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda nonsense: str(nonsense)[:40])
async def test_a_report_that_cannot_be_read_stops_nobody(
    liar: Liar, tmp_path: Path, nonsense: Mapping[str, Any]
) -> None:
    order = released()
    day = await told(liar, tmp_path, order, execution(order, 1, nonsense))
    assert day.fills(order) == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "lie",
    [
        {"bid": "1E+999999"},
        {"taken_at": "9999-12-31T23:59:59-23:59"},
        {"symbol": "A\x00"},
        {"symbol": "VTSAX"},
        {"bid": "126.00"},
        {"session": "9999-12-31"},
    ],
    ids=str,
)
async def test_a_quote_that_cannot_be_is_no_quote(liar: Liar, lie: Mapping[str, Any]) -> None:
    liar.quote = {**QUOTE, **lie}
    async with HttpVenue(NAME, liar.url, key="k") as client:
        day = Day(liar, client, Path("/nowhere"))
        order = released()
        assert await day.executor.board.quotes([order.symbol]) == ()
