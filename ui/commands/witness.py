"""`witness`: verify what is new and sign heads, in the foreground."""

from __future__ import annotations

import asyncio

from core.clock import WallClock
from core.database.pools import async_pool
from core.ledger.heads import HeadsFile
from core.ledger.seeds import Seeds, signing_folder
from core.settings import WitnessSettings, environment
from core.settings import witness as settings
from core.witness import Witness
from ui.processes.foreground import until_stopped


def witness() -> None:
    """Run the witness until it is stopped. It can read the journal and sign; it can write nothing there."""
    asyncio.run(until_stopped(_watch(settings(environment()))))


async def _watch(chosen: WitnessSettings) -> None:
    seeds = Seeds(signing_folder(chosen.home), chosen.signing.reveal())
    heads = HeadsFile(chosen.home / "heads")
    anchor = None if chosen.anchor is None else HeadsFile(chosen.anchor)
    async with async_pool(chosen.witness.reveal(), name="witness", most=2) as pool:
        await Witness(pool, seeds, heads, anchor, WallClock()).run()
