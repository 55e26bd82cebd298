"""Folding the journal from the database, stretch by stretch: only the kinds that fold are fetched.

Rule 1: the place reached is a sequence, not an entry: a stretch in which nothing folds is passed, too.
Rule 2: an entry is opened, read as its typed fact, and folded, or nothing goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

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


class Told(NamedTuple):
    """What the fold needs of an entry."""

    trace: TraceId
    fact: Fact


async def end_of_journal(connection: Connection) -> int:
    """The sequence of the newest entry; 0 of an empty journal."""
    return int((await one(connection, SQL["journal_end"]))["seq"])


async def texts(
    connection: Connection, *, after: int, upto: int, kinds: Sequence[str] = KINDS
) -> list[tuple[int, str]]:
    """Sequence and text of every entry of those kinds in that stretch, in sequence."""
    cursor = connection.cursor(row_factory=tuple_row)
    await cursor.execute(SQL["texts_between"], {"after": after, "upto": upto, "kinds": list(kinds)})
    return await cursor.fetchall()


def told(text: str) -> Told:
    """An entry's trace and fact.

    Raises:
        IntegrityLost: the text is no envelope, its kind is unknown or its payload does not fit.
    """
    envelope = opened(text)
    return Told(TraceId(envelope.trace_id), envelope.fact)


async def replay(connection: Connection, folded: Folded, *, after: int, upto: int) -> Changed:
    """Fold what lies between, and answer what it changed. Memory: one stretch beside the state.

    Raises:
        IntegrityLost, IllegalTransition: an entry cannot be folded.
    """
    changed = Changed()
    while after < upto:
        end = min(after + STRETCH, upto)
        fold(folded, (text for _, text in await texts(connection, after=after, upto=end)), changed)
        after = end
    return changed


def fold(folded: Folded, found: Iterable[str], changed: Changed) -> None:
    """Fold these texts, and note what they changed.

    Raises:
        IntegrityLost, IllegalTransition: an entry cannot be folded.
    """
    with no_search_for_cycles():
        for text in found:
            folded.apply(told(text), changed)
