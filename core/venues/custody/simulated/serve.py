"""Starts the simulated custodians of a firm and keeps them going: ledgers, what venues report, HTTP.

Rule 1: they listen on the loopback only.
Rule 2: each custodian has a ledger of its own; when one cannot be written the process ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import h11

from core.errors import BadInput
from core.ids import CustodianId
from core.venues.custody.asking import Peer
from core.venues.custody.simulated.clearing import Clearing
from core.venues.custody.simulated.faults import NO_FAULTS, changed
from core.venues.custody.simulated.house import House
from core.venues.custody.simulated.office import Custodians, Reporting
from core.venues.simulated.http import Asked, next_request, told
from core.venues.simulated.ledger import open_ledger
from core.venues.simulated.serve import listening, read_faults
from core.venues.simulated.service import Answer

CLEARING: Final = "clearing"
LONGEST_BODY: Final = 4_000_000  # an instruction for a block of thousands of accounts
Transfers = Mapping[CustodianId, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Serving:
    """`opening` is asked once for books that begin: what was transferred to each custodian until then."""

    names: Sequence[CustodianId]
    ledgers: Path
    seed: int
    keys: Mapping[CustodianId, str] = field(repr=False)
    venues: Sequence[Peer]
    opening: Callable[[], Transfers]
    port: int = 0  # 0: any that is free
    faults: Path | None = None


async def serve(serving: Serving, *, ready: Callable[[int], None]) -> None:
    """Run until SIGTERM or SIGINT. `ready` gets the port once questions are taken.

    Raises:
        BadInput: an empty key, or a faults file that cannot be read.
        WorldFailed: the port is taken, or a ledger cannot be opened.
        IntegrityLost: a ledger holds a line that cannot be read.
    """
    for name in serving.names:
        if not serving.keys.get(name):
            raise BadInput(f"custodian {name} has no key", fix="put one into the environment", field="key")
    faults = None if serving.faults is None else read_faults(serving.faults)
    changed(NO_FAULTS, faults or {})
    with ExitStack() as stack:
        custodians = _opened(serving, stack)
        if faults is not None:
            for house in custodians.houses.values():
                house.control({"faults": faults})
        ledger, lines = open_ledger(serving.ledgers / f"{CLEARING}.jsonl")
        stack.enter_context(contextlib.closing(ledger))
        clearing = Clearing(
            ledger,
            [Reporting(venue) for venue in serving.venues],
            kept=custodians.keeps,
            passed_on=custodians.pass_on,
        )
        for line in lines:
            clearing.apply(line)
        custodians.hears(clearing)
        for house in custodians.houses.values():
            await house.settle()
        await _served(custodians, serving, ready)


def _opened(serving: Serving, stack: ExitStack) -> Custodians:
    held = {name: open_ledger(serving.ledgers / f"{name}.jsonl") for name in serving.names}
    for ledger, _ in held.values():
        stack.enter_context(contextlib.closing(ledger))
    fresh = [name for name, (_, lines) in held.items() if not any(one["kind"] == "opened" for one in lines)]
    opening = serving.opening() if fresh else {}
    houses = [House(name, serving.seed, ledger, lines) for name, (ledger, lines) in held.items()]
    for house in houses:
        if house.name in fresh:
            house.open(opening.get(house.name, ()))
    return Custodians(houses, serving.keys)


async def _served(custodians: Custodians, serving: Serving, ready: Callable[[int], None]) -> None:
    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _conversation(custodians, reader, writer)

    server = await listening(serve_one, serving.port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ready(server.sockets[0].getsockname()[1])
    try:
        await stop.wait()
    finally:
        server.close()


async def _conversation(
    custodians: Custodians, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One connection, to its end."""
    connection = h11.Connection(h11.SERVER)
    try:
        while connection.states[h11.CLIENT] is h11.IDLE:
            asked = await next_request(connection, reader, longest=LONGEST_BODY)
            if asked is None:
                break
            answer = await _answer(custodians, asked)
            if not await told(connection, writer, answer) or connection.our_state is not h11.DONE:
                break
            connection.start_next_cycle()
    except (h11.ProtocolError, ConnectionError, TimeoutError):
        pass  # the other side broke off or spoke no HTTP: there is nobody left to tell
    finally:
        writer.close()


async def _answer(custodians: Custodians, asked: Asked) -> Answer:
    try:
        body = json.loads(asked.body) if asked.body else None
    except (ValueError, RecursionError):
        return Answer(400, {"reason": "the body is not JSON", "simulated": True})
    return await custodians.answer(asked.verb, asked.path, asked.query, asked.key, body)
