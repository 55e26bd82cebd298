"""Starts one simulated venue and keeps it going: ledger, listings, HTTP, sockets and the quotes' walk.

Rule 1: it listens on the loopback only.
Rule 2: when its ledger cannot be written it ends: a venue that cannot remember must not answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from core.errors import BadInput, WorldFailed
from core.market.closes import closes
from core.market.walk import factor
from core.venues.simulated.book import Maker
from core.venues.simulated.characters import character
from core.venues.simulated.day import first_day
from core.venues.simulated.exchange import Exchange
from core.venues.simulated.faults import NO_FAULTS, changed
from core.venues.simulated.http import Interface
from core.venues.simulated.ledger import open_ledger
from core.venues.simulated.listings import listed
from core.venues.simulated.service import Service
from core.venues.simulated.socket import LONGEST_QUESTION, Sockets

LOOPBACK: Final = "127.0.0.1"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve one venue. `pace`: how often the quotes take a step; zero, and they stand still."""

    name: str
    port: int  # 0: any that is free
    ledger: Path
    seed: int
    key: str
    pace: timedelta
    faults: Path | None = None
    socket_port: int = 0
    clearing: str = ""  # the key of those who clear here; empty: nobody does


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens: for HTTP, and for socket sessions."""

    http: int
    socket: int


async def serve(serving: Serving, *, ready: Callable[[Ports], None]) -> None:
    """Run until SIGTERM or SIGINT. `ready` gets the ports once messages are taken.

    Raises:
        BadInput: an unknown name, an empty key, or a faults file that cannot be read.
        WorldFailed: the port is taken, or the ledger cannot be written.
        IntegrityLost: the ledger holds a line that cannot be read.
    """
    if not serving.key:
        raise BadInput("the venue has no key", fix="put one into the environment variable", field="key")
    maker = Maker(serving.name, character(serving.name), serving.seed, factor)
    faults = NO_FAULTS if serving.faults is None else changed(NO_FAULTS, read_faults(serving.faults))
    listings = listed(maker.character)
    exchange = Exchange(first_day(closes().last_session()))
    closes.cache_clear()
    ledger, lines = open_ledger(serving.ledger)
    with contextlib.closing(ledger):
        exchange.faults = faults
        for line in lines:
            exchange.apply(line)
        if lines:
            exchange.faults = exchange.faults.after_restart()
        ledger.add("opened", venue=serving.name, seed=serving.seed, simulated=True)
        service = Service(maker=maker, listings=listings, exchange=exchange, ledger=ledger)
        await ledger.settle()
        gc.collect()
        await _served(service, serving, ready)


def read_faults(path: Path) -> dict[str, Any]:
    """Raises BadInput where the file is not one JSON object."""
    try:
        given = json.loads(path.read_bytes())
    except (OSError, ValueError) as bad:
        raise BadInput(
            f"faults {str(path)!r} cannot be read", fix="give a JSON file", field="faults"
        ) from bad
    if not isinstance(given, dict):
        raise BadInput(f"faults {str(path)!r} is no object", fix='write {"delay_ms": 5}', field="faults")
    return given


async def _served(service: Service, serving: Serving, ready: Callable[[Ports], None]) -> None:
    server = await listening(
        Interface(service, key=serving.key, clearing=serving.clearing).serve, serving.port
    )
    sockets = await listening(Sockets(service, key=serving.key).serve, serving.socket_port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(service.run()), asyncio.create_task(stop.wait())]
    if serving.pace:
        tasks.append(asyncio.create_task(_walk(service, serving.pace)))
    ready(Ports(*(one.sockets[0].getsockname()[1] for one in (server, sockets))))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        server.close()
        sockets.close()
        for task in tasks:
            task.cancel()


async def listening(serve: Serve, port: int) -> asyncio.Server:
    try:
        return await asyncio.start_server(serve, LOOPBACK, port, limit=LONGEST_QUESTION)
    except (OSError, OverflowError) as bad:  # OverflowError: no such port
        raise WorldFailed(f"port {port} cannot be opened: {bad}", fix="give another port") from bad


async def _walk(service: Service, pace: timedelta) -> None:
    while True:
        await asyncio.sleep(pace.total_seconds())
        service.move_quotes()
