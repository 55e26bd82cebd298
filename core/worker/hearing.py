"""What a venue says otherwise than the record is heard once more, from the venue itself.

Rule 1: a difference mends nothing. It is why the order is looked up again: a worker that died may have left
    reports unread, of orders that have ended too, and nobody else would ask for those.
Rule 2: what comes of it is the venue's own word, written by the same door as its reports. Where it is what
    the record has, nothing is written, and the difference stands for a person.
Rule 3: each difference is asked about once in a worker's life: asking does not make a venue change its mind.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.database.statements import statements
from core.errors import WorldFailed
from core.execution.reports import Reports
from core.ids import OrderId

SQL: Final = statements(Path(__file__).with_name("hearing.sql"))
LOOKS_EVERY: Final = timedelta(seconds=1)

log = structlog.get_logger(__name__)


class Hearing:
    """One for each worker."""

    def __init__(self, pool: AsyncPool, reports: Reports) -> None:
        self._pool = pool
        self._reports = reports
        self._heard: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.turn()
            except WorldFailed as away:
                log.info("differences_not_heard", says=away.says)
            await asyncio.sleep(LOOKS_EVERY.total_seconds())

    async def turn(self) -> None:
        """Ask about every open difference with a venue that was not asked about.

        Raises:
            WorldFailed: the record or a venue does not answer; what is left is asked about next time.
        """
        async with lend(self._pool) as connection:
            open_ = await rows(connection, SQL["differing"])
        self._heard &= {row["difference"] for row in open_}
        for row in open_:
            if row["difference"] not in self._heard and await self._reports.hear(OrderId(row["order_id"])):
                self._heard |= {row["difference"]}
