"""How many durable, chained entries a second the journal takes from callers that wait together.

Rule 1: subject is the product's own way, every check on: the copilot's login and its event loop, a ticket in
    each entry. Each caller is told after the commit that holds its entry, and only then asks again. The
    figure is at 128.
Rule 2: baseline is COPY of those very rows by the same driver into an unchained table with the same indexes,
    in commits as large as an append may be. `detail.copy_in_our_commits` is the same in commits as large as
    ours were: two appends share the callers, so they are half as large.
Rule 3: `detail` has the other numbers of callers, the append without checks, a bare insert and commit, the
    peer, and what each part of the append takes at the server.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import uuid4

import msgspec
import uvloop
from psycopg import Connection
from psycopg.rows import DictRow, tuple_row

from core.database.logins import AGENT
from core.database.pools import async_pool, connect
from core.fact import Entry
from core.ledger.envelope import payload_of, text_of, written
from core.ledger.journal import BATCH, Journal
from core.people.events import StepTaken
from evals.bench.harness import Bench, Round
from evals.bench.journal_peer import Peer
from evals.bench.journal_world import TRACE, Caller, JournalWorld

FIGURE_AT: Final = 128
CALLERS: Final = (1, 8, 32, 128, 512)
ENTRIES: Final = {1: 300, 8: 1_000, 32: 2_000, 128: 6_000, 512: 6_000}  # of one round
PEER_CALLERS: Final = 32
PEER_EACH: Final = 12
PARTS: Final = ("look", "law_says", "take_together", "take", "append")
SHOWN: Final = (
    *("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method"),
    *("wal_compression", "shared_buffers", "wal_buffers", "max_wal_size", "checkpoint_timeout"),
    *("commit_delay", "jit"),
)
COLUMNS: Final = (
    "seq, recorded_at, role, actor, text, event_id, event_type, event_version, stream, stream_version,"
    " trace_id, occurred_at, digest"
)
MOMENT: Final = "recorded_at"
INSERT: Final = (
    f"insert into bench.unchained ({COLUMNS}) values ({', '.join(['%s'] * len(COLUMNS.split(',')))})"  # noqa: S608
)


class JournalBench:
    name = "journal"
    unit = "entries/s"

    def __init__(self) -> None:
        self._world = JournalWorld(max(CALLERS))
        self._superuser = self._world.superuser
        self._superuser.execute("create schema bench")
        for table in ("unchained", "as_committed", "journal"):
            self._superuser.execute(f"create table bench.{table} (like gatehouse.journal including indexes)")
        self._superuser.execute("create table bench.head as select * from gatehouse.head")
        self._superuser.execute(Path(__file__).with_name("bare_append.sql").read_text(encoding="utf-8"))
        self._peer = Peer(self._world.admin_dsn, PEER_CALLERS)
        self._agent = connect(self._world.logins.dsn(AGENT), name="bench")
        self._seen: dict[str, list[float]] = defaultdict(list)
        self._copied = self._newest()

    @property
    def event_bytes(self) -> int:
        """Mean length of an entry's text."""
        return int(self._world.value("select avg(octet_length(text))::int from bench.unchained"))

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {name: str(self._world.value(f"select current_setting('{name}')")) for name in SHOWN}

    def subject(self) -> Round:
        calls_ms: list[float] = []
        for callers in CALLERS:
            mine = calls_ms if callers == FIGURE_AT else []
            self._seen[f"at_{callers}"].append(uvloop.run(self._rate(callers, mine)))
            if callers == FIGURE_AT:
                self._copied = self._newest() - ENTRIES[FIGURE_AT] // callers * callers
        self._beside()
        return Round(figure=self._seen[f"at_{FIGURE_AT}"][-1], calls_ms=calls_ms, detail=self._detail())

    def baseline(self) -> Round:
        rows = self._superuser.cursor(row_factory=tuple_row).execute(
            f"select {COLUMNS} from gatehouse.journal where seq > %s order by seq limit %s",  # noqa: S608
            [self._copied, ENTRIES[FIGURE_AT]],
        )
        ready = rows.fetchall()
        # One append has one moment of its own.
        ours = [[*of_one] for _, of_one in groupby(ready, key=itemgetter(COLUMNS.split(", ").index(MOMENT)))]
        self._seen["entries_a_commit"].append(len(ready) / len(ours))
        self._seen["copy_in_our_commits"].append(self._copied_in("as_committed", ours))
        batches = [ready[at : at + BATCH] for at in range(0, len(ready), BATCH)]
        return Round(figure=self._copied_in("unchained", batches))

    def _copied_in(self, table: str, batches: Sequence[Sequence[Sequence[Any]]]) -> float:
        """Rows a second, each batch copied and committed alone."""
        begun = self._world.clock.monotonic_ns()
        for batch in batches:
            with self._superuser.cursor().copy(f"copy bench.{table} ({COLUMNS}) from stdin") as copy:
                for row in batch:
                    copy.write_row(row)
        return sum(map(len, batches)) / self._since(begun)

    def close(self) -> None:
        self._peer.close()
        self._agent.close()
        self._world.close()

    async def _rate(self, callers: int, calls_ms: list[float]) -> float:
        each = ENTRIES[callers] // callers
        async with (
            async_pool(self._world.logins.dsn(AGENT), name="bench", most=3) as pool,
            Journal(pool, self._world.clock) as journal,
        ):
            asked = self._world.callers[:callers]
            await asyncio.gather(*(self._call(journal, caller, 1, []) for caller in asked))  # connected, warm
            begun = self._world.clock.monotonic_ns()
            await asyncio.gather(*(self._call(journal, caller, each, calls_ms) for caller in asked))
            return callers * each / self._since(begun)

    async def _call(self, journal: Journal, caller: Caller, each: int, calls_ms: list[float]) -> None:
        clock = self._world.clock
        for _ in range(each):
            begun = clock.monotonic_ns()
            await journal.record(_step(caller))
            calls_ms.append((clock.monotonic_ns() - begun) / 1e6)

    def _beside(self) -> None:
        """What the figure is read beside, each once a round."""
        self._seen["server_alone"].append(self._send(self._agent, "gatehouse.append"))
        for part, took_us in self._parts().items():
            self._seen[f"us_{part}"].append(took_us)
        self._seen["bare_append"].append(self._send(self._superuser, "bench.bare_append"))
        self._seen["bare_insert"].append(self._single_inserts(300))
        self._seen["peer_at_32"].append(self._peer.rate(PEER_EACH, b"x" * 200))

    def _batches(self, number: int) -> Sequence[str]:
        """The next batches of 128 entries, as the client would send them."""
        known = self._superuser.execute("select stream, version from gatehouse.stream_head").fetchall()
        newest = {row["stream"]: row["version"] for row in known}
        asked = [_step(caller) for caller in self._world.callers[:BATCH]]
        now = written(self._world.clock.now())
        batches = []
        for ahead in range(1, number + 1):
            texts = [
                text_of(
                    entry,
                    payload_of(entry),
                    event_id=uuid4(),
                    stream_version=newest[entry.stream] + ahead,
                    occurred_at=now,
                    mono_ns=0,
                )
                for entry in asked
            ]
            items = [{"text": t, "ticket": e.ticket} for t, e in zip(texts, asked, strict=True)]
            batches.append(msgspec.json.encode(items).decode())
        return batches

    def _send(self, connection: Connection[DictRow], function: str) -> float:
        """Entries a second, where one connection calls that function with batches that are ready."""
        batches = self._batches(12)
        call = f"select count(*) as taken from {function}(%s::jsonb)"  # noqa: S608
        begun = self._world.clock.monotonic_ns()
        for batch in batches:
            connection.execute(call.encode(), [batch], prepare=True).fetchall()
        return len(batches) * BATCH / self._since(begun)

    def _parts(self) -> Mapping[str, float]:
        """Microseconds that the server spends on an entry in each part of the append."""
        self._superuser.execute("alter role gh_agent set track_functions = 'all'")
        with connect(self._world.logins.dsn(AGENT), name="bench") as watched:
            before = self._times()
            for batch in self._batches(12):
                watched.execute("select count(*) from gatehouse.append(%s::jsonb)", [batch], prepare=True)
            watched.execute("select pg_stat_force_next_flush()")
        self._superuser.execute("alter role gh_agent reset track_functions")
        after = self._times()
        return {part: (after.get(part, 0) - before.get(part, 0)) * 1e3 / (12 * BATCH) for part in PARTS}

    def _times(self) -> Mapping[str, float]:
        self._superuser.execute("select pg_stat_clear_snapshot()")
        rows = self._superuser.execute("select funcname, total_time from pg_stat_user_functions").fetchall()
        return {row["funcname"]: row["total_time"] for row in rows}

    def _single_inserts(self, number: int) -> float:
        """Rows a second, each inserted and committed alone by one connection."""
        rows = self._superuser.cursor(row_factory=tuple_row).execute(
            f"select {COLUMNS} from gatehouse.journal order by seq desc limit %s",  # noqa: S608
            [number],
        )
        ready = rows.fetchall()
        begun = self._world.clock.monotonic_ns()
        for row in ready:
            self._superuser.execute(INSERT.encode(), row, prepare=True)
        rate = number / self._since(begun)
        self._superuser.execute("delete from bench.unchained where seq > %s", [ready[-1][0] - 1])
        return rate

    def _detail(self) -> Mapping[str, Any]:
        seen = {name: round(median(found), 2) for name, found in self._seen.items()}
        return {
            "baseline": "COPY, same indexes",
            "batch": BATCH,
            "callers": {str(callers): seen[f"at_{callers}"] for callers in CALLERS},
            **{name: seen.get(name) for name in ("entries_a_commit", "copy_in_our_commits")},
            "server_alone": seen["server_alone"],
            "bare_append": seen["bare_append"],
            "server_us_an_entry": {part: seen[f"us_{part}"] for part in PARTS},
            "bare_insert_and_commit": seen["bare_insert"],
            "one_caller_to_bare_insert": round(seen["at_1"] / seen["bare_insert"], 3),
            "peer": f"eventsourcing {version('eventsourcing')}, single events, {PEER_CALLERS} callers",
            "peer_at_32": seen["peer_at_32"],
            "at_32_to_peer": round(seen["at_32"] / seen["peer_at_32"], 1),
        }

    def _since(self, begun: int) -> float:
        return (self._world.clock.monotonic_ns() - begun) / 1e9

    def _newest(self) -> int:
        return int(self._world.value("select seq from gatehouse.head"))


def bench() -> Bench:
    return JournalBench()


def _step(caller: Caller) -> Entry:
    fact = StepTaken(
        thread=caller.thread, agent="planner", step="plan", model="a model of some name", took_ms=7
    )
    return Entry(f"thread/{caller.thread}", fact, TRACE, ticket=caller.ticket)
