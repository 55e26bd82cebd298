"""Orders from the record to this worker's hands: those that are free, a few at a time.

Rule 1: a worker takes no more than it can send soon, so that several share what comes at once.
Rule 2: it takes none before the other workers know of it, with whom it shares what venues allow.
Rule 3: what was another's goes on where the record stands, from its venue's word on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.gathering import Gathering
from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.errors import NotFound, WorldFailed
from core.execution.execute import Executor, Terms
from core.execution.lease import SQL, Lease
from core.execution.reports import Elsewhere
from core.execution.working import Working, working
from core.gate.release import SQL as GATE
from core.gate.release import released
from core.ids import CustodianId, OrderId, VenueName
from core.ledger.envelope import stored
from core.orders.order import ENDED
from core.worker.blocks import SQL as BLOCKS
from core.worker.blocks import released_blocks
from core.worker.resting import Resting

AT_ONCE: Final = 64  # orders in one claim
IN_HAND: Final = 256  # orders that no venue has yet
AWAY: Final = timedelta(seconds=1)

log = structlog.get_logger(__name__)


class Claiming:
    """One for each worker. `executor` is set before it runs."""

    def __init__(self, pool: AsyncPool, lease: Lease) -> None:
        self._pool = pool
        self._lease = lease
        self._resting = Resting(pool)
        self._terms: Mapping[CustodianId, Terms] = {}
        self._asked_in_vain = False
        self._released = Gathering(self._ended)

    async def run(self, executor: Executor) -> None:
        """Until it is cancelled."""
        while True:
            try:
                taken = await self.turn(executor)
            except WorldFailed as away:
                log.warning("claims_wait", says=away.says)
                await asyncio.sleep(AWAY.total_seconds())
                continue
            if not taken:
                await self._resting.rest()

    async def turn(self, executor: Executor) -> int:
        """Take what is free and what this worker has room for. How many orders that was."""
        room = min(AT_ONCE, IN_HAND - executor.unsent) if self._lease.joined else 0
        mine = await self._lease.claim(room) if room > 0 else ()
        async with lend(self._pool) as connection:
            if mine or self._asked_in_vain:
                await self._read_terms(connection)
                for work in await self._lives(connection, mine):
                    executor.take_over(work)
            for row in await rows(connection, GATE["cancelling"]):
                executor.cancel(row["order_id"])
            for row in await rows(connection, BLOCKS["cancelling"]):
                executor.cancel(row["order_id"])
            for row in await rows(connection, SQL["redriven"]):
                executor.redrive(row["order_id"], row["redriven_seq"])
            day = await one(connection, GATE["day"])
        await executor.set_aside()
        if day["state"] == "closed":
            await executor.expire(day["session"].isoformat())
        return len(mine)

    async def find(self, order: OrderId) -> Working | Elsewhere | None:
        """An order that is not at work here, for a venue's word on it."""
        ended = await self._released.of(order)
        if ended is None:
            return None
        if not ended:
            return Elsewhere()
        mine = await self._lease.claim_late(order)
        async with lend(self._pool) as connection:
            found = next(iter(await self._lives(connection, [order], ended=True)), None)
        return found if mine else Elsewhere(found)

    async def _ended(self, orders: Sequence[OrderId]) -> Mapping[OrderId, bool | None]:
        """Whether each has ended; None: it was never released here."""
        async with lend(self._pool) as connection:
            known = await rows(connection, SQL["ended"], {"orders": list(orders)})
        return {**dict.fromkeys(orders), **{row["order_id"]: row["ended"] for row in known}}

    def terms_of(self, custodian: CustodianId) -> Terms:
        """Raises NotFound: it is not appointed."""
        terms = self._terms.get(custodian)
        if terms is None:
            self._asked_in_vain = True  # the book may not have come so far: it is read again
            raise NotFound(f"custodian {custodian!r} is not appointed", fix="appoint it first")
        return terms

    async def _lives(
        self, connection: AsyncConnection[DictRow], orders: Sequence[OrderId], *, ended: bool = False
    ) -> list[Working]:
        streams = [f"order/{order}" for order in orders]
        facts: dict[str, list[Any]] = {stream: [] for stream in streams}
        for row in await rows(connection, SQL["lives"], {"streams": streams}):
            facts[row["stream"]].append(stored(row).fact)
        found = [
            working(order, facts[f"order/{order.id}"])
            for order in (
                *await released(connection, ended=ended, only=orders),
                *await released_blocks(connection, orders, ended=ended),
            )
        ]
        return [work for work in found if ended or work.state.status not in ENDED]

    async def _read_terms(self, connection: AsyncConnection[DictRow]) -> None:
        self._asked_in_vain = False
        self._terms = {
            CustodianId(row["state"]["custodian"]): Terms(
                frozenset(VenueName(venue) for venue in row["state"]["venues"]),
                Decimal(row["state"]["ticket_fee"]),
            )
            for row in await rows(connection, SQL["custodians"])
        }
