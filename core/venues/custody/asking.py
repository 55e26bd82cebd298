"""One question over HTTP/1.1, asked and answered whole, on a connection of its own.

Rule 1: nothing of it outlives the timeout; an answer that is not JSON, or not whole, is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import h11

from core.errors import WorldFailed

LONGEST_ANSWER: Final = 32_000_000
_READ: Final = 65_536


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who is asked, and the key that it knows us by."""

    name: str
    url: str
    key: str = field(repr=False)


async def asked(
    peer: Peer, path: str, *, timeout: timedelta, body: Mapping[str, Any] | None = None
) -> tuple[int, Any]:
    """The status and what the JSON says. With a body it is a POST, else a GET.

    Raises:
        WorldFailed: no whole answer came in time.
    """
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            status, said = await _asked(peer, path, body)
            return status, json.loads(said)
    except (OSError, TimeoutError, ValueError, RecursionError, h11.ProtocolError) as bad:
        why = str(bad) or type(bad).__name__
        raise WorldFailed(f"{peer.name} cannot be asked: {why}", fix="it is asked again") from bad


async def _asked(peer: Peer, path: str, body: Mapping[str, Any] | None) -> tuple[int, bytes]:
    where = urlsplit(peer.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        connection = h11.Connection(h11.CLIENT)
        writer.write(_question(connection, peer, path, None if body is None else json.dumps(body).encode()))
        await writer.drain()
        return await _answer(connection, reader)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _question(connection: h11.Connection, peer: Peer, path: str, body: bytes | None) -> bytes:
    headers = [("host", "gatehouse"), ("authorization", f"Bearer {peer.key}"), ("connection", "close")]
    if body is not None:
        headers += [("content-type", "application/json"), ("content-length", str(len(body)))]
    request = h11.Request(method="GET" if body is None else "POST", target=path, headers=headers)
    sent = connection.send(request) or b""
    if body is not None:
        sent += connection.send(h11.Data(data=body)) or b""
    return sent + (connection.send(h11.EndOfMessage()) or b"")


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, bytes]:
    status, said = 0, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            said += event.data
            if len(said) > LONGEST_ANSWER:
                raise ValueError("the answer is too long")
        elif isinstance(event, h11.EndOfMessage):
            return status, bytes(said)
        elif isinstance(event, h11.ConnectionClosed):
            raise ValueError("the connection ended without an answer")
