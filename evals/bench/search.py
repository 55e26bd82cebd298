"""How fast, and how fully, a question finds its ten nearest of 100,000 passages, by how many may be seen.

Rule 1: subject is the product's own way, through the copilot's login: her ticket, the permission of every
    document, the index where many may be seen, signs where fewer are and each vector where few, the texts.
Rule 2: baseline is the very same function made to compare every vector that may be seen, in the same round
    and for the same questions; what it finds is what recall is counted against. `sequential` in `detail` is a
    bare scan of the whole table that joins and checks next to nothing.
Rule 3: `figure` and `ratio` are of somebody who sees everything, without the question's embedding, which both
    need alike; `p95_ms` is with it, and `detail` has both for each level.
Rule 4: where the product itself compares each vector, both sides are one statement, and `detail` says so.
Rule 5: both sides do the same beside the search: embed before it, ask through that login, read ten passages.
    Each writes the question's vector out in its own way: the desk's takes 0.03 ms, `str` 0.3 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.clock import WallClock
from core.database.logins import AGENT
from core.database.pools import async_pool
from core.desk import Desk, Found
from core.ledger.journal import Journal
from core.library.reader import as_passage
from core.people.asker import found_by
from evals.bench.harness import Bench, Round, percentile
from evals.bench.search_world import LEVELS, SQL, SearchWorld

PASSAGES: Final = 100_000
QUESTIONS: Final = 20  # of each level in a round
NEAREST: Final = 10
FIGURE_AT: Final = 100
COMPARED_UP_TO: Final = 2_000  # as `gatehouse.library_nearest` has it
EXACT: Final = "select * from gatehouse.exact_search(%(ticket)s, %(vector)s::text, %(limit)s, null)"
SHOWN: Final = ("server_version", "shared_buffers", "work_mem", "jit", "max_parallel_workers_per_gather")
SUBJECTS: Final = ("cloud revenue", "oil prices", "the dividend", "interest expense", "net sales in Europe")
ASKS: Final = (
    "How did {} change in {}?",
    "What risks does the firm see for {} in {}?",
    "Which shares gain most from {} after {}?",
    "What is the house view on {} for {}?",
)


@dataclass
class Level:
    """What was measured of one share of the library, in milliseconds. `found`, of the nearest `there`."""

    with_embedding: list[float] = field(default_factory=list)
    search: list[float] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    sequential: list[float] = field(default_factory=list)
    found: int = 0
    there: int = 0

    def told(self, seen: int) -> Mapping[str, Any]:
        def p95(calls: Sequence[float]) -> float | None:
            return percentile(sorted(calls), 95)

        return {
            "recall_at_10": self.found / self.there if self.there else None,
            "p95_ms": p95(self.with_embedding),
            "search_p95_ms": p95(self.search),
            "exact_p95_ms": p95(self.exact),
            "sequential_p95_ms": p95(self.sequential),
            "faster_than_exact": sum(self.exact) / sum(self.search) if self.search and self.exact else None,
            "compares_each": seen <= COMPARED_UP_TO,
        }


class SearchBench:
    """Over a server of its own."""

    name = "search"
    unit = "questions/s"
    event_bytes = None

    def __init__(self, *, passages: int = PASSAGES, questions: int = QUESTIONS) -> None:
        self._world = SearchWorld(passages=passages)
        self._clock = WallClock()
        self._questions = [
            ask.format(subject, year) for year in range(2015, 2025) for subject in SUBJECTS for ask in ASKS
        ]
        self._at_once = questions
        self._next = 0
        self._asked: list[tuple[str, list[float]]] = []
        self._answers: dict[tuple[int, int], set[int]] = {}
        self._levels = {percent: Level() for percent in LEVELS}
        self._within = {percent: self._world.within(percent) for percent in LEVELS}
        self._told: dict[str, Any] = {}
        self._runner = asyncio.Runner()
        self._world.embedder.embed(["loaded"])

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {name: self._world.setting(name) for name in SHOWN}

    def subject(self) -> Round:
        begin = self._next
        self._next += self._at_once
        chosen = [self._questions[n % len(self._questions)] for n in range(begin, self._next)]
        self._asked, self._answers = [], {}
        return self._runner.run(self._searched(chosen))

    def baseline(self) -> Round:
        return self._runner.run(self._compared())

    def close(self) -> None:
        self._runner.close()
        self._world.close()

    async def _searched(self, chosen: Sequence[str]) -> Round:
        calls, spent = [], 0.0
        async with self._pool() as pool, Journal(pool, self._clock) as journal:
            for percent, ticket in self._world.tickets.items():
                level, desk = self._levels[percent], Desk(pool, journal, ticket, self._clock)
                await desk.search([1.0] + [0.0] * 383, limit=NEAREST)  # connected and loaded
                for n, question in enumerate(chosen):
                    begun = self._clock.monotonic_ns()
                    [vector] = self._world.embedder.embed([question])
                    embedded = self._clock.monotonic_ns()
                    found = await desk.search(vector, limit=NEAREST)
                    ended = self._clock.monotonic_ns()
                    level.with_embedding.append((ended - begun) / 1e6)
                    level.search.append((ended - embedded) / 1e6)
                    self._answers[percent, n] = {one.passage.id for one in found}
                    if percent == FIGURE_AT:
                        self._asked.append((question, vector))
                        calls.append(level.with_embedding[-1])
                        spent += level.search[-1]
        return Round(len(chosen) * 1e3 / spent, calls, self._told)

    async def _compared(self) -> Round:
        spent = 0.0
        async with self._pool() as pool:
            for percent, ticket in self._world.tickets.items():
                level = self._levels[percent]
                for n, (question, vector) in enumerate(self._asked):
                    self._world.embedder.embed([question])  # as before ours: neither comes in warm
                    begun = self._clock.monotonic_ns()
                    asked = {"vector": str(vector), "limit": NEAREST}
                    found = await found_by(pool, ticket, EXACT, asked)
                    nearest = {Found(as_passage(row), str(row["distance"])).passage.id for row in found}
                    level.exact.append((self._clock.monotonic_ns() - begun) / 1e6)
                    level.found += len(nearest & self._answers[percent, n])
                    level.there += len(nearest)
                    if percent == FIGURE_AT:
                        spent += level.exact[-1]
                for _, vector in self._asked:
                    asked = {"vector": str(vector), "limit": NEAREST, "within": self._within[percent]}
                    self._sequential(level, asked)
        self._tell()
        return Round(len(self._asked) * 1e3 / spent)

    def _sequential(self, level: Level, asked: Mapping[str, Any]) -> None:
        connection = self._world.superuser
        connection.execute("set enable_indexscan = off")
        connection.execute("set enable_bitmapscan = off")
        begun = self._clock.monotonic_ns()
        connection.execute(SQL["sequential"].encode(), asked).fetchall()
        level.sequential.append((self._clock.monotonic_ns() - begun) / 1e6)

    def _pool(self) -> Any:
        return async_pool(self._world.logins.dsn(AGENT), name="bench", most=2, asks_first=False)

    def _tell(self) -> None:
        """Bring up to date what every round's `detail` refers to."""
        levels = {
            f"at_{percent}": level.told(self._world.passages * percent // 100)
            for percent, level in self._levels.items()
        }
        self._told.update(
            recall_at_10=min(level["recall_at_10"] for level in levels.values()),
            passages=self._world.passages,
            vectors="synthetic: this product's embeddings of filings' sentences, moved between two others",
            percent_seen=levels,
            index_build_s=self._world.build_s,
            fill_s=self._world.fill_s,
        )


def bench() -> Bench:
    return SearchBench()
