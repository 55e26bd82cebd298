"""The stored projections held against the journal, or made anew from it.

Rule 1: a comparison reads one moment: the journal, the rows and the snapshots as they are together. It
    changes nothing, and a worker may be at work meanwhile.
Rule 2: the fold starts empty, at the first entry. No snapshot is believed: each is compared at its sequence.
Rule 3: rows are compared where they stand (`follower`), the append's own tables at the end of the journal.
Rule 4: what is sealed is never opened: no key is asked for, so a forgotten client changes nothing here.
Rule 5: a rebuild happens while no worker is at work, and all at once: readers see the old rows until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import DictRow

from core.book import positions
from core.database.rows import one, rows
from core.errors import Conflict, IllegalTransition, IntegrityLost
from core.ids import AccountId
from core.ledger.telling import told
from core.projections import snapshots
from core.projections.comparing import (
    Difference,
    Expected,
    block_rows,
    book_rows,
    holding_rows,
    trade_rows,
)
from core.projections.folded import Changed, Folded
from core.projections.follow import write
from core.projections.law import LAW, Law
from core.projections.projected import Row
from core.projections.replay import STRETCH, end_of_journal, replay, stretch
from core.projections.snapshots import SQL

NAMED_AT_MOST: Final = 100  # differences; all are counted
AT_ONCE: Final = 2_000  # stored rows in memory

Connection = AsyncConnection[DictRow]


@dataclass(slots=True)
class Compared:
    """`rows` are those that were compared, by table. A snapshot in another form is not compared."""

    entries: int = 0
    rows_at: int = 0  # the sequence that the stored rows stand at
    rows: dict[str, int] = field(default_factory=dict)
    snapshots: int = 0
    of_another_form: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.different

    def add(self, found: Iterable[Difference]) -> None:
        for difference in found:
            self.different += 1
            if len(self.differences) < NAMED_AT_MOST:
                self.differences.append(difference)


async def compare(connection: Connection) -> Compared:
    """Everything that is stored beside the journal and that a fold can say, against a fold from entry 1.

    Raises:
        IntegrityLost: an entry cannot be folded; it is named.
    """
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    await connection.set_read_only(True)
    async with connection.transaction():
        compared = Compared(entries=await end_of_journal(connection))
        compared.rows_at = int((await one(connection, SQL["follower"]))["as_of_seq"])
        kept = {
            int(row["seq"]): row
            for row in await rows(connection, SQL["snapshots"], {"upto": compared.entries})
        }
        folding = _Folding(connection)
        for seq in sorted({*kept, compared.rows_at}):
            await folding.reach(seq)
            if seq in kept:
                await _compare_snapshot(connection, folding.folded, kept[seq], compared)
            if seq == compared.rows_at:
                references = folding.changed.references.values()
                for table, says in book_rows(folding.folded, folding.positions, references).items():
                    await _compare_table(connection, table, says, compared)
        await folding.reach(compared.entries)
        for table, says in folding.law_rows().items():
            await _compare_table(connection, table, says, compared)
    return compared


async def rebuild(connection: Connection, *, place: int) -> int:
    """Drop every stored projection and snapshot and make them anew. Answers the sequence that they stand at.

    `place` is the number of the lock that a worker holds while it is at work.

    Raises:
        Conflict: a worker is at work. Nothing was changed.
        IntegrityLost, IllegalTransition: an entry cannot be folded. Nothing was changed.
    """
    if not (await one(connection, "select pg_try_advisory_lock(%(n)s) as mine", {"n": place}))["mine"]:
        raise Conflict("a worker is at work on these rows", fix="stop `gatehouse up` or the worker first")
    end, folded = await end_of_journal(connection), Folded()
    changed = await replay(connection, folded, after=0, upto=end)
    async with connection.transaction():
        for table in ("reference", "lot", "position", "cash", "order_state", "snapshot", "follower"):
            await connection.execute(SQL[f"empty_{table}"])
        await write(connection, folded, changed, end)
        if end:
            await snapshots.keep(connection, end, folded)
    return end


class _Folding:
    """The fold of the book and of the law, as far as it has come."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seq = 0
        self.folded = Folded()
        self.changed = Changed()
        self.positions: dict[AccountId, positions.Positions] = {}
        self._law = Law()

    async def reach(self, seq: int) -> None:
        """Fold up to that entry and with it."""
        while self._seq < seq:
            end = min(self._seq + STRETCH, seq)
            page = await stretch(self._connection, after=self._seq, upto=end, kinds=sorted(LAW))
            with snapshots.no_search_for_cycles():
                for at, text in zip(page.seqs, page.texts, strict=True):
                    self._take(at, text)
            self._seq = end

    def law_rows(self) -> Mapping[str, Iterator[Row]]:
        return {
            "day_use": self._law.day_rows(self.folded),
            "holding": holding_rows(self.folded, self.positions),
            "lot_holding": self._law.lot_rows(self.folded),
            "leg": self._law.leg_rows(self.folded),
            "proposal": self._law.proposal_rows(),
            "trade": trade_rows(self.folded),
            "block": block_rows(self.folded),
            "block_share": self._law.shares.rows(),
        }

    def _take(self, seq: int, text: str) -> None:
        try:
            entry = told(text)
            fact = entry.fact
            self.folded.apply(entry, self.changed)
            self._law.apply(seq, fact)
            if isinstance(fact, positions.MOVES_SHARES):
                held = self.positions.get(fact.account, positions.NO_POSITIONS)
                self.positions[fact.account] = positions.apply(held, fact)
        except (IntegrityLost, IllegalTransition) as bad:
            raise IntegrityLost(f"entry {seq} cannot be folded: {bad.says}", fix=bad.fix) from bad


async def _compare_snapshot(
    connection: Connection, folded: Folded, row: Mapping[str, Any], compared: Compared
) -> None:
    if row["form"] != snapshots.form():
        compared.of_another_form += 1
        return
    compared.snapshots += 1
    text = await snapshots.read(connection, row["seq"])
    faults = {
        "its text is not the one that was written": sha256(text).digest() != row["text_digest"],
        "the journal has another digest at its entry": not row["on_this_journal"],
        "it is not what the entries up to it fold to": text != snapshots.text_of(folded),
    }
    compared.add(Difference("snapshot", str(row["seq"]), says) for says, found in faults.items() if found)


async def _compare_table(connection: Connection, table: str, says: Iterable[Row], compared: Compared) -> None:
    compared.rows[table] = 0
    expected = Expected(table, says)
    async with connection.cursor(name=f"stored_{table}") as cursor:
        cursor.itersize = AT_ONCE
        await cursor.execute(SQL[f"all_{table}"])
        async for row in cursor:
            compared.rows[table] += 1
            compared.add(expected.compared_with(row))
    compared.add(expected.missing())
