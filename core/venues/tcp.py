"""A venue over a socket session: a client of the lines that `core/venues/frames.py` describes.

Rule 1: a question that the venue says it never saw is `WorldFailed`: nothing was accepted.
Rule 2: a broken connection is taken up again while anybody waits; what was answered meanwhile comes then.
Rule 3: where the session itself is lost, what was asked in it is doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from core.errors import WorldFailed
from core.ids import VenueName
from core.venues.asking import Ask, AskingVenue, NoAnswer, Told
from core.venues.frames import BEAT, LONGEST_LINE, SILENT_BEATS, line, next_line

AGAIN: Final = timedelta(milliseconds=50)  # between two tries to take up a connection
CONNECTING: Final = timedelta(seconds=2)


class TcpVenue(AskingVenue):
    """Its connection is made with the first question. `url` is `tcp://host:port`."""

    def __init__(self, name: VenueName, url: str, *, key: str) -> None:
        super().__init__(name)
        parts = urlsplit(url)
        self._where = (parts.hostname or "", parts.port or 0)
        self._key = key
        self._session = uuid4().hex
        self._asked = self._got = 0
        self._waiting: dict[int, asyncio.Future[Told]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._taking_up: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def close(self) -> None:
        self._closed = True
        for task in [*self._tasks, *([self._taking_up] if self._taking_up else [])]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def carried(self, ask: Ask, *, timeout: timedelta) -> Told:
        seconds = timeout.total_seconds()
        number: int | None = None
        try:
            async with asyncio.timeout(seconds):
                while self._writer is None:
                    await self._up()
                self._asked += 1
                number, answered = self._asked, asyncio.get_running_loop().create_future()
                self._waiting[number] = answered
                self._writer.write(_question(number, ask))
                told: Told = await answered
                return told
        except TimeoutError as late:
            if number is None:
                raise self.away("it cannot be reached") from late
            raise NoAnswer("no answer in time") from late
        finally:
            if number is not None:
                self._waiting.pop(number, None)

    async def _up(self) -> None:
        """Wait for the one try to connect that is under way, or begin it."""
        if self._taking_up is None or self._taking_up.done():
            self._taking_up = asyncio.create_task(self._connect())
        await asyncio.shield(self._taking_up)

    async def _connect(self) -> None:
        """Raises WorldFailed: nobody is there, or it does not want us."""
        try:
            async with asyncio.timeout(CONNECTING.total_seconds()):
                reader, writer = await asyncio.open_connection(*self._where, limit=LONGEST_LINE)
        except (OSError, TimeoutError) as bad:
            raise self.away(str(bad) or type(bad).__name__) from bad
        hello = {"venue": self._name, "key": self._key, "session": self._session, "got": self._got}
        writer.write(line(hello=hello))
        welcome = (await next_line(reader, CONNECTING) or {}).get("welcome")
        if not isinstance(welcome, dict) or welcome.get("venue") != self._name:
            writer.close()
            raise self.away("it does not welcome us")
        self._resume(welcome)
        self._writer = writer
        for task in (self._listen(reader, writer), self._beat(writer)):
            running = asyncio.create_task(task)
            self._tasks.add(running)
            running.add_done_callback(self._tasks.discard)

    def _resume(self, welcome: dict[str, Any]) -> None:
        """What became of what was asked before the connection broke."""
        if welcome.get("resumed") is not True:
            self._forget(NoAnswer("the session was lost"))
            return
        seen = int(welcome["seen"])
        for number in [number for number in self._waiting if number > seen]:
            self._fail(number, self.away("the connection broke before it was read"))
        self._asked = seen

    def _forget(self, why: Exception) -> None:
        for number in list(self._waiting):
            self._fail(number, why)
        self._asked = self._got = 0

    def _fail(self, number: int, why: Exception) -> None:
        answered = self._waiting.pop(number)
        if not answered.done():
            answered.set_exception(why)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (said := await next_line(reader, BEAT * SILENT_BEATS)) is not None:
            if "s" in said and not self._take(said):
                break
        writer.transport.abort()
        if self._writer is writer:
            self._writer = None
        if self._waiting and not self._closed:
            task = asyncio.create_task(self._take_up())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take_up(self) -> None:
        """Come back while anybody waits: who does not wait any more has made it doubt."""
        while self._waiting and self._writer is None:
            try:
                await self._up()
            except WorldFailed:
                await asyncio.sleep(AGAIN.total_seconds())

    def _take(self, said: dict[str, Any]) -> bool:
        """Whether this answer is the next one."""
        if said.get("s") != self._got + 1 or not isinstance(said.get("status"), int):
            return False
        self._got += 1
        answered = self._waiting.get(said.get("n", 0))
        if answered is not None and not answered.done():
            answered.set_result(Told(said["status"], said.get("told")))
        return True

    async def _beat(self, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(line(beat=self._got))
            await asyncio.sleep(BEAT.total_seconds())


def _question(number: int, ask: Ask) -> bytes:
    body = None if ask.body is None else ask.body.decode()
    return line(n=number, ask=ask.word, order=ask.order, body=body, of=dict(ask.of))
