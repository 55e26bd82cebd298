"""How many released orders a second come to their final fill in one process, without disk, sockets or
database.

Rule 1: the product's own execution does everything: it routes, proves the record's text, writes the
    intent, sends, and books acknowledgement and fill. Venues answer at once; the record keeps the
    journal's own texts and chain.
Rule 2: all orders are taken in one life, so what grows with them shows: `last_over_first` compares the
    last tenth's rate with the first tenth's.
Rule 3: the decisions on each order stand in the record before the clock starts: they are other processes'
    work.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import structlog
import uvloop

from core.clock import WallClock
from core.execution.execute import Executor, Terms
from core.execution.lease import Alone
from core.execution.line import Patience
from core.execution.working import Working
from core.halts.file import HaltFile
from core.halts.watch import Watch
from core.ids import OrderId, VenueName
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from evals.bench.harness import Bench, Round
from evals.bench.instant import InMemoryRecord, InstantVenue, order_of

ORDERS: Final = 100_000
TENTH: Final = 10
WARM_UP: Final = 2_000
AT_ONCE: Final = 512  # orders that have begun and not ended
NAMES: Final = ("ARCADIA", "BOREAL", "CORTLAND")
NO_WAIT: Final = timedelta(0)
UNBOUNDED: Final = Patience(
    send=timedelta(seconds=3),
    lookup=timedelta(seconds=3),
    reports=timedelta(seconds=2),
    between_lookups=timedelta(milliseconds=250),
    per_second=1_000_000,
    at_once=AT_ONCE,
)


class LifecycleMemoryBench:
    name = "lifecycle_memory"
    unit = "orders/s"
    event_bytes = None
    server_settings: Mapping[str, str] = {}

    def __init__(self, *, orders: int = ORDERS) -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        self._orders = orders
        self._clock = WallClock()
        self._folder = tempfile.TemporaryDirectory(prefix="gh-life-")
        file = HaltFile(Path(self._folder.name), b"k" * 32, self._clock)
        file.make(())
        self._watch = Watch(file)
        self._made = 0

    def subject(self) -> Round:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            return loop.run(self._round())

    def baseline(self) -> None:
        return None

    def close(self) -> None:
        self._folder.cleanup()

    async def _round(self) -> Round:
        await self._lived(WARM_UP)
        stamps = await self._lived(self._orders)
        tenth = self._orders // TENTH
        whole = stamps[-1] - stamps[0]
        first, last = stamps[tenth] - stamps[0], stamps[-1] - stamps[-1 - tenth]
        return Round(
            figure=(len(stamps) - 1) / (whole / 1e9),
            detail={
                "orders": self._orders,
                "first_tenth_per_s": round(tenth / (first / 1e9)),
                "last_tenth_per_s": round(tenth / (last / 1e9)),
                "last_over_first": round(first / last, 3),
            },
        )

    async def _lived(self, count: int) -> Sequence[int]:
        """When the clock started, and when each final fill was on record."""
        orders = [order_of(self._made + number) for number in range(count)]
        self._made += count
        record = InMemoryRecord(orders, self._clock)
        venues = [InstantVenue(VenueName(name)) for name in NAMES]
        places = frozenset(venue.name for venue in venues)
        executor = Executor(
            record=record,
            venues=venues,
            terms_of=lambda _: Terms(places, Decimal(0)),
            find=_nowhere,
            record_of=record.of,
            rules_of=always(BUILT_IN),
            patience=UNBOUNDED,
            stops=self._watch,
            hold=Alone(),
        )
        gc.collect()
        await executor.start([])
        running = asyncio.create_task(executor.run())
        carried = asyncio.create_task(self._carried(executor, orders, record))
        await asyncio.wait((running, carried), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            carried.cancel()
            running.result()  # raises what ended it
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return carried.result()

    async def _carried(
        self, executor: Executor, orders: Sequence[ReleasedOrder], record: InMemoryRecord
    ) -> Sequence[int]:
        begun = self._clock.monotonic_ns()
        for number, order in enumerate(orders):
            while number - len(record.done_ns) >= AT_ONCE:
                await record.more_done()
            executor.take(order)
        while len(record.done_ns) < len(orders):
            await record.more_done()
        if executor.troubles:
            raise AssertionError(f"orders in trouble: {list(executor.troubles.values())[:3]}")
        return [begun, *record.done_ns]


async def _nowhere(_: OrderId) -> Working | None:
    return None


def bench() -> Bench:
    return LifecycleMemoryBench()
