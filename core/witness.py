"""The witness: verifies what is new, and signs the head of the chain and the tree. It can select and no more.

Rule 1: it signs only what it has verified itself, entry by entry, from the first one on.
Rule 2: a head is signed at least every second while entries come, to a file outside the database, and
    follows to the anchor where there is one. An anchor that is away stops nothing and is caught up with.
Rule 3: a fault, or a journal that ends before a head signed earlier, stops it: it signs nothing over that.
Rule 4: a key that was handed over is named by a head of the key before it, and signs from then on. Killed
    anywhere, it goes on with the key that the newest head names.
Rule 5: memory is bounded: two pages of entries, one hash a level of the tree.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final, Self

import structlog

from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.errors import IntegrityLost, WorldFailed
from core.ledger.anchor import catch_up
from core.ledger.envelope import written
from core.ledger.following import Chain
from core.ledger.heads import HeadsFile, Signer
from core.ledger.seeds import Seeds
from core.ledger.tree import Made
from core.ledger.tree_file import TreeWriter, tree_folder
from core.ledger.verify import Verified, follow_chain, verify

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(milliseconds=500)
AWAY: Final = timedelta(seconds=1)


class Witness:
    """Opened with `async with`; one at a time for a folder of heads."""

    def __init__(
        self, pool: AsyncPool, seeds: Seeds, heads: HeadsFile, anchor: HeadsFile | None, clock: Clock
    ) -> None:
        self._pool = pool
        self._seeds = seeds
        self._signer = seeds.first()
        self._heads = heads
        self._anchor = anchor
        self._anchoring: asyncio.Task[int] | None = None
        self._clock = clock
        self._tree = TreeWriter(tree_folder(heads.folder))
        self._tree_is_behind = False
        self._chain = Chain(keep=self._keep)
        self._signed = 0
        self._replaced: set[str] = set()

    async def __aenter__(self) -> Self:
        self._tree.__enter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._tree.__exit__()
        if self._anchoring is not None:
            self._anchoring.cancel()

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            IntegrityLost: the record does not prove itself. Nothing more is signed.
        """
        async with self:
            await self.begin()
            while True:
                try:
                    await self.step()
                except WorldFailed as away:
                    log.warning("witness_waits", says=away.says)
                    await asyncio.sleep(AWAY.total_seconds())
                await asyncio.sleep(EVERY.total_seconds())

    async def begin(self) -> None:
        """The whole journal, against every head that was signed before, here and at the anchor."""
        self._heads.mend()
        async with lend(self._pool) as connection:
            found = await verify(connection, self._heads, anchor=self._anchor, chain=self._chain)
        if not found.ok:
            self._stop(found.faults[0].seq, found.faults[0].says)
        if not self._tree_is_behind:
            self._tree.cut(self._chain.seq)
        self._go_on_from(found)
        self._heads.keep_key(self._signer.public)

    async def step(self) -> None:
        """What is new, verified and signed."""
        async with lend(self._pool) as connection:
            await follow_chain(connection, self._chain)
        if self._chain.faults:
            self._stop(self._chain.faults[0].seq, self._chain.faults[0].says)
        fresh = self._seeds.waiting(signs=self._signer.id, replaced=self._replaced)
        if self._chain.seq > self._signed or (fresh is not None and self._chain.seq > 0):
            self._sign(fresh)
        await self._tell_anchor()

    def _go_on_from(self, found: Verified) -> None:
        self._replaced = set(found.replaced)
        newest = found.newest_head
        if newest is not None:
            self._signed = newest.seq if newest.root else 0  # of a version without root: sign it again
            self._signer = self._seeds.of(newest.signed_on)

    def _sign(self, fresh: Signer | None) -> None:
        if fresh is not None:
            self._heads.keep_key(fresh.public)
        head = self._signer.sign(
            seq=self._chain.seq,
            digest=self._chain.digest,
            root=self._chain.tree.root(),
            signed_at=written(self._clock.now()),
            next_key="" if fresh is None else fresh.id,
        )
        self._heads.append(head)
        self._signed = self._chain.seq
        if fresh is not None:
            before, self._signer = self._signer.id, fresh
            self._replaced.add(before)
            self._seeds.forget(before)
            log.info("key_rotated", before=before, now=fresh.id, at_entry=self._signed)

    def _keep(self, made: Made) -> None:
        """A tree that cannot be written stays shorter until the next start: signing goes on."""
        if self._tree_is_behind:
            return
        try:
            self._tree.put(made)
        except WorldFailed as full:
            self._tree_is_behind = True
            log.warning("tree_is_behind", says=full.says)

    async def at_anchor(self) -> None:
        """Wait for the copy that the last step began.

        Raises:
            WorldFailed: the anchor is away.
            IntegrityLost: it holds something else.
        """
        if self._anchoring is not None:
            await self._anchoring

    async def _tell_anchor(self) -> None:
        """Look how the last copy went, and begin the next. A mount that hangs is not waited for."""
        if self._anchor is None or (self._anchoring is not None and not self._anchoring.done()):
            return
        try:
            await self.at_anchor()
        except WorldFailed as away:
            log.warning("anchor_waits", says=away.says)
        self._anchoring = asyncio.create_task(asyncio.to_thread(catch_up, self._heads, self._anchor))

    def _stop(self, seq: int, says: str) -> None:
        raise IntegrityLost(
            f"entry {seq}: {says}", fix="keep the database and the heads as they are; look at both"
        )
