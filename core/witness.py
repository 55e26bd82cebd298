"""The witness: verifies what is new, and signs the head of the chain. It can select and nothing else.

Rule 1: it signs only what it has verified itself, entry by entry, since it began.
Rule 2: a head is signed at least every second while entries come, to a file outside the database.
Rule 3: a fault, or a journal that ends before a head signed earlier, stops it: it signs nothing over that.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.errors import IntegrityLost, WorldFailed
from core.ledger.envelope import written
from core.ledger.heads import HeadsFile, Signer
from core.ledger.verify import Chain, follow_chain, verify

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(milliseconds=500)
AWAY: Final = timedelta(seconds=1)


class Witness:
    def __init__(self, pool: AsyncPool, signer: Signer, heads: HeadsFile, clock: Clock) -> None:
        self._pool = pool
        self._signer = signer
        self._heads = heads
        self._clock = clock
        self._chain = Chain()
        self._signed = 0

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            IntegrityLost: the record does not prove itself. Nothing more is signed.
        """
        self._heads.keep_key(self._signer.public)
        await self._begin()
        while True:
            try:
                await self._step()
            except WorldFailed as away:
                log.warning("witness_waits", says=away.says)
                await asyncio.sleep(AWAY.total_seconds())
            await asyncio.sleep(EVERY.total_seconds())

    async def _begin(self) -> None:
        """The whole journal, against every head that was signed before."""
        async with lend(self._pool) as connection:
            found = await verify(connection, self._heads)
        if not found.ok:
            self._stop(found.faults[0].seq, found.faults[0].says)
        self._signed = found.newest_head.seq if found.newest_head else 0

    async def _step(self) -> None:
        async with lend(self._pool) as connection:
            await follow_chain(connection, self._chain)
        if self._chain.faults:
            self._stop(self._chain.faults[0].seq, self._chain.faults[0].says)
        if self._chain.seq > self._signed:
            head = self._signer.sign(
                seq=self._chain.seq,
                digest=self._chain.digest,
                root=self._chain.tree.root(),
                signed_at=written(self._clock.now()),
                next_key="",
            )
            self._heads.append(head)
            self._signed = self._chain.seq

    def _stop(self, seq: int, says: str) -> None:
        raise IntegrityLost(
            f"entry {seq}: {says}", fix="keep the database and the heads as they are; look at both"
        )
