"""Worker processes that kill themselves at a counted step, each forked from one that has imported everything.

`python -m tests.core.execution.dying_worker VENUE=URL...` reads lines `[orders, record, step]` of JSON. For
each it forks a worker, waits for its end, and answers `[record, status]`: 0, or minus the signal.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from core.ids import VenueName
from core.venues.http import HttpVenue
from tests.core.execution.steps import FileRecord, Steps, one_life
from tests.fixtures.venues import KEY


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def work(orders_file: Path, record_file: Path, at: int, venues: Sequence[str]) -> None:
    orders = pickle.loads(orders_file.read_bytes())
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for venue in venues:
            name, _, url = venue.partition("=")
            clients.append(await stack.enter_async_context(HttpVenue(VenueName(name), url, key=KEY)))
        await one_life(orders, clients, FileRecord(record_file), Steps(die, at or None))


def in_a_fork(orders: str, record: str, at: int, venues: Sequence[str]) -> int:
    """How it ended. Nothing but bytes on the disk comes back from it."""
    worker = os.fork()
    if worker == 0:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what it logs is no answer
        asyncio.run(work(Path(orders), Path(record), at, venues))
        sys.exit()
    _, status = os.waitpid(worker, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    for line in sys.stdin:
        orders, record, at = json.loads(line)
        sys.stdout.write(json.dumps([record, in_a_fork(orders, record, at, sys.argv[1:])]) + "\n")
        sys.stdout.flush()
