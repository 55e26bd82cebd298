"""The follower: it reads the journal in sequence and keeps the stored projections equal to the fold.

Rule 1: rows and the place reached change in one transaction: a kill between them is no state.
Rule 2: at start the fold is taken from the newest snapshot that can be used and reaches no further than the
    rows, and what follows is replayed; only what the rows have not seen is written.
Rule 3: an entry that cannot be folded stops it: nothing is skipped.
Rule 4: an entry is folded once. A page whose rows could not be written is written later, not folded again.
Rule 5: a snapshot is written after the rows, in a transaction of its own: without it a start takes longer.
Rule 6: what is folded when it has caught up for the first time is never searched for cycles: a fold has none,
    and looking a million entries' fold through stops everything else for half a second.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.projections import projected, snapshots
from core.projections.folded import Changed, Folded
from core.projections.projected import Row
from core.projections.replay import end_of_journal, fold, stretch
from core.projections.snapshots import SQL

PAGE: Final = 5_000  # sequence numbers that are folded before their rows are written
_WRITTEN: Final = msgspec.json.Encoder().encode

Connection = AsyncConnection[DictRow]


class Follower:
    """One for each worker; the only writer of the book's projections."""

    def __init__(self, pool: AsyncPool, *, snapshot_every: int = snapshots.EVERY) -> None:
        self._pool = pool
        self._every = snapshot_every
        self._begun = False
        self._caught_up = False
        self._seq = 0
        self._kept = 0  # the sequence of the newest snapshot
        self._unwritten: Changed | None = None  # of a page that is in the fold and may not be in the rows
        self.folded = Folded()

    @property
    def seq(self) -> int:
        """How far it has read."""
        return self._seq

    async def step(self) -> bool:
        """Fold the next page and write what it changed. False: there was none.

        Raises:
            IntegrityLost, IllegalTransition: an entry cannot be folded. Nothing of its page was written.
        """
        async with lend(self._pool) as connection:
            if not self._begun:
                await self._begin(connection)
            async with connection.transaction():
                if self._unwritten is None:
                    end = await end_of_journal(connection)
                    if end <= self._seq:
                        self._rest()
                        return False
                    self._unwritten = await self._fold(connection, min(self._seq + PAGE, end))
                if self._unwritten is not None:
                    await write(connection, self.folded, self._unwritten, self._seq)
            self._unwritten = None
            if self._seq - self._kept >= self._every:
                await snapshots.keep(connection, self._seq, self.folded)
                self._kept = self._seq
        return True

    def _rest(self) -> None:
        if not self._caught_up:
            gc.freeze()
            self._caught_up = True

    async def catch_up(self) -> None:
        """Read to the end."""
        while await self.step():
            pass

    async def _begin(self, connection: Connection) -> None:
        start = await snapshots.newest(connection, upto=await _written(connection))
        self._seq, self._kept, self.folded = start.seq, start.seq, start.folded
        self._begun = True

    async def _fold(self, connection: Connection, upto: int) -> Changed | None:
        """Take a page into the fold, once; what it changed, or None where the rows have seen all of it."""
        written = await _written(connection)
        page = await stretch(connection, after=self._seq, upto=upto)
        changed, seen = Changed(), bisect_right(page.seqs, written)
        fold(self.folded, page.texts[:seen], Changed())
        fold(self.folded, page.texts[seen:], changed)
        self._seq = upto
        return changed if upto > written else None


async def write(connection: Connection, folded: Folded, changed: Changed, seq: int) -> None:
    """Make the rows of what changed those of the fold, and the place `seq`. Call it in a transaction."""
    accounts, orders = sorted(changed.accounts), sorted(changed.orders)
    references = (projected.reference_row(folded, reference) for reference in changed.references.values())
    await _put(connection, "put_reference", references, seq)
    await connection.execute(SQL["drop_lots"], {"accounts": accounts})
    await _put(connection, "put_lot", (r for a in accounts for r in projected.lot_rows(folded, a)), seq)
    await connection.execute(SQL["drop_positions"], {"accounts": accounts})
    await _put(
        connection, "put_position", (r for a in accounts for r in projected.position_rows(folded, a)), seq
    )
    await _put(connection, "put_cash", (projected.cash_row(folded, account) for account in accounts), seq)
    await _put(connection, "put_order", (projected.order_row(folded, order) for order in orders), seq)
    await connection.execute(SQL["follow"], {"seq": seq})


async def _put(connection: Connection, statement: str, found: Iterable[Row], seq: int) -> None:
    """All rows in one statement."""
    asked = list(found)
    if asked:
        await connection.execute(SQL[statement], {"rows": Jsonb(asked, dumps=_WRITTEN), "seq": seq})


async def _written(connection: Connection) -> int:
    """How far the rows have come."""
    return int((await one(connection, SQL["follower"]))["as_of_seq"])
