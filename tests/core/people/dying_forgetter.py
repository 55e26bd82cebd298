"""A worker that is killed at one step of forgetting.

`python -m tests.core.people.dying_forgetter DSN KEYS STEP`. The steps are the appends and what is done to the
files of the key store, counted from 1 in the order in which they come; 0 lives on.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from core.clock import WallClock
from core.database.pools import async_pool
from core.forgetting.carrying_out import CarryingOut
from core.forgetting.rotation import Rotation
from core.ledger.journal import Journal
from core.people.keystore import KeyStore

CHANGES = frozenset({"os.link", "os.rename", "os.remove", "open"})
_left = 0


def count_down() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingJournal(Journal):
    """Killed before an append, or after its commit and before anybody hears of it."""

    async def record(self, *entries: Any) -> Any:
        count_down()
        done = await super().record(*entries)
        count_down()
        return done


def watch(folder: str) -> None:
    """Count what changes the key store, as the interpreter itself tells of it."""

    def heard(event: str, told: tuple[Any, ...]) -> None:
        if event in CHANGES and any(folder in str(one) for one in told):
            count_down()

    sys.addaudithook(heard)


async def work(dsn: str, keys: Path) -> None:
    async with async_pool(dsn, name="dying", most=2) as pool, DyingJournal(pool, WallClock()) as journal:
        store = KeyStore(keys)
        await CarryingOut(pool, journal, store).turn()
        while await Rotation(pool, journal, store).turn():
            pass


if __name__ == "__main__":
    dsn, keys, step = sys.argv[1:]
    _left = int(step)
    watch(keys)
    asyncio.run(work(dsn, Path(keys)))
