"""Stopping a run on its advisor's word: between steps at once, and out of a model's thought.

Rule 1: nothing is left half done. A question to a tool, and a draft with it, is put whole or not at all; what
    was drafted is told, and waits as any draft does.
Rule 2: a run that was told to stop ends with an answer, on record like every other: it does not go on later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

STOPPED: Final = (
    "Stopped, as you asked: nothing further is done. What was drafted before waits under Proposals."
)

T = TypeVar("T")


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work gives; None where she told it to stop first. Then the work is cancelled and over."""
    doing, told = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({doing, told}, return_when=asyncio.FIRST_COMPLETED)
        return await doing if doing.done() else None
    finally:
        for task in (doing, told):
            task.cancel()
        await asyncio.gather(doing, told, return_exceptions=True)
