"""Appending to the journal, for every door: callers wait together for one append, one commit.

Rule 1: nothing is acknowledged before its commit; if the append does not happen, the caller is told so
    before it does anything else.
Rule 2: a lost connection is an unknown outcome unless every entry has a key: then the same call is safe
    again, and is made.
Rule 3: a stream's version that moved under us is read again a few times; then it is the caller's conflict.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg_pool import PoolTimeout

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.statements import statements
from core.errors import Conflict, GatehouseError, OutcomeUnknown, Refused, WorldFailed
from core.fact import Entry
from core.ids import uuid7
from core.ledger.envelope import Recorded, payload_of, text_of
from core.ledger.refusals import in_words

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
BATCH: Final = 128  # entries in one append: measured with `gatehouse bench journal`
TRIES: Final = 5  # at a version that others move
BACK_OFF: Final = timedelta(milliseconds=100)  # doubled at each try, while a server comes back
WAITS: Final = timedelta(seconds=15)  # for the acknowledgement


@dataclass(slots=True)
class _Call:
    """One caller's entries, waiting. Those of one call are neighbours in the batch."""

    entries: tuple[Entry, ...]
    payloads: tuple[str, ...]
    done: asyncio.Future[tuple[Recorded, ...]]
    tries: int = 0

    @property
    def safe_to_repeat(self) -> bool:
        """Every entry has a key: the append itself answers whether it happened."""
        return all(entry.key is not None for entry in self.entries)


class Journal:
    """Opened with `async with`; one for each process and login."""

    def __init__(self, pool: AsyncPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._waiting: asyncio.Queue[_Call] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="journal")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        """Append these, in this order. Several together happen all or not at all.

        Raises:
            Refused: the law says no; its code and words tell why. Nothing was recorded but the refusal.
            Conflict: a key came with another body, or the stream kept moving. Nothing was recorded.
            BadInput: a text holds what no journal can. Nobody else's entries are touched by it.
            WorldFailed: the database did not take it. Nothing was recorded.
            OutcomeUnknown: the connection broke on the way and an entry has no key: look before you repeat.
        """
        if not entries:
            return ()
        payloads = tuple(payload_of(entry) for entry in entries)
        call = _Call(entries, payloads, asyncio.get_running_loop().create_future())
        await self._waiting.put(call)
        try:
            async with asyncio.timeout(WAITS.total_seconds()):
                return await asyncio.shield(call.done)
        except TimeoutError as bad:
            raise OutcomeUnknown(
                "the journal did not acknowledge in time", fix="look whether it happened before you repeat it"
            ) from bad

    async def _run(self) -> None:
        while True:
            calls = [await self._waiting.get()]
            while sum(len(c.entries) for c in calls) < BATCH and not self._waiting.empty():
                calls.append(self._waiting.get_nowait())
            try:
                again = await self._append(calls)
            except GatehouseError as bad:
                for call in calls:
                    if not call.done.done():
                        call.done.set_exception(bad)
                continue
            for call in again:
                self._waiting.put_nowait(call)

    async def _append(self, calls: Sequence[_Call]) -> Sequence[_Call]:
        """Append one batch, answer its callers, and return those whose stream moved: they try again."""
        try:
            rows = await self._rows(calls)
        except PoolTimeout as bad:
            raise WorldFailed(
                "the database cannot be reached", fix="nothing was recorded; try again"
            ) from bad
        except (psycopg.OperationalError, psycopg.InterfaceError) as bad:
            if not _connection_broke(bad):
                raise WorldFailed(
                    f"the journal did not take it: {_first_line(bad)}", fix="nothing was recorded; try again"
                ) from bad
            for call in calls:
                if not call.safe_to_repeat:
                    _doubt(call)
            repeated = [c for c in calls if c.safe_to_repeat and _try_again(c, "connection")]
            if repeated:
                await asyncio.sleep(BACK_OFF.total_seconds() * 2 ** repeated[0].tries)
            return repeated
        except psycopg.Error as bad:
            raise WorldFailed(
                f"the journal did not take it: {_first_line(bad)}", fix="nothing was recorded; try again"
            ) from bad
        again: list[_Call] = []
        at = 0
        for call in calls:
            mine = rows[at : at + len(call.entries)]
            at += len(call.entries)
            if any(row["answer"] == "conflict" and row["code"] == "version" for row in mine):
                if _try_again(call, "version"):
                    again.append(call)
            else:
                _settle(call, mine)
        return again

    async def _rows(self, calls: Sequence[_Call]) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            streams = sorted({entry.stream for call in calls for entry in call.entries})
            cursor = await connection.execute(SQL["stream_versions"], {"streams": streams})
            versions = {row["stream"]: int(row["version"]) for row in await cursor.fetchall()}
            items = self._items(calls, versions)
            cursor = await connection.execute(SQL["append"], {"entries": json.dumps(items)})
            return await cursor.fetchall()

    def _items(self, calls: Sequence[_Call], versions: dict[str, int]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        for number, call in enumerate(calls):
            for entry, payload in zip(call.entries, call.payloads, strict=True):
                versions[entry.stream] = versions.get(entry.stream, 0) + 1
                text = text_of(
                    entry,
                    payload,
                    event_id=uuid7(self._clock),
                    stream_version=versions[entry.stream],
                    occurred_at=self._clock.now(),
                    mono_ns=self._clock.monotonic_ns(),
                )
                item = {"text": text, "ticket": entry.ticket, "key": entry.key}
                if len(call.entries) > 1:
                    item["group"] = str(number)
                items.append(item)
        return items


def _try_again(call: _Call, why: str) -> bool:
    """Whether there is another try; if not, the caller has its answer."""
    call.tries += 1
    if call.tries < TRIES:
        return True
    if not call.done.done():
        if why == "version":
            call.done.set_exception(
                Conflict("others kept changing the same thing", fix="read it again, then repeat")
            )
        else:
            call.done.set_exception(
                OutcomeUnknown("the database keeps dropping the connection", fix="look whether it happened")
            )
    return False


def _doubt(call: _Call) -> None:
    if not call.done.done():
        call.done.set_exception(
            OutcomeUnknown(
                "the connection broke while the journal was asked",
                fix="look whether it happened before you repeat it",
            )
        )


def _settle(call: _Call, rows: Sequence[dict[str, Any]]) -> None:
    if call.done.done():
        return
    for row in rows:
        if row["answer"] == "refused" and row["code"] != "group":
            says, fix = in_words(row["code"])
            call.done.set_exception(Refused(row["code"], says, fix=fix))
            return
        if row["answer"] == "conflict" and row["code"] != "group":
            call.done.set_exception(
                Conflict(
                    f"the journal answered conflict ({row['code']})", fix="use a fresh key for another body"
                )
            )
            return
    call.done.set_result(tuple(Recorded(row["at_seq"], row["answer"] == "duplicate") for row in rows))


def _connection_broke(bad: psycopg.Error) -> bool:
    """No SQLSTATE, or class 08 or 57P: the server may have committed before the line went."""
    return bad.sqlstate is None or bad.sqlstate.startswith(("08", "57P"))


def _first_line(bad: psycopg.Error) -> str:
    return (str(bad).splitlines() or [type(bad).__name__])[0]
