"""Verifying the journal from the outside: every digest, every copy, the tree, every head.

Rule 1: it reads with a login that can change nothing, and trusts no column but `text`, `recorded_at`, `role`
    and `actor`: all others are compared with them.
Rule 2: what it finds wrong is named by sequence. It goes on to the end, so that all of it is named.
Rule 3: memory is bounded, however long the journal is (`reading`, `stream_versions`, one hash a level of the
    tree, one head a file).
Rule 4: what it says of the end is of one moment: the last of it is read in one snapshot.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from operator import itemgetter

from psycopg import AsyncConnection
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import DictRow

from core.database.rows import one, rows
from core.errors import WorldFailed
from core.ledger.anchor import anchored, reach
from core.ledger.following import Chain
from core.ledger.heads import Head, HeadsFile
from core.ledger.journal import SQL
from core.ledger.reading import PAGE, pages
from core.ledger.signed import Signed
from core.ledger.succession import Fault, Faults

__all__ = ["Fault", "Verified", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """`anchor` says where the newest signed head lies outside, and how far it reaches."""

    entries: int
    digest: str
    root: str
    heads: int
    newest_head: Head | None
    replaced: frozenset[str]  # the ids of the keys that sign no more
    anchor: str
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


async def follow_chain(connection: AsyncConnection[DictRow], chain: Chain) -> None:
    """Verify what is new since `chain`."""
    await _follow(connection, chain, ())


async def verify(
    connection: AsyncConnection[DictRow],
    heads: HeadsFile,
    *,
    anchor: HeadsFile | None = None,
    chain: Chain | None = None,
) -> Verified:
    """The whole journal against itself, its head row, and every signed head that is kept outside.

    `chain` is a fresh one of the caller's, who means to go on from where this ends.

    Raises:
        WorldFailed: the database has not been migrated to this version.
    """
    chain = chain or Chain()
    there = reach(anchor, chain.faults)  # first: the heads here are never behind it
    here = Signed(heads, chain.faults)
    signed = (here,) if there is None else (here, there)
    await _before_the_first(connection, chain.faults)
    await _follow(connection, chain, signed)
    try:
        async with connection.transaction():
            await connection.execute("set transaction isolation level repeatable read, read only")
            await _follow(connection, chain, signed)
            await _at_the_end(connection, chain)
    except InsufficientPrivilege as bad:
        raise WorldFailed(
            "the witness may not read all that is verified: the database is of an earlier version",
            fix="run `gatehouse migrate`, or start `gatehouse up`",
        ) from bad
    for file in signed:
        file.end(chain)
    folder = None if anchor is None else anchor.folder
    return _verified(chain, here, anchored(here, there, folder, chain.faults))


def _verified(chain: Chain, here: Signed, anchor: str) -> Verified:
    said, root = here.succession, chain.tree.root().hex()
    return Verified(
        entries=chain.seq,
        digest=chain.digest.hex(),
        root=root,
        heads=said.count,
        newest_head=said.newest,
        replaced=frozenset(said.replaced),
        anchor=anchor,
        faults=tuple(chain.faults),
    )


async def _follow(connection: AsyncConnection[DictRow], chain: Chain, signed: Sequence[Signed]) -> None:
    """Page by page, stopping at each entry of which there is a head."""
    async with aclosing(pages(connection, chain.seq)) as behind:
        async for page in behind:
            at = 0
            while at < len(page):
                wanted = min((file.next_seq for file in signed), default=page[-1][0])
                until = max(bisect_right(page, wanted, lo=at, key=itemgetter(0)), at + 1)
                chain.take(page[at:until])
                for file in signed:
                    file.meet(chain)
                at = until


async def _before_the_first(connection: AsyncConnection[DictRow], faults: Faults) -> None:
    first = (await one(connection, SQL["first"]))["seq"]
    if first is not None and first < 1:
        faults.note(first, "it stands in front of the first entry")


async def _at_the_end(connection: AsyncConnection[DictRow], chain: Chain) -> None:
    """The head's row and the streams' heads, in the snapshot in which the last entry was read."""
    head = await one(connection, SQL["head"])
    if chain.seq < head["seq"]:
        chain.faults.note(chain.seq, f"the journal ends here, and its head row says {head['seq']}")
    elif chain.seq > head["seq"]:
        chain.faults.note(head["seq"] + 1, f"it stands behind the head row, which says {head['seq']}")
    elif chain.digest != head["digest"]:
        chain.faults.note(chain.seq, "its digest is not that of the head row")
    else:
        await _stream_heads(connection, chain)


async def _stream_heads(connection: AsyncConnection[DictRow], chain: Chain) -> None:
    after, count = "", 0
    while page := await rows(connection, SQL["stream_heads_after"], {"after": after, "page": PAGE}):
        for row in page:
            known = chain.streams.newest(row["stream"])
            if row["version"] != known:
                seq = (await one(connection, SQL["newest_of_stream"], {"stream": row["stream"]}))["seq"]
                says = f"{row['stream']} is at version {known}, and its head row says {row['version']}"
                chain.faults.note(seq or chain.seq, says)
        after, count = page[-1]["stream"], count + len(page)
    if count < len(chain.streams):
        chain.faults.note(chain.seq, f"{len(chain.streams) - count} streams have no head row")
