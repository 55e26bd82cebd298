"""The worker: a process without a model and without a person. Several share the orders; one has the
duties.

Rule 1: every step is derived from the journal: it can be killed anywhere, and another goes on where the
    record stands.
Rule 2: it has a lease for its life (`core.execution.lease`). What it may write of an order is the append's
    question, and a worker whose lease has ended stops.
Rule 3: before anything is sent, halts are in force: the file, the record, and the line to whoever halts.
    Each worker keeps them, since each sends.
Rule 4: everything else that a firm needs done, one of them does (`core.worker.duties`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.best_execution.reading import RulesInForce, read_lately
from core.business_day import Day
from core.clock import Clock
from core.database.gathering import Gathering
from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.errors import IntegrityLost, OutcomeUnknown, WorldFailed
from core.execution.board import monotonic
from core.execution.execute import Executor
from core.execution.last_check import Chained, Named, records_of
from core.execution.lease import VERSION, Lease
from core.execution.line import PATIENCE
from core.execution.showing import Showing
from core.halts.channel import listening
from core.halts.file import HaltFile
from core.halts.keeping import Keeping
from core.halts.watch import Watch
from core.ids import OrderId, ProposalId
from core.ledger.journal import SQL as JOURNAL
from core.ledger.journal import Journal
from core.people.keystore import KeyStore
from core.reconcile.running import Reconciling
from core.routing.remembering import recall
from core.venues.custody.custodian import Custodian
from core.venues.simulated.control import Address, tell_day
from core.venues.simulated.day import Day as VenueDay
from core.venues.venue import Venue
from core.worker.claiming import Claiming
from core.worker.duties import Duties, Tell
from core.worker.hearing import Hearing

log = structlog.get_logger(__name__)

HEAD_HELD_AT_MOST: Final = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Halts:
    """The folder and key of halts, and how long a critical alert waits for a person."""

    folder: Path
    key: bytes = field(repr=False)
    acknowledged_within: timedelta


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of. Its name is said on each connection of `pool` and on the one that `place`
    makes, which lives as long as the worker; `tell` tells the day to those who stand in it."""

    place: Callable[[], Awaitable[AsyncConnection[DictRow]]]
    pool: AsyncPool
    journal: Journal
    keys: KeyStore
    clock: Clock
    venues: Sequence[Venue]
    tell: Tell
    halts: Halts
    custodians: Sequence[Custodian]  # without any, trades settle by the calendar
    version: int = VERSION


class Worker:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._records = Gathering(self._records_of)

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            IntegrityLost: the record or a venue contradicts itself. A person must look.
            WorldFailed: the lease has ended, or its connection has.
        """
        parts = self._parts
        async with await parts.place() as place:
            lease = Lease(place, parts.pool, parts.version)
            await lease.begin()
            try:
                await self._live(place, lease)
            finally:
                await lease.end()

    async def _live(self, place: AsyncConnection[DictRow], lease: Lease) -> None:
        parts = self._parts
        file = HaltFile(parts.halts.folder, parts.halts.key, parts.clock)
        watch = Watch(file)
        claiming = Claiming(parts.pool, lease)
        executor = Executor(
            record=parts.journal,
            venues=parts.venues,
            terms_of=claiming.terms_of,
            find=claiming.find,
            record_of=self._record_of,
            rules_of=RulesInForce(parts.pool),
            patience=PATIENCE,
            stops=watch,
            hold=lease,
        )
        lease.tell = executor.board.share
        halts = Keeping(
            parts.pool,
            parts.journal,
            parts.keys,
            parts.clock,
            file,
            watch,
            lambda: [(one.kind, one.scope, one.order, one.venue) for one in executor.alarms],
            parts.halts.acknowledged_within,
        )
        showing = Showing(parts.pool)
        reconciling = Reconciling(parts.pool, parts.journal, parts.venues, parts.clock, parts.custodians)
        duties = Duties(
            parts.pool, parts.journal, parts.keys, parts.clock, executor.board, parts.tell, reconciling
        )
        recall(executor.board.tally, await read_lately(parts.pool, parts.clock, monotonic()))
        await halts.begin()
        with listening(parts.halts.folder, parts.halts.key, parts.clock, watch, executor.open_orders):
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(lease.keep(), name="lease")
                    tasks.create_task(halts.run(), name="halts")
                    tasks.create_task(self._keep_the_head_free(), name="head")
                    tasks.create_task(executor.run(), name="execution")
                    tasks.create_task(claiming.run(executor), name="claims")
                    tasks.create_task(Hearing(parts.pool, executor.reports).run(), name="differences")
                    tasks.create_task(showing.run(executor), name="waits")
                    while True:
                        await duties.run(place, lease)
            except* IntegrityLost:
                await _say_why(halts)
                raise

    async def _keep_the_head_free(self) -> None:
        """End whoever holds the journal's head for longer than anything honest does."""
        held: int | None = None
        while True:
            try:
                async with lend(self._parts.pool) as connection:
                    holder = (await one(connection, JOURNAL["head_holder"]))["holder"]
                    if holder is not None and holder == held:
                        ended = (await one(connection, JOURNAL["end_head_holder"], {"holder": holder}))["pid"]
                        log.error("head_holder_ended", pid=ended)
                    held = holder
            except WorldFailed as away:
                log.warning("head_not_watched", says=away.says)
            await asyncio.sleep(HEAD_HELD_AT_MOST.total_seconds())

    async def _record_of(self, order: OrderId, proposal: ProposalId) -> Sequence[Chained]:
        return await self._records.of((order, proposal))

    async def _records_of(self, asked: Sequence[Named]) -> Mapping[Named, Sequence[Chained]]:
        async with lend(self._parts.pool) as connection:
            return await records_of(connection, asked)


def telling(simulated: Sequence[Address]) -> Tell:
    """Simulated venues stand in the firm's day: told when it is another."""
    told: VenueDay | None = None

    async def tell(day: Day) -> None:
        nonlocal told
        wanted = VenueDay(day.session, day.at, day.state == "open")
        if wanted != told and simulated:
            await tell_day(simulated, wanted)
            told = wanted

    return tell


async def _say_why(halts: Keeping) -> None:
    """What stopped us, as an alert: who looks at it next may be somebody else, on another day."""
    try:
        await halts.raise_alarms()
    except (WorldFailed, OutcomeUnknown) as away:
        log.error("alert_not_raised", says=away.says)
