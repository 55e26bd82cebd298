"""How soon a halt is answered under load, and when the last send began: `figure` is that, after it.

Rule 1: a real venue process takes the orders, a real halt file and a real line stop them; the record is in
    memory, so that sends come as fast as the venue lets them, as while the database is down.
Rule 2: whoever halts is a thread of the process that sends: the answer bears its load.
Rule 3: a send begins when the venue's adapter is called. At or below zero: none began after the answer, which
    waits for those that had begun.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import structlog

from core.clock import WallClock
from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained
from core.execution.lease import Alone
from core.execution.line import PATIENCE
from core.execution.working import Working
from core.fact import Entry, Fact
from core.halts.beside import Beside, Stopped
from core.halts.channel import listening
from core.halts.file import Halt, HaltFile, fresh_halt_id
from core.halts.scope import EVERYTHING
from core.halts.watch import Watch
from core.ids import (
    AccountId,
    CustodianId,
    Digest,
    OrderId,
    ProposalId,
    Symbol,
    TraceId,
    VenueName,
    order_id_for,
)
from core.ledger.envelope import Recorded
from core.orders.events import OrderType, Side, TimeInForce
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from core.settings import environment
from core.venues.http import HttpVenue
from core.venues.venue import Sending
from evals.bench.decided import recorded
from evals.bench.harness import Bench, Round
from evals.unreleased import as_if_released

VENUE: Final = VenueName("ARCADIA")
ORDERS: Final = 400
BEFORE: Final = 150  # sends that have begun when somebody halts
AFTER: Final = timedelta(seconds=1)  # for how long it is watched that none begins
FULL: Final = timedelta(milliseconds=1)


class Timed(HttpVenue):
    """The product's own adapter, and when each send began."""

    def __init__(self, port: int, *, key: str) -> None:
        super().__init__(VENUE, f"http://127.0.0.1:{port}", key=key)
        self.begun_ns: list[int] = []

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        self.begun_ns.append(WallClock().monotonic_ns())
        return await super().send(order, body, timeout=timeout)


class InMemory:
    """A record that is away from no database, of orders that people decided on."""

    def __init__(self, orders: Iterable[ReleasedOrder]) -> None:
        self._decided = {order.id: order for order in orders}
        self._facts: defaultdict[OrderId, list[Fact]] = defaultdict(list)

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        for entry in entries:
            self._facts[OrderId(entry.stream.removeprefix("order/"))].append(entry.fact)
        return tuple(Recorded(1, duplicate=False) for _ in entries)

    async def of(self, order: OrderId, _: ProposalId) -> Sequence[Chained]:
        return recorded(self._decided[order], self._facts[order])


class HaltBench:
    """Its venue starts when it is made; `close` ends it."""

    name = "halt"
    unit = "ms after the answer"
    event_bytes = None
    server_settings: Mapping[str, str] = {}

    def __init__(self, *, orders: int = ORDERS, before: int = BEFORE) -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        self._orders, self._before = orders, before
        self._folder = Path(tempfile.mkdtemp(prefix="gh-halt-"))
        self._key = secrets.token_urlsafe(24)
        words = ["venue", "serve", "--name", VENUE, "--port", "0", "--pace-ms", "0", "--seed", "7"]
        self._venue = subprocess.Popen(
            [sys.executable, "-m", "ui.cli", *words, "--ledger", str(self._folder / "ledger.jsonl")],
            env={**environment(), f"GATEHOUSE_VENUE_KEY_{VENUE}": self._key},
            stdout=subprocess.PIPE,
        )
        said = self._venue.stdout.readline() if self._venue.stdout is not None else b""
        self._port = json.loads(said)["port"]

    def subject(self) -> Round:
        return asyncio.run(self._round())

    def baseline(self) -> None:
        return None

    def close(self) -> None:
        self._venue.kill()
        self._venue.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _round(self) -> Round:
        clock, key = WallClock(), secrets.token_bytes(32)
        folder = self._folder / secrets.token_hex(4)
        file = HaltFile(folder, key, clock)
        file.make(())
        watch = Watch(file)
        venue = Timed(self._port, key=self._key)
        async with venue:
            orders = [_order(number) for number in range(self._orders)]
            record = InMemory(orders)
            executor = Executor(
                record=record,
                venues=[venue],
                terms_of=lambda _: Terms(frozenset({VENUE}), Decimal(0)),
                find=_nowhere,
                record_of=record.of,
                rules_of=always(BUILT_IN),
                patience=PATIENCE,
                stops=watch,
                hold=Alone(),
            )
            with listening(folder, key, clock, watch, executor.open_orders):
                await executor.start([])
                running = asyncio.create_task(executor.run())
                for order in orders:
                    executor.take(order)
                while len(venue.begun_ns) < self._before:
                    await asyncio.sleep(FULL.total_seconds())
                said, asked_ns, answered_ns = await asyncio.to_thread(_stopped, folder, key)
                await asyncio.sleep(AFTER.total_seconds())
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        begun = venue.begun_ns
        detail = {
            "sends_before_the_answer": sum(at <= answered_ns for at in begun),
            "sends_after_the_answer": sum(at > answered_ns for at in begun),
            "sends_that_had_begun_unanswered": said.on_the_way,
            "orders_that_waited": self._orders - len(begun),
            "workers": said.workers,
            "limit_ms": 100,
        }
        return Round((max(begun) - answered_ns) / 1e6, [(answered_ns - asked_ns) / 1e6], detail)


def _stopped(folder: Path, key: bytes) -> tuple[Stopped, int, int]:
    """The answer, and when it was asked for and came."""
    clock = WallClock()
    asked_ns = clock.monotonic_ns()
    halt = Halt(fresh_halt_id(), EVERYTHING, clock.now(), "machine")
    said = asyncio.run(Beside(folder, key, clock).stop(halt))
    return said, asked_ns, clock.monotonic_ns()


async def _nowhere(_: OrderId) -> Working | None:
    return None


def _order(number: int) -> ReleasedOrder:
    """As a released one is, without a release: only the journal's own reader makes those."""
    name = f"{secrets.token_hex(4)}-{number}"
    return as_if_released(
        {
            "id": order_id_for(ProposalId(f"prp-{name}"), 0),
            "proposal": ProposalId(f"prp-{name}"),
            "leg": 0,
            "digest": Digest("0" * 64),
            "trace": TraceId(f"{number:032x}"),
            "account": AccountId("acc-1"),
            "custodian": CustodianId("cst-1"),
            "symbol": Symbol("AAPL"),
            "side": Side.BUY,
            "quantity": Decimal(1),
            "order_type": OrderType.LIMIT,
            "limit_price": Decimal("150.00"),
            "time_in_force": TimeInForce.DAY,
            "scopes": frozenset({"all", "account:acc-1", "symbol:AAPL"}),
        }
    )


def bench() -> Bench:
    return HaltBench()
