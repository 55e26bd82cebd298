"""Ports: the front's is the user's choice, the others are ours, on the loopback.

Rule 1: a taken port is said in one line before anything starts.
Rule 2: ours lie below the kernel's own range for outgoing connections, so that a process which ends can have
    its port again.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from typing import Final

from core.errors import WorldFailed

LOOPBACK: Final = "127.0.0.1"
OURS: Final = range(20_000, 32_000)
TRIES: Final = 200


def refuse_taken(host: str, port: int) -> None:
    """Nothing, where `host`:`port` can be listened on.

    Raises:
        WorldFailed: it cannot, and why.
    """
    why = _why_not(host, port)
    if why is not None:
        raise WorldFailed(
            f"port {port} on {host} cannot be opened: {why}",
            fix="stop what listens there, or choose another with GATEHOUSE_PORT=8090",
        )


def free(count: int) -> tuple[int, ...]:
    """So many different free ports.

    Raises:
        WorldFailed: too many tries found theirs taken.
    """
    found: list[int] = []
    for port in _candidates():
        if port not in found and _why_not(LOOPBACK, port) is None:
            found.append(port)
        if len(found) == count:
            return tuple(found)
    raise WorldFailed("no free port was found on the loopback", fix="see what listens there")


def _candidates() -> Iterator[int]:
    for _ in range(TRIES):
        yield secrets.choice(OURS)


def _why_not(host: str, port: int) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed one lingers for a minute
            ours.bind(address)
    except OSError as bad:
        return bad.strerror or str(bad)
    return None
