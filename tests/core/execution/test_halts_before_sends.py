"""A halt meets orders under way: by the venue's own ledger, no send begins after the answer."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from core.clock import WallClock
from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained
from core.execution.lease import Alone
from core.execution.working import Working
from core.halts.beside import Beside, Stopped
from core.halts.channel import listening
from core.halts.file import Halt, HaltFile
from core.ids import CustodianId, OrderId, ProposalId, VenueName
from core.orders.events import OrderRouted
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from evals.bench.decided import recorded
from tests.core.execution.steps import IMPATIENT, FileRecord
from tests.fixtures.halts import KEY, halt, opened, watching
from tests.fixtures.venues import VenueProcess, one_venue, released

PATIENCE: Final = 60  # seconds


@pytest.fixture
def arcadia(tmp_path: Path) -> Iterator[VenueProcess]:
    yield from one_venue("ARCADIA", tmp_path)


@pytest.fixture
def cortland(tmp_path: Path) -> Iterator[VenueProcess]:
    yield from one_venue("CORTLAND", tmp_path)


@dataclass
class Floor:
    """One worker's execution, its venues, and the halts' folder."""

    executor: Executor
    record: FileRecord
    venues: list[VenueProcess]
    folder: Path
    taken: dict[OrderId, ReleasedOrder]
    halts: list[Halt] = field(default_factory=list)

    def take(self, order: ReleasedOrder) -> None:
        """As the worker takes what people decided on."""
        self.taken[order.id] = order
        self.executor.take(order)

    async def stop(self, named: str = "all") -> Stopped:
        self.halts.append(halt(named))
        return await Beside(self.folder, KEY, WallClock()).stop(self.halts[-1])

    def resume(self) -> None:
        """As the worker does when the record says so."""
        file = HaltFile(self.folder, KEY, WallClock())
        file.settle((), lifted={one.id for one in self.halts})

    def sends(self) -> list[str]:
        return [
            line["order"] for venue in self.venues for line in venue.ledger() if line.get("verb") == "send"
        ]

    def kinds(self, order: ReleasedOrder) -> list[str]:
        return [fact.event_type() for fact in self.record.of(order.id)]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def floor(folder: Path, *venues: VenueProcess) -> AsyncIterator[Floor]:
    halts = folder / "halts"
    opened(halts)
    watch, record = watching(halts), FileRecord(folder / "record")
    taken: dict[OrderId, ReleasedOrder] = {}

    async def find(_: OrderId) -> Working | None:
        return None

    async def record_of(order: OrderId, _: ProposalId) -> Sequence[Chained]:
        return recorded(taken[order], record.of(order))

    def terms_of(_: CustodianId) -> Terms:
        return Terms(frozenset(VenueName(venue.name) for venue in venues), Decimal("4.95"))

    async with contextlib.AsyncExitStack() as stack:
        executor = Executor(
            record=record,
            venues=[await stack.enter_async_context(venue.client()) for venue in venues],
            terms_of=terms_of,
            find=find,
            record_of=record_of,
            rules_of=always(BUILT_IN),
            patience=IMPATIENT,
            stops=watch,
            hold=Alone(),
        )
        stack.enter_context(listening(halts, KEY, WallClock(), watch, executor.open_orders))
        await executor.start([])
        running = asyncio.create_task(executor.run())
        try:
            yield Floor(executor, record, list(venues), halts, taken)
            assert not running.done(), running.exception()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.mark.anyio
@pytest.mark.parametrize("after", [0, 1, 40, 90])
async def test_at_full_load_no_send_begins_after_the_answer(
    arcadia: VenueProcess, tmp_path: Path, after: int
) -> None:
    orders = [released(quantity="3") for _ in range(120)]
    async with floor(tmp_path, arcadia) as at:
        for order in orders:
            at.take(order)
        await at.until(lambda: len(at.sends()) >= after)
        said = await at.stop()
        assert (said.workers, said.silent, said.on_the_way) == (1, (), 0)
        sent = at.sends()
        assert len(said.orders) >= len(orders) - len(sent)
        for _ in range(30):
            await asyncio.sleep(0.01)
            assert at.sends() == sent
        at.resume()
        await at.until(lambda: len(at.sends()) == len(orders))
        assert sorted(at.sends()) == sorted(order.id for order in orders)


HALTS: Final = """
import asyncio, sys
from pathlib import Path
from core.clock import WallClock
from core.halts.beside import Beside
from tests.fixtures.halts import KEY, halt
said = asyncio.run(Beside(Path(sys.argv[1]), KEY, WallClock()).stop(halt("all")))
print(said.workers, said.on_the_way, flush=True)
"""


@pytest.mark.anyio
async def test_from_another_process_too(arcadia: VenueProcess, tmp_path: Path) -> None:
    async with floor(tmp_path, arcadia) as at:
        for order in [released(quantity="3") for _ in range(200)]:
            at.take(order)
        await at.until(lambda: len(at.sends()) >= 5)
        words = [sys.executable, "-c", HALTS, str(at.folder)]
        other = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
        assert other.stdout is not None
        assert (await other.stdout.readline()).split()[0] == b"1"
        sent = at.sends()
        await other.wait()
        for _ in range(30):
            await asyncio.sleep(0.01)
            assert at.sends() == sent


@pytest.mark.anyio
async def test_fills_of_what_is_out_are_booked_under_a_halt(arcadia: VenueProcess, tmp_path: Path) -> None:
    order, waits = released(quantity="30"), released(quantity="5")
    async with floor(tmp_path, arcadia) as at:
        at.take(order)
        await at.until(lambda: "OrderAccepted" in at.kinds(order))
        await at.stop()
        at.take(waits)
        await at.until(lambda: sum(1 for kind in at.kinds(order) if kind == "OrderFilled") >= 1)
        await at.until(lambda: arcadia.executed(order.id) == 30)
        await at.until(lambda: at.executor.open_orders()[0]["order"] == waits.id)
        assert at.kinds(waits) == []


@pytest.mark.anyio
async def test_a_halted_venue_loses_every_order_to_another_and_is_told_why(
    arcadia: VenueProcess, cortland: VenueProcess, tmp_path: Path
) -> None:
    orders = [released(quantity="3") for _ in range(10)]
    async with floor(tmp_path, arcadia, cortland) as at:
        await at.stop("venue:ARCADIA")
        for order in orders:
            at.take(order)
        await at.until(lambda: all("OrderFilled" in at.kinds(order) for order in orders))
        for order in orders:
            (routed,) = [fact for fact in at.record.of(order.id) if isinstance(fact, OrderRouted)]
            assert routed.venue == "CORTLAND"
            assert ("ARCADIA", "trading is stopped at it") in {(s.venue, s.says) for s in routed.scores}
        assert not [line for line in arcadia.ledger() if line.get("verb") == "send"]


@pytest.mark.anyio
async def test_only_what_the_scope_names_waits(arcadia: VenueProcess, tmp_path: Path) -> None:
    halted, goes = released(symbol="AAPL"), released(symbol="KO", limit=None)
    async with floor(tmp_path, arcadia) as at:
        await at.stop("symbol:AAPL")
        at.take(halted)
        at.take(goes)
        await at.until(lambda: "OrderFilled" in at.kinds(goes))
        assert at.kinds(halted) == []


@pytest.mark.anyio
async def test_an_order_whose_intent_is_written_does_not_leave_under_a_halt(
    arcadia: VenueProcess, tmp_path: Path
) -> None:
    orders = [released(quantity="3") for _ in range(40)]
    async with floor(tmp_path, arcadia) as at:
        for order in orders:
            at.take(order)
        await at.until(lambda: any("OrderSent" in at.kinds(order) for order in orders))
        arcadia.kill()  # those with an intent try again and again
        await at.stop()
        sent = at.sends()
        arcadia.start()
        for _ in range(100):
            await asyncio.sleep(0.01)
            assert at.sends() == sent
        at.resume()
        await at.until(lambda: {*at.sends()} == {order.id for order in orders})
        await at.until(lambda: all("OrderFilled" in at.kinds(order) for order in orders))
        assert len(at.sends()) == len(orders)


@pytest.mark.anyio
async def test_the_session_ends_what_a_halt_kept_back(arcadia: VenueProcess, tmp_path: Path) -> None:
    orders = [released(quantity="3") for _ in range(20)]
    async with floor(tmp_path, arcadia) as at:
        await at.stop()
        for order in orders:
            at.take(order)
        await asyncio.sleep(0.3)
        await at.executor.expire("2022-12-29")
        assert all(at.kinds(order) == ["OrderExpired"] for order in orders)
        at.resume()
        await asyncio.sleep(0.5)
        assert at.sends() == []


@pytest.mark.anyio
async def test_a_damaged_halt_file_lets_nothing_leave(arcadia: VenueProcess, tmp_path: Path) -> None:
    async with floor(tmp_path, arcadia) as at:
        (at.folder / "halts").write_bytes(b"all is well\n")
        order = released()
        at.take(order)
        await asyncio.sleep(0.5)
        assert at.sends() == []
        assert at.kinds(order) == []
