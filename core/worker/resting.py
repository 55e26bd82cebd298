"""How long a worker with nothing to do waits: until something is recorded, or a moment has passed.

Rule 1: whatever a turn asks for comes of an entry, or of time. For entries the end of the record is looked at
    often, which is one short statement; the whole of a turn is some twenty.
Rule 2: what comes of time (a part that is due, a price that was missing, a lease that ended) waits for
    `LONGEST` at most.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from core.database.pools import AsyncPool, lend
from core.errors import WorldFailed
from core.projections.replay import end_of_journal

LOOKS_EVERY: Final = timedelta(milliseconds=40)
LONGEST: Final = timedelta(milliseconds=200)


class Resting:
    """One for each loop of turns."""

    def __init__(self, pool: AsyncPool, *, longest: timedelta = LONGEST) -> None:
        self._pool = pool
        self._longest = longest
        self._seen = -1

    async def rest(self) -> None:
        """Until something is recorded that was not when the last rest ended; `longest` at most.

        What was recorded during the turn since then ends it at the first look: that turn may have come too
        early for it.
        """
        now = asyncio.get_running_loop().time
        ends = now() + self._longest.total_seconds()
        while True:
            await asyncio.sleep(LOOKS_EVERY.total_seconds())
            end = await self._end()
            if end != self._seen or now() >= ends:
                self._seen = end
                return

    async def _end(self) -> int:
        """The record's end; as before where it cannot be asked, which the turn says."""
        try:
            async with lend(self._pool) as connection:
                return await end_of_journal(connection)
        except WorldFailed:
            return self._seen
