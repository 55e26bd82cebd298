"""The worker: assesses, releases, routes, sends, records. A process without a model and without a person.

Rule 1: every step is derived from the journal: it can be killed anywhere and goes on where the record stands.
Rule 2: one turn is: read, move the day, assess, draw, release, hand over to execution.
Rule 3: what cannot be decided now (no price, no database) is asked again; nothing leaves meanwhile.
Rule 4: before anything is sent, halts are in force: the file, the record, and the line to whoever halts.
Rule 5: one worker is at work; others stand by until its connection ends. That lock saves work; the law is the
    append's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.business_day import Day, Lapsing, lapsed, moved_on, turned
from core.clock import Clock
from core.database.pools import AsyncPool, connect_async, lend
from core.database.rows import one, rows
from core.errors import Conflict, IntegrityLost, NotFound, OutcomeUnknown, Refused, WorldFailed
from core.escalation.climbing import Climbing
from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained, record_of
from core.execution.line import PATIENCE
from core.execution.quoting import keep_quotes
from core.execution.telling import keep_venues
from core.execution.working import Working, working
from core.fact import Entry
from core.forgetting.carrying_out import CarryingOut
from core.forgetting.rotation import Rotation
from core.gate.deciding import Deciding
from core.gate.release import SQL, life_of, released
from core.halts.channel import listening
from core.halts.file import HaltFile
from core.halts.keeping import Keeping
from core.halts.watch import Watch
from core.ids import CustodianId, OrderId, ProposalId, TraceId, VenueName, fresh_trace_id
from core.ledger.journal import SQL as JOURNAL
from core.ledger.journal import Journal
from core.orders.order import ENDED
from core.people.keystore import KeyStore
from core.projections.account_index import IndexFollower
from core.projections.follow import Follower
from core.routing.score import WEIGHTS
from core.venues.simulated.control import Address, tell_day
from core.venues.simulated.day import Day as VenueDay
from core.venues.venue import Venue

log = structlog.get_logger(__name__)

TURN: Final = timedelta(milliseconds=40)  # between turns in which nothing happened
QUOTES: Final = timedelta(seconds=2)  # between two looks at the venues' quotes
INDEXES: Final = timedelta(milliseconds=200)  # between two looks for entries to index
PEOPLES_DATA: Final = timedelta(milliseconds=500)  # between two looks for what was decided about it
WAITING: Final = timedelta(seconds=5)  # between two looks for what waits for a principal
AWAY: Final = timedelta(seconds=1)  # after the database did not answer
STANDS_BY: Final = timedelta(seconds=1)
HEAD_HELD_AT_MOST: Final = timedelta(milliseconds=500)
AT_WORK: Final = 0x6A7E_0001  # the advisory lock's number


@dataclass(frozen=True, slots=True)
class Halts:
    """The folder and key of halts, and how long a critical alert waits for a person."""

    folder: Path
    key: bytes = field(repr=False)
    acknowledged_within: timedelta


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of. `simulated` are the venues that have to be told the day."""

    dsn: str
    pool: AsyncPool
    journal: Journal
    keys: KeyStore
    clock: Clock
    venues: Sequence[Venue]
    simulated: Sequence[Address]
    halts: Halts


