"""Halting beside the record: the file, and every live worker's word that it holds.

Rule 1: the answer comes when the halt is on disk and each live worker has said that no further send will
    begin.
Rule 2: it needs no database, no front and no person: whoever holds the halts' key and folder can stop
    trading. Resuming is not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.clock import Clock
from core.halts.channel import Order, tell
from core.halts.file import Halt, HaltFile


@dataclass(frozen=True, slots=True)
class Stopped:
    """`workers` have acknowledged; `silent` are alive and gave no answer: the file holds for them too.

    `on_the_way` are sends that had begun before and have no answer yet. `took` is from the call to this
    answer. `fault`: why everything is halted, where a worker's file could not be believed.
    """

    workers: int
    silent: tuple[str, ...]
    on_the_way: int
    orders: Sequence[Order]
    fault: str | None
    took: timedelta


class Beside:
    """One for each process that halts."""

    def __init__(self, folder: Path, key: bytes, clock: Clock) -> None:
        self._file = HaltFile(folder, key, clock)
        self._folder = folder
        self._key = key
        self._clock = clock

    async def stop(self, halt: Halt) -> Stopped:
        """Stop it now.

        Raises:
            WorldFailed: the file could not be written. No worker was told.
        """
        begun = self._clock.monotonic_ns()
        written = await asyncio.to_thread(self._file.add, halt)
        told = await tell(self._folder, self._key, written.revision)
        took = (self._clock.monotonic_ns() - begun) // 1_000
        return Stopped(
            workers=len(told.acknowledged),
            silent=told.silent,
            on_the_way=sum(word.on_the_way for word in told.acknowledged),
            orders=tuple(order for word in told.acknowledged for order in word.orders),
            fault=next((word.fault for word in told.acknowledged if word.fault), None),
            took=timedelta(microseconds=took),
        )
