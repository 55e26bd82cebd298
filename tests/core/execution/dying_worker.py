"""A worker process that kills itself at a counted step: `python -m tests.core.execution.dying_worker ...`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from pathlib import Path

from core.ids import VenueName
from core.venues.http import HttpVenue
from tests.core.execution.steps import FileRecord, Steps, one_life
from tests.fixtures.venues import KEY


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(orders_file: Path, record_file: Path, at: int, *venues: str) -> None:
    orders = pickle.loads(orders_file.read_bytes())
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for venue in venues:
            name, _, url = venue.partition("=")
            clients.append(await stack.enter_async_context(HttpVenue(VenueName(name), url, key=KEY)))
        await one_life(orders, clients, FileRecord(record_file), Steps(die, at or None))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))
