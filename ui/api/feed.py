"""Live feeds of the record as server-sent events.

Events: what the feed is of; `heartbeat {seq, caught_up}`; `trouble {code, says, fix}` (the database does not
answer, and the feed goes on); `end {code, says, fix}` (the last one). The id of an event is a sequence:
whoever comes back with it in `Last-Event-ID` has missed nothing and gets nothing twice.

Rule 1: a feed reads a page when the one before it has been taken: a slow reader costs no memory.
Rule 2: a reader that lets us wait is told so and ended; it may come back. One that takes nothing is dropped.
Rule 3: all feeds of a process look for news together and read two at a time: people's requests go first.
Rule 4: the ticket is presented for every page and every heartbeat: a feed ends with its session.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from core.errors import GatehouseError, Refused, SignInRequired, WorldFailed
from core.feed.chosen import Chosen
from core.feed.record import Page, Record
from core.ids import PersonId
from ui.api.chosen import PAGE
from ui.sse import Event, written

LOOKS_EVERY: Final = timedelta(milliseconds=150)
HEARTBEAT: Final = timedelta(seconds=5)
AWAY: Final = timedelta(seconds=1)  # after the database did not answer
MOST_OF_ONE: Final = 8  # feeds that one person may have open
MOST: Final = 200  # feeds of this process
READS_AT_ONCE: Final = 2
TAKES_WITHIN: Final = timedelta(seconds=15)  # what one page may wait for its reader
DROPPED_AFTER: Final = timedelta(seconds=60)

SLOW: Final = written(
    Event(
        "end",
        {
            "code": "slow_reader",
            "says": "this feed waited too long for its reader",
            "fix": "come back with the last id that you have in Last-Event-ID",
        },
    )
)

STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "server-sent events: what the feed is of, heartbeat {seq, caught_up}, "
        "trouble {code, says, fix}, end {code, says, fix}; the id is a sequence, for Last-Event-ID",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}

log = structlog.get_logger(__name__)

Told = Callable[[Page], Awaitable[Sequence[Event]]]


@dataclass(slots=True)
class Feeds:
    """The open feeds of this process, and what they share."""

    reads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READS_AT_ONCE))
    stopping: bool = (
        False  # this process ends: each feed ends where it is, and its reader may go on elsewhere
    )
    _open: Counter[PersonId] = field(default_factory=Counter)
    _head: int = 0
    _no: WorldFailed | None = None
    _good_until: float = 0.0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def enter(self, person: PersonId) -> None:
        """Count one more feed of that person.

        Raises:
            Refused: there are enough.
        """
        if self._open[person] >= MOST_OF_ONE or self._open.total() >= MOST:
            raise Refused("too_many", "too many live feeds are open", fix="close one of them, then try again")
        self._open[person] += 1

    def stop(self) -> None:
        """End them all, without waiting for it. May be called from a signal's handler."""
        self.stopping = True

    def leave(self, person: PersonId) -> None:
        self._open[person] -= 1

    async def head(self, record: Record) -> int:
        """The newest sequence, looked up once for all who ask within a moment.

        Raises:
            WorldFailed: the database did not answer.
        """
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() >= self._good_until:
                try:
                    self._head, self._no = await record.head(), None
                except WorldFailed as no:
                    self._no = no
                self._good_until = loop.time() + (AWAY if self._no else LOOKS_EVERY).total_seconds()
        if self._no:
            raise self._no
        return self._head

    async def beyond(self, record: Record, seq: int) -> None:
        """Until the record goes further than that, a heartbeat is due, or the process ends.

        Raises:
            WorldFailed: the database did not answer.
        """
        ends = asyncio.get_running_loop().time() + HEARTBEAT.total_seconds()
        while await self.head(record) <= seq and asyncio.get_running_loop().time() < ends:
            if self.stopping:
                return
            await asyncio.sleep(LOOKS_EVERY.total_seconds())


def feeds_of(request: Request) -> Feeds:
    """The feeds of the process that serves this request."""
    return cast(Feeds, request.app.state.feeds)


@dataclass(frozen=True, slots=True)
class Following:
    """Who follows what, and how a page of it is told."""

    record: Record
    ticket: str
    chosen: Chosen
    tell: Told


async def followed(feeds: Feeds, following: Following, page: Page) -> AsyncIterator[Sequence[Event]]:
    """The events of one feed from its first page on, in the portions that are read, until it ends."""
    events, down = await following.tell(page), False
    while True:
        yield (*events, _heartbeat(page))
        if feeds.stopping:
            return
        try:
            page = await _next(feeds, following, page)
            events, down = await following.tell(page), False
        except SignInRequired as no:
            yield (_no("end", "session_ended", no, page.after),)
            return
        except WorldFailed as no:
            if not down:
                yield (_no("trouble", "not_reachable", no, page.after),)
            page, events, down = Page((), page.after, page.after + 1), (), True
            await asyncio.sleep(AWAY.total_seconds())
        except GatehouseError as no:
            yield (_no("end", "stopped", no, page.after),)
            return


async def _next(feeds: Feeds, following: Following, page: Page) -> Page:
    if page.caught_up:
        await feeds.beyond(following.record, page.after)
    async with feeds.reads:
        return await following.record.page(following.ticket, following.chosen, after=page.after, most=PAGE)


def _heartbeat(page: Page) -> Event:
    """How far the feed has looked, and whether that is all there is."""
    return Event("heartbeat", {"seq": page.after, "caught_up": page.caught_up}, str(page.after))


def _no(name: str, code: str, no: GatehouseError, seq: int) -> Event:
    return Event(name, {"code": code, "says": no.says, "fix": no.fix}, str(seq))


class FeedResponse(StreamingResponse):
    """A feed on its way to one reader, with what may be waited for it."""

    def __init__(self, feeds: Feeds, person: PersonId, portions: AsyncIterator[Sequence[Event]]) -> None:
        super().__init__(
            _bytes(portions), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )
        self._leave: Callable[[], None] = lambda: feeds.leave(person)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

    async def stream_response(self, send: Send) -> None:
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(head)
        try:
            async for chunk in self.body_iterator:
                took = await _taken(send, cast(bytes, chunk))
                if took > TAKES_WITHIN:
                    await _taken(send, SLOW)
                    break
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.warning("feed dropped", says="its reader took nothing", seconds=DROPPED_AFTER.total_seconds())


async def _taken(send: Send, chunk: bytes) -> timedelta:
    """How long it waited until its reader made room for it.

    Raises:
        TimeoutError: the reader takes nothing.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.timeout(DROPPED_AFTER.total_seconds()):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    return timedelta(seconds=loop.time() - begun)


async def _bytes(portions: AsyncIterator[Sequence[Event]]) -> AsyncIterator[bytes]:
    async for events in portions:
        yield b"".join(written(event) for event in events)
