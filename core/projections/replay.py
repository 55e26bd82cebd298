"""Folding the journal from the database, stretch by stretch: only the kinds that fold are fetched.

Rule 1: the place reached is a sequence, not an entry: a stretch in which nothing folds is passed, too.
Rule 2: an entry is opened, read as its typed fact, and folded, or nothing goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from typing import Final, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, tuple_row

from core.database.rows import one
from core.ledger.telling import teller
from core.projections.folded import FOLDED, Changed, Folded
from core.projections.snapshots import SQL, no_search_for_cycles

STRETCH: Final = 5_000  # sequence numbers in one fetch
KINDS: Final = sorted(FOLDED)

Connection = AsyncConnection[DictRow]


class Page(NamedTuple):
    """Entries in sequence."""

    seqs: list[int]
    texts: list[str]


async def end_of_journal(connection: Connection) -> int:
    """The sequence of the newest entry; 0 of an empty journal."""
    return int((await one(connection, SQL["journal_end"]))["seq"])


async def stretch(connection: Connection, *, after: int, upto: int, kinds: Sequence[str] = KINDS) -> Page:
    """Every entry of those kinds in that stretch."""
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    asked = {"after": after, "upto": upto, "kinds": list(kinds)}
    # Not prepared: planned with the kinds at hand, the server hashes them; else it tries one after the other.
    await cursor.execute(SQL["texts_between"], asked, prepare=False)
    [(seqs, texts)] = await cursor.fetchall()
    return Page(seqs, texts)


async def replay(connection: Connection, folded: Folded, *, after: int, upto: int) -> Changed:
    """Fold what lies between, and answer what it changed. Memory: two stretches beside the state.

    Raises:
        IntegrityLost, IllegalTransition: an entry cannot be folded.
    """
    changed = Changed()
    with no_search_for_cycles():
        async with aclosing(_pages(connection, after, upto)) as found:
            async for page in found:
                fold(folded, page.texts, changed)
    return changed


async def _pages(connection: Connection, after: int, upto: int) -> AsyncGenerator[Page, None]:
    """One stretch after the other. The next is on its way while this one is folded."""
    page = await stretch(connection, after=after, upto=min(after + STRETCH, upto))
    for start in range(after + STRETCH, upto, STRETCH):
        coming = asyncio.create_task(stretch(connection, after=start, upto=min(start + STRETCH, upto)))
        try:
            await asyncio.sleep(0)  # lets the question go out
            yield page
            page = await coming
        finally:
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError, psycopg.Error):
                    await coming
    yield page


def fold(folded: Folded, texts: Iterable[str], changed: Changed) -> None:
    """Fold these entries, and note what they changed.

    Raises:
        IntegrityLost, IllegalTransition: an entry cannot be folded.
    """
    tell, apply = teller(), folded.apply
    with no_search_for_cycles():
        for text in texts:
            apply(tell(text), changed)
