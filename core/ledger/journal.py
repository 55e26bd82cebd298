"""Appending to the journal, for every door: callers wait together for one append, one commit.

Rule 1: nothing is acknowledged before its commit; if the append does not happen, the caller is told so
    before it does anything else.
Rule 2: a lost connection is an unknown outcome unless every entry has a key: then the same call is safe
    again, and is made.
Rule 3: a stream's version that moved under us is read again a few times; then it is the caller's conflict.
Rule 4: while one batch is at the server the next is made ready and stands in line behind it, where
    enough wait for that; few go together when it comes back.
Rule 5: waiting is bounded, in time and in number: whoever comes too much is told at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import psycopg
from psycopg.errors import InvalidSqlStatementName
from psycopg_pool import PoolTimeout

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.statements import statements
from core.errors import BadInput, Conflict, GatehouseError, Refused
from core.fact import Entry
from core.ids import uuid7s
from core.ledger.answers import Answered, each_of, placed
from core.ledger.call import Call, connection_broke, first_line, in_doubt, not_taken, refuse, tell
from core.ledger.envelope import Recorded, payload_of, text_of, written
from core.ledger.line import Line, Lines, Rows
from core.ledger.next_versions import NextVersions
from core.ledger.refusals import in_words

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
BATCH: Final = 128  # entries in one append: measured with `gatehouse bench journal`
WORTH_A_BATCH: Final = 16  # entries: fewer are not parted between two appends, nor go beside another
MOST_TOGETHER: Final = 256  # entries of one caller: the append takes no more, and 4 MiB
MOST_LETTERS: Final = 900_000  # of the payloads in one append, four bytes each at worst
AT_ONCE: Final = 2  # appends: one at the head, one that is made ready meanwhile
MOST_WAITING: Final = 10_000  # entries
TRIES: Final = 5  # at a version that others move
BACK_OFF: Final = timedelta(milliseconds=100)  # doubled at each try, while a server comes back
WAITS: Final = timedelta(seconds=15)  # for the acknowledgement
LOOKS_EVERY: Final = timedelta(milliseconds=250)  # for those whose time is over


@dataclass(slots=True, eq=False)
class Batch:
    """The calls of one append that is under way."""

    calls: Sequence[Call]
    streams: Set[str]
    line: Line | None = None
    task: asyncio.Task[None] | None = None  # where it had to wait for what it needs


class Journal:
    """Opened with `async with`; one for each process and login."""

    def __init__(self, pool: AsyncPool, clock: Clock) -> None:
        self._lines = Lines(pool)
        self._clock = clock
        self._waiting: deque[Call] = deque()
        self._entries_waiting = 0
        self._under_way: set[Batch] = set()
        self._next = NextVersions()
        self._woken = False
        self._watched = False
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        refuse(self._waiting, "the journal was closed")
        self._waiting.clear()
        under_way, self._under_way = self._under_way, set()
        for batch in under_way:
            tell(batch.calls, in_doubt("the journal was closed while it was asked"))
            self._let_go(batch)
        opening = [batch.task for batch in under_way if batch.task is not None]
        await asyncio.gather(*opening, return_exceptions=True)
        await self._lines.close()

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
        payloads = [payload_of(entry) for entry in entries]
        letters = sum(map(len, payloads))
        if len(entries) > MOST_TOGETHER or letters > MOST_LETTERS:
            raise BadInput(
                f"{len(entries)} entries are too many, or too large, to happen together",
                fix=f"record at most {MOST_TOGETHER} at once, and {MOST_LETTERS} letters in them",
            )
        loop = asyncio.get_running_loop()
        now = written(self._clock.now())
        until_ms = int(loop.time() * 1_000) + WAITS // timedelta(milliseconds=1)
        call = Call(
            entries, payloads, letters, now, self._clock.monotonic_ns(), loop.create_future(), until_ms
        )
        self._wait(call)
        return await call.done

    def begins(self, stream: str) -> None:
        """It has no entry yet, as the caller believes, and is not asked for. Who is wrong tries once more."""
        self._next.learn([stream], {})

    def _wait(self, call: Call) -> None:
        if self._closed:
            refuse([call], "the journal was closed")
            return
        self._waiting.append(call)
        self._entries_waiting += len(call.entries)
        self._wake()

    def _wake(self) -> None:
        if not self._woken:
            self._woken = True
            # Behind all that are about to call as well: they go together.
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        """Start as many appends as may be under way."""
        self._woken = False
        self._watch()
        while self._waiting and len(self._under_way) < AT_ONCE:
            if self._under_way and self._entries_waiting < WORTH_A_BATCH:
                return  # one that went now would wait at the head without those who are about to come
            batch = self._batch()
            if not batch.calls:
                return
            self._under_way.add(batch)
            unknown = self._next.unknown(batch.streams)
            batch.line = self._lines.free()
            if batch.line is None or unknown:
                batch.task = asyncio.create_task(self._begin(batch, unknown), name="append")
            else:
                self._ask(batch, batch.line)

    def _batch(self) -> Batch:
        """The next calls that go together. No stream is in two appends at once: which of them comes to the
        head first nobody knows. So whoever could not go beside this one goes with it."""
        calls: list[Call] = []
        streams: set[str] = set()
        entries, letters = 0, 0
        busy = {stream for batch in self._under_way for stream in batch.streams}
        share = self._entries_waiting // (AT_ONCE - len(self._under_way))
        most = min(BATCH, max(WORTH_A_BATCH, share))
        while self._waiting:
            call = self._waiting[0]
            if not call.done.done():  # its caller is still there
                own = [entry.stream for entry in call.entries]
                entries, letters = entries + len(own), letters + call.letters
                if calls and (entries > BATCH or letters > MOST_LETTERS):
                    break
                if calls and entries > most and streams.isdisjoint(own):
                    break
                if busy and not busy.isdisjoint(own):
                    break
                call.sent = True
                calls.append(call)
                streams.update(own)
            self._waiting.popleft()
            self._entries_waiting -= len(call.entries)
        return Batch(calls, streams)

    async def _begin(self, batch: Batch, streams: Sequence[str]) -> None:
        """Ask, on a connection that has to be waited for, or where a stream's version is not known."""
        try:
            if batch.line is None:
                batch.line = await self._lines.borrow()
            if streams:
                rows = await batch.line.asked("stream_versions", msgspec.json.encode(streams))
                known = {str(stream or b"", "utf-8"): int(version or 0) for stream, version in rows}
                self._next.learn(streams, known)
        except psycopg.Error as bad:
            self._came_back(batch, 0, bad)
            return
        if batch in self._under_way:
            self._ask(batch, batch.line)

    def _ask(self, batch: Batch, line: Line) -> None:
        items = self._items(batch.calls)
        what = "append_one" if len(items) == 1 else "append"
        line.ask(what, msgspec.json.encode(items), partial(self._came_back, batch, len(items)))

    def _came_back(self, batch: Batch, entries: int, said: Rows | psycopg.Error) -> None:
        """Answer the callers of a batch; those whose stream moved wait again."""
        if batch not in self._under_way:
            return  # it was given up, and its callers were told
        self._under_way.discard(batch)
        if batch.line is not None:
            self._lines.rest(batch.line, unprepared=isinstance(said, InvalidSqlStatementName))
        if not isinstance(said, psycopg.Error):
            try:
                self._settle(batch.calls, said, entries)
            except psycopg.DataError as bad:
                said = bad
        if isinstance(said, psycopg.Error):
            self._nothing_known(batch.calls)
            self._broke(batch.calls, said)
        if self._waiting:
            self._wake()

    def _let_go(self, batch: Batch) -> None:
        """Nobody waits for this append any more; what becomes of it nobody hears."""
        self._nothing_known(batch.calls)
        if batch.task is not None:
            batch.task.cancel()
        if batch.line is not None:
            self._lines.give_back(batch.line)

    def _watch(self) -> None:
        if not self._watched:
            self._watched = True
            asyncio.get_running_loop().call_later(LOOKS_EVERY.total_seconds(), self._look)

    def _look(self) -> None:
        """Tell those whose time is over: one timer for all, which costs the many less than one each."""
        self._watched = False
        now_ms = int(asyncio.get_running_loop().time() * 1_000)
        for call in self._waiting:
            if call.until_ms <= now_ms:
                call.give_up()
        for batch in [one for one in self._under_way if all(call.until_ms <= now_ms for call in one.calls)]:
            self._under_way.discard(batch)
            tell(batch.calls, in_doubt("the journal did not acknowledge in time"))
            self._let_go(batch)
        for batch in self._under_way:
            for call in batch.calls:
                if call.until_ms <= now_ms:
                    call.give_up()
        if self._waiting or self._under_way:
            self._watch()
            self._wake()

    def _items(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        event_ids = iter(uuid7s(self._clock, sum([len(call.entries) for call in calls])))
        for number, call in enumerate(calls):
            for entry, payload in zip(call.entries, call.payloads, strict=True):
                text = text_of(
                    entry,
                    payload,
                    event_id=next(event_ids),
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

    def _settle(self, calls: Sequence[Call], said: Rows, entries: int) -> None:
        """Tell each caller what the append answered."""
        at = 0
        taken = placed(said, entries)
        answers = each_of(said, entries) if taken is None else ()
        for call in calls:
            behind = at + len(call.entries)
            if taken is not None:
                call.answer(tuple(taken[at:behind]))
            else:
                self._settle_one(call, answers[at:behind])
            at = behind

    def _settle_one(self, call: Call, answers: Sequence[Answered]) -> None:
        for entry, answer in zip(call.entries, answers, strict=True):
            if answer.code == "version":
                self._next.moved(entry.stream)
            elif answer.answer != "ok":
                self._next.forget(entry.stream)
        no = next((answer for answer in answers if answer.is_no and answer.code != "group"), None)
        if no is None:
            call.answer(tuple([Recorded(a.seq, a.answer == "duplicate") for a in answers]))
            return
        code = no.code
        if code == "version":
            self._once_more(
                call, Conflict("others kept changing the same thing", fix="read it again, then repeat")
            )
        elif no.answer == "conflict":
            call.answer(
                Conflict(f"the journal answered conflict ({code})", fix="use a fresh key for another body")
            )
        else:
            says, fix = in_words(code)
            call.answer(Refused(code, says, fix=fix))

    def _nothing_known(self, calls: Sequence[Call]) -> None:
        for call in calls:
            for entry in call.entries:
                self._next.forget(entry.stream)

    def _broke(self, calls: Sequence[Call], bad: psycopg.Error) -> None:
        """The append did not answer: tell each caller what that means for it."""
        if isinstance(bad, PoolTimeout):
            refuse(calls, "the database cannot be reached")
        elif isinstance(bad, InvalidSqlStatementName):  # somebody let go of what the line had prepared
            for call in calls:
                self._once_more(call, not_taken("the connection lost its statements"))
        elif not connection_broke(bad):
            refuse(calls, f"the journal did not take it: {first_line(bad)}")
        else:
            for call in calls:
                call.doubtful = True
                if call.safe_to_repeat:
                    self._once_more(
                        call, in_doubt("the database keeps dropping the connection"), after=BACK_OFF
                    )
                else:
                    call.answer(in_doubt("the connection broke while the journal was asked"))

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
