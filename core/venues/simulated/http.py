"""The simulated venue's HTTP interface: HTTP/1.1 on the loopback, a key with every order message and read.

Rule 1: a request is answered in full, or its connection ends; the faults decide which, never an accident.
Rule 2: nothing of a request is believed before its key is.
`GET /health` alone needs no key. `GET /clearing` has one of its own, which opens nothing else.
`POST /simulation` steers the simulation and is no part of a venue.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import h11

from core.errors import BadInput
from core.venues.simulated.faults import Mishap
from core.venues.simulated.service import Answer, Service

IDLE: Final = timedelta(seconds=75)
LONGEST_BODY: Final = 65_536
LONGEST_WAIT: Final = timedelta(seconds=20)
STEERING: Final = "/simulation"
AT_ONCE: Final = frozenset({STEERING, "/lookups"})  # no late answer is made of these
CLEARING: Final = "/clearing"
_READ: Final = 65_536


@dataclass(frozen=True, slots=True)
class Asked:
    verb: str
    path: str
    query: dict[str, list[str]]
    key: str
    body: bytes


VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {"POST": "send", "PUT": "replace", "DELETE": "cancel", "GET": "lookup"}
)
"""Of what is said of `/orders`."""


def _verb_of(asked: Asked) -> str:
    first, *_ = asked.path.strip("/").split("/")
    return VERBS.get(asked.verb, asked.verb) if first == "orders" else first


class Interface:
    """Serves one venue's connections. `key` is the one that its customer was given.

    `clearing` is the key of those who clear there: it reads what was executed for whom, and nothing else.
    """

    def __init__(self, service: Service, *, key: str, clearing: str = "") -> None:
        self._service = service
        self._key = key.encode()
        self._clearing = clearing.encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        connection = h11.Connection(h11.SERVER)
        try:
            while connection.states[h11.CLIENT] is h11.IDLE:
                asked = await next_request(connection, reader)
                if asked is None:
                    break
                answer = await self._answer(asked)
                if answer.mishap is Mishap.TIME_OUT:
                    await _hold(reader)
                if asked.verb != "GET" and asked.path not in AT_ONCE:
                    await self._service.leave()
                if not await told(connection, writer, answer) or connection.our_state is not h11.DONE:
                    break
                connection.start_next_cycle()
        except (h11.ProtocolError, ConnectionError, TimeoutError):
            pass  # the other side broke off or spoke no HTTP: there is nobody left to tell
        finally:
            writer.close()

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/health":
            return await self._service.arrive("health") or self._service.health()
        if asked.path == CLEARING:
            return await self._cleared(asked)
        if not hmac.compare_digest(asked.key.encode(), self._key):
            return self._no(401, "no_key", "the key is missing or wrong")
        steers = asked.path == STEERING
        met = None if steers else await self._service.arrive(_verb_of(asked))
        if met is not None:
            return met
        if len(asked.body) > LONGEST_BODY:
            return self._no(413, "too_long", f"a message has at most {LONGEST_BODY} bytes")
        try:
            return await self._routed(asked)
        except BadInput as no:
            return self._no(400, "bad_input", str(no))

    async def _cleared(self, asked: Asked) -> Answer:
        if not self._clearing or not hmac.compare_digest(asked.key.encode(), self._clearing):
            return self._no(401, "no_key", "the key is missing or wrong")
        try:
            return self._service.cleared(_count(asked, "after"))
        except BadInput as no:
            return self._no(400, "bad_input", str(no))

    async def _routed(self, asked: Asked) -> Answer:
        match asked.verb, asked.path.strip("/").split("/"):
            case "POST", ["orders"]:
                return await self._service.send(asked.body)
            case "PUT", ["orders"]:
                return await self._service.replace(asked.body)
            case "GET", ["orders", order]:
                return await self._service.lookup(unquote(order))
            case "DELETE", ["orders", order]:
                return await self._service.cancel(unquote(order))
            case "POST", ["lookups"]:
                given = _json(asked.body)
                return await self._service.lookups(given.get("orders") if isinstance(given, dict) else None)
            case "GET", ["reports"]:
                after, wait = _count(asked, "after"), timedelta(milliseconds=_count(asked, "wait_ms"))
                return await self._service.reports(after, min(wait, LONGEST_WAIT))
            case "GET", ["reports", "newest"]:
                return self._service.newest()
            case "GET", ["quotes"]:
                return self._service.quotes(",".join(asked.query.get("symbols", [])).split(","))
            case "GET", ["capabilities"]:
                return self._service.capabilities()
            case "POST", ["simulation"]:
                return await self._service.control(_json(asked.body))
        return self._no(404, "no_such_page", f"there is no {asked.verb} {asked.path}")

    def _no(self, status: int, code: str, says: str) -> Answer:
        told = {"answer": "refused", "code": code, "reason": says}
        return Answer(status, {**told, "venue": self._service.name, "simulated": True})


async def next_request(
    connection: h11.Connection, reader: asyncio.StreamReader, *, longest: int = LONGEST_BODY
) -> Asked | None:
    """The next whole request; None when the other side is done. Of a body above `longest` not all is kept."""
    request: h11.Request | None = None
    body = bytearray()
    async with asyncio.timeout(IDLE.total_seconds()):
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(_READ))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                if len(body) <= longest:
                    body += event.data
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                return _asked(request, bytes(body))
            else:
                return None


def _asked(request: h11.Request, body: bytes) -> Asked:
    target = urlsplit(request.target.decode("ascii"))
    headers = {bytes(name): bytes(value) for name, value in request.headers}
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return Asked(
        verb=request.method.decode("ascii"),
        path=target.path,
        query=parse_qs(target.query),
        key=key if scheme.lower() == "bearer" else "",
        body=body,
    )


async def _hold(reader: asyncio.StreamReader) -> None:
    """Leave the other side without an answer until it goes."""
    async with asyncio.timeout(IDLE.total_seconds()):
        while await reader.read(_READ):
            pass


async def told(connection: h11.Connection, writer: asyncio.StreamWriter, answer: Answer) -> bool:
    """Whether the connection can go on after this answer."""
    if answer.mishap is Mishap.DROP:
        writer.transport.abort()
    if answer.mishap in (Mishap.DROP, Mishap.TIME_OUT):
        return False
    text = json.dumps(answer.body, separators=(",", ":")).encode()
    headers = [("content-type", "application/json"), ("content-length", str(len(text)))]
    sent = connection.send(h11.Response(status_code=answer.status, headers=headers)) or b""
    if answer.mishap is Mishap.CUT:
        writer.write(sent + text[: len(text) // 2])
        await writer.drain()
        return False
    sent += connection.send(h11.Data(data=text)) or b""
    sent += connection.send(h11.EndOfMessage()) or b""
    writer.write(sent)
    await writer.drain()
    return True


def _count(asked: Asked, name: str) -> int:
    text = asked.query.get(name, ["0"])[-1]
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadInput(f"{name} {text!r} is not a count", fix="give a whole number from 0", field=name)
    return int(text)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as bad:
        raise BadInput("the body is not JSON", fix="send one JSON object", field="body") from bad
