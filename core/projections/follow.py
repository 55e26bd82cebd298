"""The follower: it reads the journal in sequence and keeps the stored projections equal to the fold.

Rule 1: rows and the place reached change in one transaction: a kill between them is no state.
Rule 2: at start the fold is taken from the newest snapshot that can be used and reaches no further than the
    rows, and what follows is replayed; only what the rows have not seen is written.
Rule 3: an entry that cannot be folded stops it: nothing is skipped.
Rule 4: an entry is folded once. A page whose rows could not be written is written later, not folded again.
Rule 5: a snapshot is written after the rows, in a transaction of its own: without it a start takes longer.
Rule 6: of an account whose rows this life has written, only the lots that are others now are written again:
    an account that buys every day has thousands.
Rule 7: what is folded when it has caught up for the first time is never searched for cycles: a fold has none,
    and looking a million entries' fold through stops everything else for half a second.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from core.book.lots import NO_LOTS
from core.book.picture import Lot
from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.ids import AccountId, LotId, PersonId
from core.projections import projected, snapshots
from core.projections.folded import Changed, Folded
from core.projections.projected import Row
from core.projections.replay import end_of_journal, fold, stretch
from core.projections.snapshots import SQL

Stored = Mapping[AccountId, tuple[PersonId, tuple[Lot, ...]]]
"""The lots that the rows of an account have, and whose account they say it is."""
NOTHING: Final[Stored] = MappingProxyType({})
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
        self._reached = -1  # the place that this life wrote last
        self._stored: dict[AccountId, tuple[PersonId, tuple[Lot, ...]]] = {}
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
                written = await _written(connection)
                if written != self._reached:
                    self._stored.clear()  # another has written meanwhile
                if self._unwritten is None:
                    end = await end_of_journal(connection)
                    if end <= self._seq:
                        self._rest()
                        return False
                    self._unwritten = await self._fold(connection, min(self._seq + PAGE, end), written)
                if self._unwritten is not None:
                    await write(connection, self.folded, self._unwritten, self._seq, stored=self._stored)
            if self._unwritten is not None:
                self._reached = self._seq
                self._stored |= {account: _of(self.folded, account) for account in self._unwritten.accounts}
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

    async def _fold(self, connection: Connection, upto: int, written: int) -> Changed | None:
        """Take a page into the fold, once; what it changed, or None where the rows have seen all of it."""
        page = await stretch(connection, after=self._seq, upto=upto)
        changed, seen = Changed(), bisect_right(page.seqs, written)
        fold(self.folded, page.texts[:seen], Changed())
        fold(self.folded, page.texts[seen:], changed)
        self._seq = upto
        return changed if upto > written else None


async def write(
    connection: Connection, folded: Folded, changed: Changed, seq: int, *, stored: Stored = NOTHING
) -> None:
    """Make the rows of what changed those of the fold, and the place `seq`. Call it in a transaction.

    `stored`: what is known of the rows that are there.
    """
    accounts, orders = sorted(changed.accounts), sorted(changed.orders)
    references = (projected.reference_row(folded, reference) for reference in changed.references.values())
    await _put(connection, "put_reference", references, seq)
    await _put_lots(connection, folded, accounts, seq, stored)
    await connection.execute(SQL["drop_positions"], {"accounts": accounts})
    await _put(
        connection, "put_position", (r for a in accounts for r in projected.position_rows(folded, a)), seq
    )
    await _put(connection, "put_cash", (projected.cash_row(folded, account) for account in accounts), seq)
    await _put(connection, "put_order", (projected.order_row(folded, order) for order in orders), seq)
    await connection.execute(SQL["follow"], {"seq": seq})


async def _put_lots(
    connection: Connection, folded: Folded, accounts: Sequence[AccountId], seq: int, stored: Stored
) -> None:
    gone: list[LotId] = []
    come: list[Row] = []
    anew: list[AccountId] = []
    for account in accounts:
        advisor, now = _of(folded, account)
        known = stored.get(account)
        if known is None or known[0] != advisor:
            anew.append(account)
            come += projected.lot_rows(folded, account)
            continue
        before, behind = set(map(id, known[1])), set(map(id, now))  # a lot that is another is another object
        gone += [lot.id for lot in known[1] if id(lot) not in behind]
        come += [projected.lot_row(folded, account, lot) for lot in now if id(lot) not in before]
    await connection.execute(SQL["drop_lots"], {"accounts": anew, "lots": gone})
    await _put(connection, "put_lot", come, seq)


def _of(folded: Folded, account: AccountId) -> tuple[PersonId, tuple[Lot, ...]]:
    return folded.advisors[account], folded.lots.get(account, NO_LOTS).open


async def _put(connection: Connection, statement: str, found: Iterable[Row], seq: int) -> None:
    """All rows in one statement."""
    asked = list(found)
    if asked:
        await connection.execute(SQL[statement], {"rows": Jsonb(asked, dumps=_WRITTEN), "seq": seq})


async def _written(connection: Connection) -> int:
    """How far the rows have come."""
    return int((await one(connection, SQL["follower"]))["as_of_seq"])
