"""Deputies at the approver's door: who is told first while a principal is away, and that she is back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.escalation.climbing import SQL
from core.escalation.events import DeputyEnded, DeputyNamed
from core.fact import Entry
from core.ids import PersonId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import asking


class Deputies:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def name(self, ticket: str, deputy: PersonId, first: date, last: date) -> Recorded:
        """Another principal is told first from the first to the last of these business days.

        Raises:
            Refused: either is no principal, he is not registered, it is herself, or more than 90 days.
        """
        principal = await self._asker(ticket)
        named = DeputyNamed(
            principal=principal, deputy=deputy, valid_from=first.isoformat(), valid_until=last.isoformat()
        )
        return await self._record(ticket, principal, named)

    async def end(self, ticket: str) -> Recorded:
        """She is back.

        Raises:
            Refused: she has named nobody.
        """
        principal = await self._asker(ticket)
        return await self._record(ticket, principal, DeputyEnded(principal=principal))

    async def all(self, ticket: str) -> Sequence[dict[str, Any]]:
        """Who stands in for whom, by principal."""
        async with asking(self._pool, ticket) as connection:
            return await rows(connection, SQL["deputies"])

    async def _asker(self, ticket: str) -> PersonId:
        async with asking(self._pool, ticket) as connection:
            row = await one(connection, "select gatehouse.asker_person() as person")
        return PersonId(row["person"])

    async def _record(self, ticket: str, principal: PersonId, fact: DeputyNamed | DeputyEnded) -> Recorded:
        trace = fresh_trace_id(self._clock)
        return (await self._journal.record(Entry(f"person/{principal}", fact, trace, ticket=ticket)))[0]
