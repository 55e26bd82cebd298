"""What one worker does for all: decide, move the day, keep the book, quotes and indexes, reconcile.

Rule 1: one worker has the place at a time: the book has one writer, and two who assess the same draft or
    ask the same release would only be refused by the append in turn. What is quick and shared out is the
    orders.
Rule 2: one turn is: read, move the day, assess, draw, release, end what has had its time, form and share
    blocks, give back what is left.
Rule 3: what cannot be decided now (no price, no database) is asked again; nothing leaves meanwhile.
Rule 4: a worker gives the place up as soon as a newer version is at work: it would not understand all that
    one writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.business_day import Day, Lapsing, due_by, lapsed, moved_on, turned
from core.clock import Clock
from core.correspondence.checking import Checking
from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.errors import Conflict, Refused, WorldFailed
from core.escalation.climbing import Climbing
from core.execution.board import Board
from core.execution.lease import Lease
from core.execution.quoting import keep_quotes
from core.execution.telling import keep_venues
from core.fact import Entry
from core.forgetting.carrying_out import CarryingOut
from core.forgetting.rotation import Rotation
from core.gate.deciding import Deciding
from core.gate.release import SQL
from core.ids import TraceId, fresh_trace_id
from core.ledger.journal import Journal
from core.people.keystore import KeyStore
from core.projections.account_index import IndexFollower
from core.projections.follow import Follower
from core.reconcile.running import Reconciling
from core.worker.blocks import Blocking
from core.worker.resting import Resting

log = structlog.get_logger(__name__)

QUOTES: Final = timedelta(seconds=2)  # between two looks at the venues' quotes
INDEXES: Final = timedelta(milliseconds=200)  # between two looks for entries to index
PEOPLES_DATA: Final = timedelta(milliseconds=500)  # between two looks for what was decided about it
WAITING: Final = timedelta(seconds=5)  # between two looks for what waits for a principal
AWAY: Final = timedelta(seconds=1)  # after the database did not answer
STANDS_BY: Final = timedelta(milliseconds=500)
AT_WORK: Final = 0x6A7E_0001  # the advisory lock's number
Tell = Callable[[Day], Awaitable[None]]
"""Tells those who stand in the firm's day what it is. Raises WorldFailed."""


