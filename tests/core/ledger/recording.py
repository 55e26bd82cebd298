"""A process that records steps in a copilot's thread, for tests of the journal.

`python -m tests.core.ledger.recording DSN TICKET THREAD CALLERS EACH` prints one sequence a line, as it is
acknowledged.
"""

from __future__ import annotations

import asyncio
import sys

from core.clock import WallClock
from core.database.pools import async_pool
from core.fact import Entry
from core.ids import ThreadId, TraceId
from core.ledger.journal import Journal
from core.people.events import StepTaken

TRACE = TraceId("0" * 31 + "2")


def step(thread: str, ticket: str, *, model: str = "m", key: str | None = None) -> Entry:
    fact = StepTaken(thread=ThreadId(thread), agent="planner", step="plan", model=model)
    return Entry(f"thread/{thread}", fact, TRACE, ticket=ticket, key=key)


async def record(dsn: str, ticket: str, thread: str, callers: int, each: int) -> None:
    async def call(journal: Journal, number: int) -> None:
        for turn in range(each):
            done = await journal.record(step(thread, ticket, model=f"{number}/{turn}"))
            sys.stdout.write(f"{done[0].seq}\n")
            sys.stdout.flush()

    async with async_pool(dsn, name="recording", most=2) as pool, Journal(pool, WallClock()) as journal:
        await asyncio.gather(*(call(journal, number) for number in range(callers)))


if __name__ == "__main__":
    dsn, ticket, thread, callers, each = sys.argv[1:]
    asyncio.run(record(dsn, ticket, thread, int(callers), int(each)))
