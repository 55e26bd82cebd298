"""What a worker does with orders and blocks, in this process, on a real database and a real venue.

It has its own lease, claims, execution and blocks, and none of the other duties: a life begins in a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from core.best_execution.reading import RulesInForce
from core.clock import WallClock
from core.database.pools import async_pool, connect_async, lend
from core.execution.execute import Executor
from core.execution.last_check import Chained, records_of
from core.execution.lease import SETTING, VERSION, Lease, fresh_name
from core.execution.line import Patience
from core.execution.outbox import Record
from core.fact import Entry
from core.halts.watch import Watch
from core.ids import OrderId, ProposalId
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.worker.blocks import Blocking
from core.worker.claiming import Claiming
from tests.fixtures.firm import Firm
from tests.fixtures.halts import opened
from tests.fixtures.venues import VenueProcess

PATIENCE: Final = 60.0  # seconds; a slow machine under load
QUICK: Final = Patience(
    send=timedelta(seconds=3),
    lookup=timedelta(seconds=2),
    reports=timedelta(milliseconds=200),
    between_lookups=timedelta(milliseconds=50),
    per_second=500,
    at_once=16,
)


class DiesAfter:
    """A record whose worker is killed as soon as an entry of that kind is durable, before it hears of it."""

    def __init__(self, journal: Journal, kind: str) -> None:
        self._journal = journal
        self._kind = kind
        self.dead = asyncio.Event()

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        if not self.dead.is_set():
            done = await self._journal.record(*entries)
            if all(entry.fact.event_type() != self._kind for entry in entries):
                return done
            self.dead.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody comes back from there")


@dataclass(frozen=True)
class Life:
    """One worker at work."""

    executor: Executor
    dead: asyncio.Event

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for the fact itself; what is said to the database meanwhile must not wait for this worker."""
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(holds):
                assert not self.executor.troubles, self.executor.troubles
                await asyncio.sleep(0.02)


@asynccontextmanager
async def life(
    firm: Firm,
    venue: VenueProcess,
    folder: Path,
    *,
    dies_after: str = "",
    executes: bool = True,
    patience: Patience = QUICK,
) -> AsyncIterator[Life]:
    """A worker from its lease on. At the end it is gone as one that is killed: it says good-bye to nobody."""
    says = {SETTING: fresh_name()}
    opened(folder)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(async_pool(firm.database.gate, name="test", most=6, says=says))
        journal = await stack.enter_async_context(Journal(pool, WallClock()))
        place = await connect_async(firm.database.gate, name="test-place", says=says)
        stack.push_async_callback(place.close)
        lease = Lease(place, pool, VERSION)
        await lease.begin()
        record: Record = journal
        dead = asyncio.Event()
        if dies_after:
            mortal = DiesAfter(journal, dies_after)
            record, dead = mortal, mortal.dead
        watch, claiming = Watch(opened(folder)), Claiming(pool, lease)

        async def its_record(order: OrderId, proposal: ProposalId) -> Sequence[Chained]:
            async with lend(pool) as connection:
                return (await records_of(connection, [(order, proposal)]))[order, proposal]

        executor = Executor(
            record=record,
            venues=[await stack.enter_async_context(venue.client())],
            terms_of=claiming.terms_of,
            find=claiming.find,
            record_of=its_record,
            rules_of=RulesInForce(pool),
            patience=patience,
            stops=watch,
            hold=lease,
        )
        lease.tell = executor.board.share
        doing = [lease.keep(), _blocks(Blocking(pool, record))]  # type: ignore[arg-type] # it records
        if executes:
            doing += [executor.run(), claiming.run(executor)]
        tasks = [asyncio.create_task(one) for one in doing]
        try:
            yield Life(executor, dead)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert [one for one in ends if not isinstance(one, asyncio.CancelledError)] == []


async def _blocks(blocking: Blocking) -> None:
    while True:
        if not await blocking.turn():
            await asyncio.sleep(0.02)


async def killed(firm: Firm, venue: VenueProcess, folder: Path, *, after: str) -> None:
    """A life that ends as soon as an entry of that kind is on record."""
    async with life(firm, venue, folder, dies_after=after) as one, asyncio.timeout(PATIENCE):
        await one.dead.wait()
