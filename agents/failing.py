"""An endpoint that fails, played on the loopback: busy, broken, silent. What we do about it is measured.

Rule 1: it listens while it is asked and no longer, and nobody else is told its port.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from langchain_core.messages import HumanMessage

from agents.model import Endpoint, Unusable, Waits, at, think
from core.clock import WallClock

ANSWERS: Final = (
    b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 60\r\ncontent-length: 2\r\n\r\n{}",
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{}",
    b"",  # nothing, for ever
)
WAITS: Final = Waits(timedelta(seconds=3), timedelta(milliseconds=300), timedelta(seconds=3))


async def passed_over() -> timedelta:
    """The longest that one of them held a thought up.

    Raises:
        TypeError: one of them was not passed over.
    """
    return max([await _held_up(answer) for answer in ANSWERS])


async def _held_up(answer: bytes) -> timedelta:
    done = asyncio.Event()

    async def fails(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # it left before it had asked
            await reader.readuntil(b"\r\n\r\n")
        if answer:
            writer.write(answer)
            await writer.drain()
        else:
            await done.wait()
        writer.close()

    server = await asyncio.start_server(fails, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    clock = WallClock()
    begun_ns = clock.monotonic_ns()
    try:
        await think(
            at(Endpoint("failing", f"http://127.0.0.1:{port}/v1", str, waits=WAITS)),
            [HumanMessage("ready?")],
            [],
            lambda _: None,
        )
    except Unusable:
        return timedelta(microseconds=(clock.monotonic_ns() - begun_ns) // 1000)
    finally:
        done.set()
        server.close()
    raise TypeError("an endpoint that fails was believed")
