"""The fixture that keeps tests on this machine does so."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.fixtures.network import NetworkRefused


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.test"])
def test_another_machine_is_refused_before_anything_is_sent(host: str) -> None:
    with pytest.raises(NetworkRefused, match=host):
        socket.create_connection((host, 80), timeout=1)


def test_a_raw_socket_is_refused_too() -> None:
    with socket.socket() as each, pytest.raises(NetworkRefused):
        each.connect(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as each, pytest.raises(NetworkRefused):
        each.sendto(b"x", ("192.0.2.1", 53))


@pytest.mark.anyio
async def test_the_event_loop_is_refused_too() -> None:
    with pytest.raises(NetworkRefused):
        await asyncio.open_connection("192.0.2.1", 80)


def test_the_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