class Worker:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._follower = Follower(parts.pool)
        self._deciding = Deciding(parts.pool, parts.journal, parts.keys, self._as_it_is_now)
        self._forgetting = CarryingOut(parts.pool, parts.journal, parts.keys)
        self._climbing = Climbing(parts.pool, parts.journal, parts.clock)
        self._rotation = Rotation(parts.pool, parts.journal, parts.keys)
        self._told: VenueDay | None = None
        file = HaltFile(parts.halts.folder, parts.halts.key, parts.clock)
        self._watch = Watch(file)
        self._executor = Executor(
            record=parts.journal,
            venues=parts.venues,
            terms_of=self._terms_of,
            find=self._find,
            record_of=self._record_of,
            weights=WEIGHTS,
            patience=PATIENCE,
            stops=self._watch,
        )
        self._halts = Keeping(
            parts.pool,
            parts.journal,
            parts.keys,
            parts.clock,
            file,
            self._watch,
            lambda: [(one.kind, one.scope, one.order, one.venue) for one in self._executor.alarms],
            parts.halts.acknowledged_within,
        )

    async def run(self) -> None:
        """Stand by until the place is free, then work until cancelled.

        Raises:
            IntegrityLost: the record or a venue contradicts itself. A person must look.
            WorldFailed: the place was lost with its connection.
        """
        holder = await connect_async(self._parts.dsn, name="worker-place")
        async with holder:
            while not (await one(holder, "select pg_try_advisory_lock(%(n)s) as mine", {"n": AT_WORK}))[
                "mine"
            ]:
                await asyncio.sleep(STANDS_BY.total_seconds())
            log.info("worker_at_work")
            await self._follower.catch_up()
            await self._halts.begin()
            halts = self._parts.halts
            with listening(
                halts.folder, halts.key, self._parts.clock, self._watch, self._executor.open_orders
            ):
                try:
                    await self._work(holder)
                except* IntegrityLost:
                    await self._say_why()
                    raise

    async def _work(self, holder: AsyncConnection[DictRow]) -> None:
        await self._executor.start(await self._unended())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._executor.run(), name="execution")
            tasks.create_task(self._halts.run(), name="halts")
            tasks.create_task(self._quote(), name="quotes")
            tasks.create_task(self._keep_the_head_free(), name="head")
            tasks.create_task(self._index(), name="index")
            tasks.create_task(self._peoples_data(), name="peoples-data")
            tasks.create_task(self._escalate(), name="escalation")
            while True:
                moved = await self._turn_or_wait()
                if not moved:
                    await asyncio.sleep(TURN.total_seconds())
                    await one(holder, "select 1 as here")

    async def _say_why(self) -> None:
        """What stopped us, as an alert: who looks at it next may be somebody else, on another day."""
        try:
            await self._halts.raise_alarms()
        except (WorldFailed, OutcomeUnknown) as away:
            log.error("alert_not_raised", says=away.says)

    async def _turn_or_wait(self) -> bool:
        try:
            return await self._turn()
        except WorldFailed as away:
            log.warning("turn_waits", says=away.says)
            await asyncio.sleep(AWAY.total_seconds())
            return False

    async def _turn(self) -> bool:
        """Whether anything happened."""
        read = await self._follower.step()
        moved = await self._day()
        moved = await self._deciding.assess() or moved
        moved = await self._deciding.draw() or moved
        if await self._deciding.release():
            moved = True
            await self._follower.catch_up()
        async with lend(self._parts.pool) as connection:
            for order in await released(connection):
                self._executor.take(order)
            for row in await rows(connection, SQL["cancelling"]):
                self._executor.cancel(row["order_id"])
        return read or moved

    async def _day(self) -> bool:
        """Do what the business day asks for now. Whether there was anything."""
        async with lend(self._parts.pool) as connection:
            row = await one(connection, SQL["day"])
            lapsing = [
                Lapsing(r["proposal"], TraceId(r["trace"])) for r in await rows(connection, SQL["lapsing"])
            ]
        day = Day(**row)
        entry = turned(day, fresh_trace_id(self._parts.clock))
        if entry is not None:
            return await self._record([entry])
        await self._tell(day)
        if day.state == "closed":
            await self._executor.expire(day.session.isoformat())
        book = self._follower.folded
        due = [*lapsed(day, lapsing), *moved_on(day, book.unsettled(), book.traces)]
        return await self._record(due)

    async def _record(self, entries: Sequence[Entry]) -> bool:
        for entry in entries:
            try:
                await self._parts.journal.record(entry)
            except (Refused, Conflict) as no:
                log.warning("day_step_not_recorded", stream=entry.stream, says=no.says)
                return False
        return bool(entries)

    async def _tell(self, day: Day) -> None:
        """Simulated venues stand in the firm's day."""
        wanted = VenueDay(day.session, day.at, day.state == "open")
        if wanted != self._told and self._parts.simulated:
            await tell_day(self._parts.simulated, wanted)
            self._told = wanted

    async def _as_it_is_now(self) -> None:
        """Quotes and book, before anything is let out. The law sees a fill when it is appended, the book when
        it is folded: a buy whose sells have just filled would else be denied for the cash that they brought.

        Raises:
            WorldFailed: no venue quotes now. Nothing is let out on older prices.
        """
        if not await keep_quotes(self._parts.pool, self._executor.board):
            raise WorldFailed("no venue quotes anything now", fix="start the venues; it is asked again")
        await self._follower.catch_up()

    async def _quote(self) -> None:
        while True:
            try:
                await keep_quotes(self._parts.pool, self._executor.board)
                await keep_venues(self._parts.pool, self._executor.board)
            except WorldFailed as away:
                log.warning("quotes_wait", says=away.says)
            await asyncio.sleep(QUOTES.total_seconds())

    async def _index(self) -> None:
        """Keep the index of accounts' entries. Nothing that is decided here waits for it."""
        follower = IndexFollower(self._parts.pool)
        while True:
            try:
                await follower.catch_up()
            except WorldFailed as away:
                log.warning("index_waits", says=away.says)
            await asyncio.sleep(INDEXES.total_seconds())

    async def _peoples_data(self) -> None:
        """Carry out what was decided about people's data: forgetting, and new keys. No order waits for it."""
        swept = False
        while True:
            try:
                if not swept:
                    await self._forgetting.sweep()
                    swept = True
                await self._forgetting.turn()
                await self._rotation.turn()
            except WorldFailed as away:
                log.warning("peoples_data_waits", says=away.says)
            await asyncio.sleep(PEOPLES_DATA.total_seconds())

    async def _escalate(self) -> None:
        """Tell the next people of what waits for a principal. No order waits for it."""
        while True:
            try:
                await self._climbing.turn()
            except WorldFailed as away:
                log.warning("escalation_waits", says=away.says)
            await asyncio.sleep(WAITING.total_seconds())

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

    async def _unended(self) -> Sequence[Working]:
        async with lend(self._parts.pool) as connection:
            found = []
            for order in await released(connection):
                life = await life_of(connection, order.id)
                found.append(working(order, [entry.fact for entry in life]))
        return [work for work in found if work.state.status not in ENDED]

    async def _find(self, order: OrderId) -> Working | None:
        """An order that ended before this process began, for a venue's late word on it."""
        async with lend(self._parts.pool) as connection:
            life = await life_of(connection, order)
            known = [o for o in await released(connection, ended=True) if o.id == order]
        return working(known[0], [entry.fact for entry in life]) if known else None

    async def _record_of(self, order: OrderId, proposal: ProposalId) -> Sequence[Chained]:
        async with lend(self._parts.pool) as connection:
            return await record_of(connection, order, proposal)

    def _terms_of(self, custodian: CustodianId) -> Terms:
        reference = self._follower.folded.custodians.get(custodian)
        if reference is None:
            raise NotFound(f"custodian {custodian!r} is not appointed", fix="appoint it first")
        return Terms(frozenset(VenueName(v) for v in reference.venues), reference.ticket_fee)