class Duties:
    """One for each worker; `run` does something in one of them."""

    def __init__(
        self,
        pool: AsyncPool,
        journal: Journal,
        keys: KeyStore,
        clock: Clock,
        board: Board,
        tell: Tell,
        reconciling: Reconciling,
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock
        self._board = board
        self._tell = tell
        self._reconciling = reconciling
        self._follower = Follower(pool)
        self._deciding = Deciding(pool, journal, keys, self._as_it_is_now)
        self._blocking = Blocking(pool, journal)
        self._forgetting = CarryingOut(pool, journal, keys)
        self._climbing = Climbing(pool, journal)
        self._rotation = Rotation(pool, journal, keys)
        self._resting = Resting(pool)
        self._checking = Checking(pool, journal, keys)

    async def run(self, place: AsyncConnection[DictRow], lease: Lease) -> None:
        """Stand by until the place is free, and have it until cancelled or a newer version is at work."""
        while (
            lease.newer_at_work
            or not (await one(place, "select pg_try_advisory_lock(%(n)s) as mine", {"n": AT_WORK}))["mine"]
        ):
            await asyncio.sleep(STANDS_BY.total_seconds())
        log.info("worker_has_the_place")
        await self._caught_up()
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(doing, name=name)
                for name, doing in (
                    ("quotes", self._quote()),
                    ("index", self._index()),
                    ("peoples-data", self._peoples_data()),
                    ("escalation", self._escalate()),
                    ("reconciliation", self._reconciling.run()),
                )
            ]
            await self._turns(lease)
            for task in beside:
                task.cancel()
        await place.execute("select pg_advisory_unlock(%(n)s)", {"n": AT_WORK})
        log.info("worker_gave_the_place_up")

    async def _caught_up(self) -> None:
        """The book, as the record has it. Whoever had the place before may stand still with a row of it in
        hand: then it is waited for, until the server ends that one's transaction."""
        while True:
            try:
                await self._follower.catch_up()
            except WorldFailed as away:
                log.warning("book_waits", says=away.says)
                await asyncio.sleep(AWAY.total_seconds())
            else:
                return

    async def _turns(self, lease: Lease) -> None:
        while True:
            if lease.newer_at_work:
                return
            if not await self._turn_or_wait():
                await self._resting.rest()

    async def _turn_or_wait(self) -> bool:
        try:
            return await self._turn()
        except WorldFailed as away:
            log.warning("turn_waits", says=away.says)
            await asyncio.sleep(AWAY.total_seconds())
            return False

    async def _turn(self) -> bool:
        """Whether anything was decided or moved. What was only read is no reason to hurry: the book is the
        cheaper to keep the more of it comes at once, and whoever needs it as it is now catches up first."""
        await self._follower.step()
        moved = await self._day()
        moved = await self._deciding.assess() or moved
        moved = await self._deciding.draw() or moved
        if await self._deciding.release():
            moved = True
            await self._follower.catch_up()
        moved = await self._deciding.end_schedules() or moved
        moved = await self._blocking.turn() or moved
        return await self._deciding.give_back() or moved

    async def _day(self) -> bool:
        """Do what the business day asks for now. Whether there was anything."""
        async with lend(self._pool) as connection:
            row = await one(connection, SQL["day"])
            lapsing = [
                Lapsing(r["proposal"], TraceId(r["trace"])) for r in await rows(connection, SQL["lapsing"])
            ]
        day = Day(**row)
        entry = turned(day, fresh_trace_id(self._clock))
        if entry is not None:
            return await self._record([entry])
        await self._tell(day)
        book = self._follower.folded
        trades = list(book.unsettled())
        said = self._reconciling.settlement(due_by(day, trades), day.session)
        due = [*lapsed(day, lapsing), *moved_on(day, trades, book.traces, said)]
        return await self._record(due)

    async def _record(self, entries: Sequence[Entry]) -> bool:
        for entry in entries:
            try:
                await self._journal.record(entry)
            except (Refused, Conflict) as no:
                log.warning("day_step_not_recorded", stream=entry.stream, says=no.says)
                return False
        return bool(entries)

    async def _as_it_is_now(self) -> None:
        """Quotes and book, before anything is let out. The law sees a fill when it is appended, the book when
        it is folded: a buy whose sells have just filled would else be denied for the cash that they brought.

        Raises:
            WorldFailed: no venue quotes now. Nothing is let out on older prices.
        """
        if not await keep_quotes(self._pool, self._board):
            raise WorldFailed("no venue quotes anything now", fix="start the venues; it is asked again")
        await self._follower.catch_up()

    async def _quote(self) -> None:
        while True:
            try:
                await keep_quotes(self._pool, self._board)
                await keep_venues(self._pool, self._board)
            except WorldFailed as away:
                log.warning("quotes_wait", says=away.says)
            await asyncio.sleep(QUOTES.total_seconds())

    async def _index(self) -> None:
        """Keep the index of accounts' entries. Nothing that is decided here waits for it."""
        follower = IndexFollower(self._pool)
        while True:
            try:
                await follower.catch_up()
            except WorldFailed as away:
                log.warning("index_waits", says=away.says)
            await asyncio.sleep(INDEXES.total_seconds())

    async def _peoples_data(self) -> None:
        """Carry out what was decided about people's data: forgetting, and new keys; and read e-mails again.
        No order waits for it."""
        swept = False
        while True:
            try:
                if not swept:
                    await self._forgetting.sweep()
                    swept = True
                await self._forgetting.turn()
                await self._rotation.turn()
                await self._checking.turn()
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


async def _have(place: AsyncConnection[DictRow]) -> bool:
    return bool((await one(place, "select pg_try_advisory_lock(%(n)s) as mine", {"n": AT_WORK}))["mine"])
