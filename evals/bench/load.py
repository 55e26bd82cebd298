"""A light HTTP load generator on raw streams: so many connections, each with one request under way.

It reads the status and Content-Length of an answer and nothing else: little of the machine is its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter_ns


@dataclass(slots=True)
class Sent:
    """What came of it. Milliseconds of each call, and how many answers of each status."""

    rate: float = 0.0
    calls_ms: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def request(path: str, body: bytes, bearer: str) -> bytes:
    """The bytes of one POST over a connection that stays."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bearer}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def sent(port: int, requests: Iterable[bytes], *, connections: int) -> Sent:
    """Send them all, each as soon as a connection is free."""
    waiting, said = deque(requests), Sent()
    count, begun = len(waiting), perf_counter_ns()
    await asyncio.gather(*(_connection(port, waiting, said) for _ in range(connections)))
    said.rate = count / ((perf_counter_ns() - begun) / 1e9)
    return said


async def _connection(port: int, waiting: deque[bytes], said: Sent) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while waiting:
            asked = waiting.popleft()
            begun = perf_counter_ns()
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            said.calls_ms.append((perf_counter_ns() - begun) / 1e6)
            said.statuses[int(head[9:12])] += 1
    finally:
        writer.close()
