"""`witness`: verify what is new and sign heads, in the foreground."""

from __future__ import annotations

import asyncio

from core.clock import WallClock
from core.database.pools import async_pool
from core.ledger.heads import HeadsFile, Signer
from core.settings import WitnessSettings, environment
from core.settings import witness as settings
from core.witness import Witness
from ui.processes.foreground import until_stopped


def witness() -> None:
    """Run the witness until it is stopped. It can read the journal and sign; it can write nothing there."""
    asyncio.run(until_stopped(_watch(settings(environment()))))


async def _watch(chosen: WitnessSettings) -> None:
    signer = Signer(chosen.signing.reveal())
    async with async_pool(chosen.witness.reveal(), name="witness", most=2) as pool:
        await Witness(pool, signer, HeadsFile(chosen.home / "heads"), WallClock()).run()
