"""Reconciliation at the approver's door: what differs, asking for a comparison, and taking a difference on.

Rule 1: whoever is not shown everything is shown the differences of her own book.
Rule 2: asking compares nothing here: the worker does, and this waits for its word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import NotFound
from core.fact import Entry
from core.ids import PersonId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import SQL as PEOPLE
from core.people.asker import asking
from core.reconcile.events import DifferenceTaken, ReconciliationRequested
from core.reconcile.reading import SQL

LOOKS_EVERY: Final = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished comparison."""

    run: str
    why: str
    session: date
    compared: tuple[dict[str, Any], ...]
    unread: tuple[str, ...]
    differences: int
    finished_at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One that stands open. `taken_by`: the person whose it is; else it is the `owner` role's."""

    difference: str
    party: str
    kind: str
    key: str
    account: str | None
    order: str | None
    ours: str
    theirs: str
    owner: str
    taken_by: PersonId | None
    found_at: datetime
    age: timedelta


class Reconciliation:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def standing(self, ticket: str, run: str | None = None) -> tuple[Run | None, Sequence[Difference]]:
        """The newest comparison, or the one of that name, and every difference that stands open."""
        async with asking(self._pool, ticket) as connection:
            last = await rows(connection, SQL["last"], {"run": run})
            found = await rows(connection, SQL["open"])
        return (_run(last[0]) if last else None), [_difference(row) for row in found]

    async def ask(self, ticket: str, *, wait: timedelta) -> str:
        """Ask for a comparison, and return its name when it is finished or the wait is over.

        Raises:
            Refused: not of operations, a principal or of compliance.
        """
        trace = fresh_trace_id(self._clock)
        run = f"rec-{trace}"
        fact = ReconciliationRequested(run=run)
        await self._journal.record(Entry(f"reconciliation/{run}", fact, trace, ticket=ticket))
        left = wait
        while left > timedelta(0) and (await self.standing(ticket, run))[0] is None:
            await asyncio.sleep(LOOKS_EVERY.total_seconds())
            left -= LOOKS_EVERY
        return run

    async def take(self, ticket: str, difference: str) -> Recorded:
        """Make a difference the asker's own to clear up.

        Raises:
            Refused: not of operations, a principal or of compliance, or it is cleared.
        """
        async with asking(self._pool, ticket) as connection:
            person = PersonId((await one(connection, PEOPLE["whoami"]))["person"])
            if difference not in {row["difference"] for row in await rows(connection, SQL["open"])}:
                raise NotFound(f"no difference {difference!r} stands open", fix="see `gatehouse reconcile`")
        fact = DifferenceTaken(difference=difference, person=person)
        key = f"take/{difference}/{person}"
        entry = Entry(f"difference/{difference}", fact, fresh_trace_id(self._clock), ticket=ticket, key=key)
        (recorded,) = await self._journal.record(entry)
        return recorded


def _run(row: dict[str, Any]) -> Run:
    return Run(
        run=row["run"],
        why=row["why"],
        session=row["session"],
        compared=tuple(row["compared"]),
        unread=tuple(row["unread"]),
        differences=row["differences"],
        finished_at=row["finished_at"],
        seq=row["seq"],
    )


def _difference(row: dict[str, Any]) -> Difference:
    return Difference(
        difference=row["difference"],
        party=row["party"],
        kind=row["kind"],
        key=row["key"],
        account=row["account"],
        order=row["order_id"],
        ours=row["ours"],
        theirs=row["theirs"],
        owner=row["owner"],
        taken_by=PersonId(row["taken_by"]) if row["taken_by"] else None,
        found_at=row["found_at"],
        age=row["age"],
    )
