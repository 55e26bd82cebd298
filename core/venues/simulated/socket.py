"""The simulated venue's socket interface: the sessions that `core/venues/frames.py` describes.

Rule 1: a session belongs to who holds the key; it lives as long as the venue's process.
Rule 2: who takes a session up again ends its earlier connection first: nothing is read of that one any more.
Rule 3: an answer waits until its customer says that it came. Who never says so loses the session.
Rule 4: a fault that breaks an answer off ends the session, too: it is in doubt, as the fault wants it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from core.errors import BadInput
from core.venues.frames import BEAT, SILENT_BEATS, line, next_line
from core.venues.simulated.faults import Mishap
from core.venues.simulated.service import ORDERS, Answer, Service

LONGEST_QUESTION: Final = 1 << 17  # bytes
MOST_SESSIONS: Final = 64
MOST_WAITING: Final = 65_536  # answers that nobody said came
LONGEST_WAIT: Final = timedelta(seconds=20)


@dataclass(eq=False)
class Session:
    """`seen` is the last question that was read, `said` the last answer that was made."""

    seen: int = 0
    said: int = 0
    waiting: deque[tuple[int, bytes]] = field(default_factory=deque)
    writer: asyncio.StreamWriter | None = None
    reading: asyncio.Task[None] | None = None

    def got(self, until: Any) -> None:
        while isinstance(until, int) and self.waiting and self.waiting[0][0] <= until:
            self.waiting.popleft()

    def answer(self, **fields: Any) -> None:
        self.said += 1
        text = line(s=self.said, **fields)
        self.waiting.append((self.said, text))
        if self.writer is not None:
            self.writer.write(text)


class Sockets:
    """Serves one venue's sessions."""

    def __init__(self, service: Service, *, key: str) -> None:
        self._service = service
        self._key = key.encode()
        self._sessions: dict[str, Session] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        hello = (await next_line(reader, BEAT * SILENT_BEATS) or {}).get("hello")
        if not isinstance(hello, dict) or not self._knows(hello):
            writer.write(line(bye="the key or the venue's name is wrong"))
            writer.close()
            return
        name = hello["session"]
        session, resumed = await self._session(name)
        session.got(hello.get("got"))
        session.writer = writer
        told = {"venue": self._service.name, "simulated": True, "resumed": resumed, "seen": session.seen}
        beat_ms = BEAT // timedelta(milliseconds=1)
        writer.write(line(welcome={**told, "beat_ms": beat_ms}))
        writer.writelines([text for _, text in session.waiting])
        session.reading = asyncio.create_task(self._read(name, session, reader, writer))
        with contextlib.suppress(asyncio.CancelledError):
            await session.reading
        writer.close()

    async def _session(self, name: str) -> tuple[Session, bool]:
        known = self._sessions.pop(name, None)
        if known is not None and known.reading is not None:
            known.reading.cancel()
            await asyncio.wait([known.reading])
        while len(self._sessions) >= MOST_SESSIONS:
            self._end(next(iter(self._sessions)))
        self._sessions[name] = known or Session()
        return self._sessions[name], known is not None

    async def _read(
        self, name: str, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        beating = asyncio.create_task(_beat(session, writer))
        try:
            while (said := await next_line(reader, BEAT * SILENT_BEATS)) is not None:
                session.got(said.get("beat"))
                if "n" not in said:
                    continue
                if said["n"] != session.seen + 1 or len(session.waiting) >= MOST_WAITING:
                    writer.write(line(bye="a gap in the questions, or answers that nobody takes"))
                    self._end(name)
                    return
                session.seen += 1
                task = asyncio.create_task(self._answer(name, session, said))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
                await writer.drain()
        except ConnectionError:
            pass  # the other side is gone: its session waits for it
        finally:
            beating.cancel()
            if session.writer is writer:
                session.writer = None

    async def _answer(self, name: str, session: Session, asked: dict[str, Any]) -> None:
        try:
            answer = await told_of(self._service, asked)
        except BadInput as no:
            told = {"answer": "refused", "code": "bad_input", "reason": str(no)}
            answer = Answer(400, {**told, "venue": self._service.name, "simulated": True})
        if asked.get("ask") in ORDERS:
            await self._service.leave()
        if answer.mishap is Mishap.TIME_OUT:
            return
        if answer.mishap in (Mishap.DROP, Mishap.CUT):
            self._break_off(name, session, answer)
            return
        session.answer(n=asked["n"], status=answer.status, told=answer.body)

    def _break_off(self, name: str, session: Session, answer: Answer) -> None:
        writer = session.writer
        self._end(name)
        if writer is None:
            return
        if answer.mishap is Mishap.CUT:
            text = line(s=session.said + 1, status=answer.status, told=answer.body)
            writer.write(text[: len(text) // 2])
            writer.close()
        else:
            writer.transport.abort()

    def _end(self, name: str) -> None:
        ended = self._sessions.pop(name, None)
        if ended is not None:
            ended.writer = None

    def _knows(self, hello: dict[str, Any]) -> bool:
        key, session = hello.get("key"), hello.get("session")
        if not isinstance(key, str) or not isinstance(session, str) or not 0 < len(session) <= 64:
            return False
        return hmac.compare_digest(key.encode(), self._key) and hello.get("venue") == self._service.name


async def told_of(service: Service, asked: dict[str, Any]) -> Answer:
    """What the venue says to one question, as its customers put it.

    Raises:
        BadInput: there is no such question.
    """
    word, order, of = asked.get("ask"), str(asked.get("order")), asked.get("of") or {}
    if word == "simulation":
        return await service.control(of)
    met = await service.arrive(str(word))
    if met is not None:
        return met
    match word:
        case "send":
            return await service.send(str(asked.get("body")).encode())
        case "replace":
            return await service.replace(str(asked.get("body")).encode())
        case "cancel":
            return await service.cancel(order)
        case "lookup":
            return await service.lookup(order)
        case "lookups":
            return await service.lookups(of.get("orders") if isinstance(of, dict) else None)
        case "reports":
            wait = timedelta(milliseconds=_count(of, "wait_ms"))
            return await service.reports(_count(of, "after"), min(wait, LONGEST_WAIT))
        case "newest":
            return service.newest()
        case "quotes":
            return service.quotes(str(of.get("symbols", "")).split(","))
        case "capabilities":
            return service.capabilities()
        case "health":
            return service.health()
    raise BadInput(f"there is no question {word!r}", fix="ask what the port asks", field="ask")


async def _beat(session: Session, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(line(beat=session.seen))
        await asyncio.sleep(BEAT.total_seconds())


def _count(of: Any, name: str) -> int:
    text = str(of.get(name, "0")) if isinstance(of, dict) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadInput(f"{name} {text!r} is not a count", fix="give a whole number from 0", field=name)
    return int(text)
