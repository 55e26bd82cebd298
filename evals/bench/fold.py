"""How many entries a second the worker's state is rebuilt from, out of a journal of a million.

Rule 1: subject is the product's own way from the first entry: the worker's login, every folded entry read as
    its typed fact. What cannot fold is not fetched; it counts, because its place is passed.
Rule 2: baseline is a bare fetch of every text in pages by the same driver, decoded, one decimal of it added.
    `ratio` above 1: ours is faster. `folded_entries_per_s` counts what was fetched and folded alone: over
    `baseline` it compares like with like, and is the smaller one.
Rule 3: the journal is put in by COPY (`evals.bench.long_journal`), so that making it takes a minute at most.
Rule 4: the calls that are timed are questions for the past of one account (`evals.bench.as_of`).
Rule 5: with snapshots, the time to be ready is the worst there is: the newest one is as old as one may be.
"""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import Mapping
from decimal import Decimal
from statistics import median
from typing import Any, Final

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow, tuple_row

from core.clock import WallClock
from core.database.pools import connect_async
from core.projections import snapshots
from core.projections.folded import Folded
from core.projections.replay import KINDS, STRETCH, end_of_journal, replay
from evals.bench.as_of import Past
from evals.bench.harness import Bench, Round
from evals.bench.long_journal import LongJournal

ENTRIES: Final = 1_000_000
HOUSEHOLDS: Final = 2_000  # two accounts each
COUNTED: Final = "select count(*) as n from gatehouse.journal where event_type = any (%s)"
BARE_PAGE: Final = "select seq, text from gatehouse.journal where seq > %s order by seq limit %s"


class FoldBench:
    """Opened when made; `close` stops the server and removes its folder."""

    name = "fold"
    unit = "entries/s"

    def __init__(self, *, entries: int = ENTRIES, households: int = HOUSEHOLDS) -> None:
        self._clock = WallClock()
        begun = self._clock.monotonic_ns()
        self._journal = LongJournal(entries=entries, households=households)
        self._set_up_s = self._since(begun)
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(connect_async(self._journal.gate, name="bench"))
        self._past = Past(self._journal, self._clock)
        self._runner.run(self._past.prepare())
        self._kept = self._runner.run(self._keep(max(1, entries - snapshots.EVERY)))

    @property
    def event_bytes(self) -> int:
        return self._journal.event_bytes

    @property
    def server_settings(self) -> Mapping[str, str]:
        return self._journal.server_settings

    def subject(self) -> Round:
        return self._runner.run(self._rebuilt())

    def baseline(self) -> Round:
        begun = self._clock.monotonic_ns()
        self._runner.run(_bare(self._connection))
        return Round(figure=self._journal.entries / self._since(begun))

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()
        self._journal.close()

    async def _rebuilt(self) -> Round:
        entries, connection = self._journal.entries, self._connection
        begun = self._clock.monotonic_ns()
        folded = Folded()
        await replay(connection, folded, after=0, upto=await end_of_journal(connection))
        without_s = self._since(begun)
        begun = self._clock.monotonic_ns()
        start = await snapshots.newest(connection, upto=entries)
        read_s = self._since(begun)
        await replay(connection, start.folded, after=start.seq, upto=entries)
        ready_s = self._since(begun)
        detail: dict[str, Any] = {
            "entries": entries,
            "as_of_index_s": round(self._past.index_s, 1),
            "set_up_s": round(self._set_up_s, 1),
            "folded_entries_per_s": round(self._kept["folded_entries"] / without_s),
            "accounts": len(folded.homes),
            "orders": len(folded.orders),
            "without_snapshots_s": round(without_s, 2),
            "from_newest_snapshot_s": round(ready_s, 2),
            "from_newest_snapshot_entries_per_s": round(entries / ready_s),
            "snapshot_at": start.seq,
            "same_state": snapshots.text_of(start.folded) == snapshots.text_of(folded),
            **self._kept,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "ten_million_extrapolated": {
                "without_snapshots_s": round(without_s * 10_000_000 / entries, 1),
                "from_newest_snapshot_s": round(ready_s + read_s * (10_000_000 / entries - 1), 1),
                "because": "reading a snapshot grows with the state, what follows it does not",
            },
        }
        del folded, start
        gc.collect()  # the front, which is asked for the past, holds no fold
        asked = await self._past.calls_ms(halfway=entries // 2)
        detail["as_of_p50_ms"] = round(median(asked), 1)
        return Round(figure=entries / without_s, calls_ms=asked, detail=detail)

    async def _keep(self, seq: int) -> Mapping[str, Any]:
        """A snapshot at that entry, and what it took."""
        folded = Folded()
        await replay(self._connection, folded, after=0, upto=seq)
        begun = self._clock.monotonic_ns()
        await snapshots.keep(self._connection, seq, folded)
        took_s = self._since(begun)
        counted = self._journal.superuser.execute(COUNTED.encode(), [KINDS]).fetchone()
        return {
            "snapshot_bytes": len(snapshots.text_of(folded)),
            "snapshot_written_s": round(took_s, 2),
            "folded_entries": counted["n"] if counted else 0,
        }

    def _since(self, begun_ns: int) -> float:
        return (self._clock.monotonic_ns() - begun_ns) / 1e9


async def _bare(connection: AsyncConnection[DictRow]) -> Decimal:
    """Every text fetched and decoded, and one decimal added for each."""
    cursor, after, total = connection.cursor(row_factory=tuple_row, binary=True), 0, Decimal(0)
    while page := await (await cursor.execute(BARE_PAGE, [after, STRETCH])).fetchall():
        for _, text in page:
            payload = msgspec.json.decode(text)["payload"]
            total += Decimal(payload.get("quantity", "1"))
        after = page[-1][0]
    return total


def bench() -> Bench:
    return FoldBench()
