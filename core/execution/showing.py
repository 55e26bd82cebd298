"""Keeping why orders wait where whoever may see them reads it.

Rule 1: nothing waits for this, and nothing is decided by it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from core.database.pools import AsyncPool, lend
from core.errors import WorldFailed
from core.execution.execute import Executor
from core.execution.lease import SQL
from core.execution.waits import Wait, Why
from core.ids import OrderId

LOOKS_EVERY: Final = timedelta(milliseconds=400)
LONGEST: Final = 400  # letters

log = structlog.get_logger(__name__)


class Showing:
    """One for each worker."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool
        self._shown: dict[OrderId, Wait] = {}

    async def run(self, executor: Executor) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.turn(executor)
            except WorldFailed as away:
                log.warning("waits_not_shown", says=away.says)
            await asyncio.sleep(LOOKS_EVERY.total_seconds())

    async def turn(self, executor: Executor) -> None:
        now = dict(executor.waits)
        for order in executor.troubles:
            now[order] = Wait(Why.SET_ASIDE, "it cannot go on by itself: operations look into it")
        over = [order for order in self._shown if order not in now]
        fresh = {order: wait for order, wait in now.items() if self._shown.get(order) != wait}
        if not over and not fresh:
            return
        async with lend(self._pool) as connection:
            if over:
                await connection.execute(SQL["drop_waits"], {"orders": over})
            if fresh:
                waits = fresh.values()
                whys, says = [wait.why.value for wait in waits], [wait.says[:LONGEST] for wait in waits]
                asked = {"orders": list(fresh), "whys": whys, "says": says}
                await connection.execute(SQL["put_waits"], asked)
        self._shown = now
