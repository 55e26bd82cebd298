"""A copilot's process that parks a rebalance in PostgreSQL and is killed. Run by `test_checkpoints`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from core import settings

settings.harden_agents()

from agents.checkpoints import CheckpointStore  # noqa: E402 - after the environment is hardened
from core.database.pools import async_pool  # noqa: E402
from tests.agents.running import ask, copilot  # noqa: E402
from tests.tools.book import SimulatedDesk  # noqa: E402


async def main(dsn: str, key: str) -> None:
    async with async_pool(dsn, name="dies", most=2) as pool:
        events = await ask(
            copilot(CheckpointStore(pool, bytes.fromhex(key))), SimulatedDesk(), "Rebalance Okafor."
        )
    assert events[-1]["event"] == "parked", events
    os.kill(os.getpid(), signal.SIGKILL)


asyncio.run(main(*sys.argv[1:]))
