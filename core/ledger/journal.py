"""Appending to the journal, for every door: callers wait together for one append, one commit.

Rule 1: nothing is acknowledged before its commit; if the append does not happen, the caller is told so
    before it does anything else.
Rule 2: a lost connection is an unknown outcome unless every entry has a key: then the same call is safe
    again, and is made.
Rule 3: a stream's version that moved under us is read again a few times; then it is the caller's conflict.
Rule 4: while one batch is at the server the next is made ready and stands in line behind it.
Rule 5: waiting is bounded, in time and in number: whoever comes too much is told at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import psycopg
from psycopg.rows import tuple_row
from psycopg_pool import PoolTimeout

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.statements import statements
from core.errors import BadInput, Conflict, GatehouseError, Refused
from core.fact import Entry
from core.ids import uuid7
from core.ledger.call import Call, connection_broke, first_line, in_doubt, not_taken, refuse, tell
from core.ledger.envelope import Recorded, payload_of, text_of, written
from core.ledger.next_versions import NextVersions
from core.ledger.refusals import in_words

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
BATCH: Final = 128  # entries in one append: measured with `gatehouse bench journal`
WORTH_A_BATCH: Final = 64  # entries: fewer are not parted between two appends
MOST_TOGETHER: Final = 256  # entries of one caller: the append takes no more, and 4 MiB
MOST_LETTERS: Final = 900_000  # of the payloads in one append, four bytes each at worst
AT_ONCE: Final = 2  # appends: one at the head, one that is made ready meanwhile
MOST_WAITING: Final = 10_000  # entries
TRIES: Final = 5  # at a version that others move
BACK_OFF: Final = timedelta(milliseconds=100)  # doubled at each try, while a server comes back
WAITS: Final = timedelta(seconds=15)  # for the acknowledgement

Row = tuple[int, str, int | None, str | None]  # n, answer, at_seq, code


class Journal:
    """Opened with `async with`; one for each process and login."""

    def __init__(self, pool: AsyncPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._waiting: deque[Call] = deque()
        self._entries_waiting = 0
        self._under_way: dict[asyncio.Task[None], list[Call]] = {}
        self._next = NextVersions()
        self._woken = False
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        refuse(self._waiting, "the journal was closed")
        self._waiting.clear()
        under_way = dict(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for calls in under_way.values():  # of a task that never began, nobody has been told
            tell(calls, in_doubt("the journal was closed while it was asked"))

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        """Append these, in this order. Several together happen all or not at all.

        Raises:
            Refused: the law says no; its code and words tell why. Nothing was recorded but the refusal.
            Conflict: a key came with another body, or the stream kept moving. Nothing was recorded.
            BadInput: a text holds what no journal can, or they are too many or too large for one append.
                Nobody else's entries are touched by it.
            WorldFailed: the database did not take it, or too many wait. Nothing was recorded.
            OutcomeUnknown: the connection broke on the way and an entry has no key: look before you repeat.
        """
        if not entries:
            return ()
        if self._entries_waiting + len(entries) > MOST_WAITING:
            raise not_taken("too many entries wait for the journal")
        payloads = tuple(payload_of(entry) for entry in entries)
        if len(entries) > MOST_TOGETHER or sum(map(len, payloads)) > MOST_LETTERS:
            raise BadInput(
                f"{len(entries)} entries are too many, or too large, to happen together",
                fix=f"record at most {MOST_TOGETHER} at once, and {MOST_LETTERS} letters in them",
            )
        loop = asyncio.get_running_loop()
        now = written(self._clock.now())
        call = Call(entries, payloads, now, self._clock.monotonic_ns(), loop.create_future())
        call.too_late = loop.call_later(WAITS.total_seconds(), call.give_up)
        self._wait(call)
        return await call.done

    def _wait(self, call: Call) -> None:
        if self._closed:
            refuse([call], "the journal was closed")
            return
        self._waiting.append(call)
        self._entries_waiting += len(call.entries)
        if not self._woken:
            self._woken = True
            # Behind all that are about to call as well: they go together.
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        """Start as many appends as may be under way."""
        self._woken = False
        while self._waiting and len(self._under_way) < AT_ONCE:
            calls = self._batch()
            if calls:
                task = asyncio.create_task(self._append(calls), name="append")
                self._under_way[task] = calls
                task.add_done_callback(self._came_back)

    def _batch(self) -> list[Call]:
        calls: list[Call] = []
        entries, letters = 0, 0
        share = self._entries_waiting // (AT_ONCE - len(self._under_way))
        most = min(BATCH, max(WORTH_A_BATCH, share))
        while self._waiting:
            call = self._waiting[0]
            if not call.done.done():  # its caller is still there
                entries, letters = entries + len(call.entries), letters + call.letters
                if calls and (entries > most or letters > MOST_LETTERS):
                    break
                call.sent = True
                calls.append(call)
            self._waiting.popleft()
            self._entries_waiting -= len(call.entries)
        return calls

    def _came_back(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        if self._waiting and not self._woken:
            self._woken = True
            asyncio.get_running_loop().call_soon(self._send)

    async def _append(self, calls: Sequence[Call]) -> None:
        """Append one batch and answer its callers; those whose stream moved wait again."""
        try:
            async with asyncio.timeout(WAITS.total_seconds()):
                rows = await self._rows(calls)
        except BaseException as bad:
            self._nothing_known(calls)
            if not isinstance(bad, Exception):  # closed while it was under way
                tell(calls, in_doubt("the journal was closed while it was asked"))
                raise
            self._broke(calls, bad)
            return
        at = 0
        for call in calls:
            self._settle(call, rows[at : at + len(call.entries)])
            at += len(call.entries)

    async def _rows(self, calls: Sequence[Call]) -> list[Row]:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            unknown = self._next.unknown(entry.stream for call in calls for entry in call.entries)
            if unknown:
                await cursor.execute(SQL["stream_versions"], {"streams": unknown})
                self._next.learn(unknown, dict(await cursor.fetchall()))
            items = msgspec.json.encode(self._items(calls)).decode()
            await cursor.execute(SQL["append"], {"entries": items}, prepare=True)
            return await cursor.fetchall()

    def _items(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for number, call in enumerate(calls):
            for entry, payload in zip(call.entries, call.payloads, strict=True):
                text = text_of(
                    entry,
                    payload,
                    event_id=uuid7(self._clock),
                    stream_version=self._next.take(entry.stream),
                    occurred_at=call.occurred_at,
                    mono_ns=call.mono_ns,
                )
                item = {"text": text}
                if entry.ticket is not None:
                    item["ticket"] = entry.ticket
                if entry.key is not None:
                    item["key"] = entry.key
                if len(call.entries) > 1:
                    item["group"] = str(number)
                items.append(item)
        return items

    def _settle(self, call: Call, rows: Sequence[Row]) -> None:
        """What the append answered to one call."""
        for entry, (_, answer, _, code) in zip(call.entries, rows, strict=True):
            if code == "version":
                self._next.moved(entry.stream)
            elif answer != "ok":
                self._next.forget(entry.stream)
        no = next((row for row in rows if row[1] in ("refused", "conflict") and row[3] != "group"), None)
        if no is None:
            call.answer(tuple(Recorded(seq or 0, answer == "duplicate") for _, answer, seq, _ in rows))
        elif no[3] == "version":
            self._once_more(
                call, Conflict("others kept changing the same thing", fix="read it again, then repeat")
            )
        elif no[1] == "conflict":
            call.answer(
                Conflict(f"the journal answered conflict ({no[3]})", fix="use a fresh key for another body")
            )
        else:
            says, fix = in_words(str(no[3]))
            call.answer(Refused(str(no[3]), says, fix=fix))

    def _nothing_known(self, calls: Sequence[Call]) -> None:
        for call in calls:
            for entry in call.entries:
                self._next.forget(entry.stream)

    def _broke(self, calls: Sequence[Call], bad: Exception) -> None:
        """The append did not answer: tell each caller what that means for it."""
        if isinstance(bad, PoolTimeout):
            refuse(calls, "the database cannot be reached")
        elif isinstance(bad, TimeoutError):
            tell(calls, in_doubt("the journal did not acknowledge in time"))
        elif isinstance(bad, psycopg.Error) and not connection_broke(bad):
            refuse(calls, f"the journal did not take it: {first_line(bad)}")
        elif isinstance(bad, psycopg.Error):
            for call in calls:
                call.doubtful = True
                if call.safe_to_repeat:
                    self._once_more(
                        call, in_doubt("the database keeps dropping the connection"), after=BACK_OFF
                    )
                else:
                    call.answer(in_doubt("the connection broke while the journal was asked"))
        else:
            tell(calls, in_doubt("the journal's client failed"))
            raise bad

    def _once_more(self, call: Call, at_last: GatehouseError, *, after: timedelta = timedelta(0)) -> None:
        """Another try, if there is one left."""
        call.tries += 1
        if call.tries >= TRIES:
            call.answer(at_last)
        elif after:
            wait = after.total_seconds() * 2**call.tries
            asyncio.get_running_loop().call_later(wait, self._wait, call)
        else:
            self._wait(call)
