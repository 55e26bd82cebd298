"""How many of 300 tagged values are answered from the filings' own text, and that none is answered wrong.

Rule 1: the filings are stored by the product's own function in a world of its own; questions are read by the
    offline model and answered by the research agent's tool through the agents' door, as of a day of 2025-09.
Rule 2: questions, words and draw stand in `facts_draw` and were fixed before any rule that answers. The key
    is opened by `facts_score` alone, another process whose memory is closed; while it answers, this process
    refuses to open the key at all.
Rule 3: beside the draw that is reported stands one by another seed, whose questions nobody looked at.
Rule 4: answers do not differ between rounds: the first asks all, later ones ask a part again and compare.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time_ns
from typing import Any, Final

from agents.offline import research
from core.clock import SetClock
from core.database.logins import AGENT, INTAKE
from core.database.pools import async_pool
from core.desk import Desk
from core.errors import IntegrityLost, NotFound
from core.ids import MessageId
from core.ledger.journal import Journal
from core.library.shelf import Document, Library
from evals.bench.facts_draw import HELD_OUT, REPORTED
from evals.bench.harness import Bench, Round
from evals.bench.journal_world import TRACE, JournalWorld
from tools.contract import Agent, Call, Said, Turn
from tools.facts import FIND_FIGURE, FigureAsk

ROOT: Final = Path(__file__).resolve().parents[2]
FILINGS: Final = ROOT.parent / "shared" / "data" / "filings"
TODAY: Final = datetime(2025, 9, 30, 14, 0, tzinfo=UTC)
AGAIN: Final = 20

Answers = list[Mapping[str, Any] | None]


class FactsBench:
    name = "facts"
    unit = "values answered right of 300"
    event_bytes = None

    def __init__(self, filings: Path = FILINGS) -> None:
        if not (filings / "text.jsonl.gz").is_file():
            raise NotFound(f"there are no filings in {filings}", fix="put the shared data beside the project")
        self._key = filings / "facts.jsonl.gz"
        self._world = JournalWorld(1, role="research")  # who fills the shelves that everybody reads
        self._stored = asyncio.run(self._store(filings / "text.jsonl.gz"))
        self._first: tuple[Sequence[str], Answers, Mapping[str, Any]] | None = None

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {}

    def subject(self) -> Round:
        calls: list[float] = []
        if self._first is None:
            asked, answers, score = self._scored(REPORTED, calls)
            held_out = self._scored(HELD_OUT, [])[2]
            detail: Mapping[str, Any] = {
                **score,
                "held_out": held_out,
                "documents": self._stored,
                "as_of": TODAY.isoformat(),
            }
            self._first = asked, answers, detail
        else:
            asked, answers, detail = self._first
            if self._answered(asked[:AGAIN], calls) != answers[:AGAIN]:
                raise IntegrityLost(
                    "the same questions were answered otherwise", fix="find what is not a rule"
                )
        return Round(figure=detail["right"], calls_ms=calls, detail=detail)

    def baseline(self) -> None:
        """Nothing compares: 150 are asked for, none wrong."""

    def close(self) -> None:
        self._world.close()

    def _scored(self, seed: int, calls: list[float]) -> tuple[Sequence[str], Answers, Mapping[str, Any]]:
        words = [sys.executable, "-P", "-m", "evals.bench.facts_score", str(self._key), str(seed)]
        env = {"PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as scorer:
            into, out = scorer.stdin, scorer.stdout
            if into is None or out is None:
                raise IntegrityLost("the scorer has no pipes", fix="start it again")
            asked: list[str] = json.loads(out.readline())
            answers = self._answered(asked, calls)
            into.write(json.dumps(answers) + "\n")
            into.flush()
            score: Mapping[str, Any] = json.loads(out.readline())
        return asked, answers, score

    def _answered(self, asked: Sequence[str], calls: list[float]) -> Answers:
        with _key_closed():
            return asyncio.run(self._ask(asked, calls))

    async def _ask(self, asked: Sequence[str], calls: list[float]) -> Answers:
        caller, clock = self._world.callers[0], SetClock(TODAY)
        async with (
            async_pool(self._world.logins.dsn(AGENT), name="bench", most=2) as pool,
            Journal(pool, clock) as journal,
        ):
            desk = Desk(pool, journal, caller.ticket, clock)
            turn = Turn(desk, _Nobody(), None, clock, caller.thread, None, TRACE)
            answers: Answers = []
            for number, question in enumerate(asked):
                begun = process_time_ns()
                call = Call(turn, Agent.RESEARCH, (Said(MessageId(f"msg-{number}"), question),), 0)
                answers.append(await self._one(question, call, desk))
                calls.append((process_time_ns() - begun) / 1e6)
        return answers

    async def _one(self, question: str, call: Call, desk: Desk) -> Mapping[str, Any] | None:
        wanted = research.asked(question)
        if wanted is None or wanted[0] != FIND_FIGURE.name:
            return None
        desk.may_call(call.agent, FIND_FIGURE.name, FIND_FIGURE.effect)
        told = await FIND_FIGURE.run(FigureAsk(**wanted[1], as_of=TODAY.date()), call)
        if told.found is None:
            return None
        text = self._world.value("select text from gatehouse.passage where id = %s", [told.found.passage])
        return {
            "value": str(told.found.value),
            "row": told.found.row,
            "digits": told.found.printed,
            "passage_text": text,
        }

    async def _store(self, text: Path) -> int:
        clock, count = SetClock(TODAY), 0
        async with (
            async_pool(self._world.logins.dsn(INTAKE), name="bench", most=2) as pool,
            Journal(pool, clock) as journal,
        ):
            library = Library(pool, journal, clock)
            with gzip.open(text, "rt", encoding="utf-8") as lines:
                for line in lines:
                    filed = json.loads(line)
                    document = Document(
                        title=filed["doc"],
                        source="company filing",
                        dated=date.fromisoformat(filed["doc"][-10:]),
                        text=filed["text"],
                    )
                    await library.store(self._world.session, document)
                    count += 1
        return count


class _Nobody:
    """Holds no subject's key: a question about a filing names no client."""

    async def clear(self, field: str, sealed: Sequence[Any]) -> tuple[str, ...]:
        raise IntegrityLost(f"{field} was asked for", fix="answer from filings alone")

    async def seal(self, subject: Any, words: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
        raise IntegrityLost(f"words of {subject} were to be sealed", fix="answer from filings alone")


_closed = False
_hooked = False


@contextmanager
def _key_closed() -> Iterator[None]:
    """In here, this process opens no answer key."""
    global _closed, _hooked
    if not _hooked:
        sys.addaudithook(_refuse_key)
        _hooked = True
    _closed = True
    try:
        yield
    finally:
        _closed = False


def _refuse_key(event: str, words: tuple[Any, ...]) -> None:
    if _closed and event == "open" and str(words[0]).endswith("facts.jsonl.gz"):
        raise PermissionError("the answer key is the scorer's alone")


def bench() -> Bench:
    return FactsBench()
