"""Folding the journal from the database, stretch by stretch: only the kinds that fold are fetched.

Rule 1: the place reached is a sequence, not an entry: a stretch in which nothing folds is passed, too.
Rule 2: an entry is opened, read as its typed fact, and folded, or nothing goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing, suppress
from typing import Final

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, tuple_row

from core.database.rows import one
from core.fact import Fact
from core.ids import TraceId
from core.ledger.envelope import opened
from core.projections.folded import FOLDED, Changed, Folded
from core.projections.snapshots import SQL, no_search_for_cycles

STRETCH: Final = 5_000  # sequence numbers in one fetch
KINDS: Final = sorted(FOLDED)

Connection = AsyncConnection[DictRow]
Page = list[tuple[int, str]]


class Told(msgspec.Struct, frozen=True, gc=False):
    """What the fold needs of an entry."""

    trace: TraceId
    fact: Fact


async def end_of_journal(connection: Connection) -> int:
    """The sequence of the newest entry; 0 of an empty journal."""
    return int((await one(connection, SQL["journal_end"]))["seq"])


async def texts(connection: Connection, *, after: int, upto: int, kinds: Sequence[str] = KINDS) -> Page:
    """Sequence and text of every entry of those kinds in that stretch, in sequence."""
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    asked = {"after": after, "upto": upto, "kinds": list(kinds)}
    # Not prepared: planned with the kinds at hand, the server hashes them; else it tries one after the other.
    await cursor.execute(SQL["texts_between"], asked, prepare=False)
    return await cursor.fetchall()


def told(text: str) -> Told:
    """An entry's trace and fact.

    Raises:
        IntegrityLost: the text is no envelope, its kind is unknown or its payload does not fit.
    """
    envelope = opened(text)
    return Told(envelope.trace_id, envelope.fact)


async def replay(connection: Connection, folded: Folded, *, after: int, upto: int) -> Changed:
    """Fold what lies between, and answer what it changed. Memory: two stretches beside the state.

    Raises:
        IntegrityLost, IllegalTransition: an entry cannot be folded.
    """
    changed = Changed()
    with no_search_for_cycles():
        async with aclosing(_pages(connection, after, upto)) as found:
            async for page in found:
                fold(folded, (text for _, text in page), changed)
    return changed


async def _pages(connection: Connection, after: int, upto: int) -> AsyncGenerator[Page, None]:
    """One stretch after the other. The next is on its way while this one is folded."""
    page = await texts(connection, after=after, upto=min(after + STRETCH, upto))
    for start in range(after + STRETCH, upto, STRETCH):
        coming = asyncio.create_task(texts(connection, after=start, upto=min(start + STRETCH, upto)))
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


def fold(folded: Folded, found: Iterable[str], changed: Changed) -> None:
    """Fold these texts, and note what they changed.

    Raises:
        IntegrityLost, IllegalTransition: an entry cannot be folded.
    """
    with no_search_for_cycles():
        for text in found:
            folded.apply(told(text), changed)
