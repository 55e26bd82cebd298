"""A worker that dies while the parts of an order over time leave: run as a program, by the test beside it.

Words: the gate's DSN, the keys' folder, and where to die: `before` or `after` the append of the first release
that it offers, or `nowhere`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from core.clock import WallClock
from core.database.pools import async_pool
from core.fact import Entry
from core.gate.deciding import Deciding
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.keystore import KeyStore


class Dying(Journal):
    """The record, beside which the process ends."""

    dies = "nowhere"

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        if self.dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = await super().record(*entries)
        if self.dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return found


async def no_quotes_needed() -> None:
    """The book's own prices are of now."""


async def main(dsn: str, keys: str, dies: str) -> None:
    async with async_pool(dsn, name="dying", most=2) as pool, Dying(pool, WallClock()) as journal:
        journal.dies = dies
        worker = Deciding(pool, journal, KeyStore(Path(keys)), no_quotes_needed)
        while await worker.release():
            pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
