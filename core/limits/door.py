"""The firm's limits at the approver's door: propose, confirm, withdraw, and try on the past.

Rule 1: versions, and who may set them, are as `core.rule_sets` has them.
"""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import rows
from core.fact import Entry, Fact
from core.firm.events import RmdDetermined
from core.ids import AccountId, Digest, fresh_trace_id
from core.ledger.envelope import Recorded, stored
from core.ledger.journal import Journal
from core.limits.events import LimitsConfirmed, LimitSet, LimitsProposed, LimitsWithdrawn, digest_of
from core.limits.reading import SQL
from core.limits.trying import KINDS, Trial, Tried, limits_of
from core.people.asker import asking
from core.projections.folded import FOLDED
from core.rule_sets import Standing, ask_whole_record, business_day, read_standing

PAGE: Final = 2_000


class Limiting:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def show(self, ticket: str) -> Standing[LimitSet]:
        """What holds, what held, and what is proposed: to everybody who works here."""
        async with asking(self._pool, ticket) as connection:
            return await read_standing(connection, SQL, _limits)

    async def try_out(self, ticket: str, limits: LimitSet) -> Tried:
        """What these limits would have changed, over everything that the journal holds. Records nothing.

        Raises:
            NotPermitted: she is not shown the whole record: half an answer would mislead.
        """
        trial = Trial(limits_of(limits))
        async with asking(self._pool, ticket) as connection:
            await ask_whole_record(connection, SQL)
            asked = {"after": 0, "kinds": sorted(FOLDED | KINDS), "page": PAGE}
            while found := await rows(connection, SQL["past"], asked):
                entries = [stored(row) for row in found]
                asked["after"] = entries[-1].seq
                await asyncio.to_thread(trial.take, entries)
        return trial.found

    async def propose(
        self, ticket: str, limits: LimitSet, effective_on: date | None
    ) -> tuple[Digest, Recorded]:
        """Another set, whole, from that business day on (None: the one that runs). Its digest.

        Raises:
            Refused: not a principal nor of compliance, the day is over, the tiers overlap, or another set
                waits.
        """
        async with asking(self._pool, ticket) as connection:
            session = await business_day(connection, SQL)
        day = (effective_on or session).isoformat()
        digest = digest_of(limits, day)
        fact = LimitsProposed(limits=limits, effective_on=day, digest=digest)
        return digest, await self._record(ticket, fact)

    async def decide(self, ticket: str, digest: Digest, step: Literal["confirm", "withdraw"]) -> Recorded:
        """Another person confirms exactly this; or whoever may takes it back.

        Raises:
            Refused: the same person, not one who may, another digest, the day is over, or nothing waits.
        """
        fact = LimitsConfirmed(digest=digest) if step == "confirm" else LimitsWithdrawn(digest=digest)
        return await self._record(ticket, fact)

    async def determine_rmd(
        self, ticket: str, account: AccountId, year: int, amount: Decimal, due_on: date
    ) -> Recorded:
        """Operations records what must leave an IRA for a year; it is kept in cash from then on.

        Raises:
            Refused: not operations, or the account is no IRA.
        """
        fact = RmdDetermined(account=account, year=year, amount=amount, due_on=due_on.isoformat())
        entry = Entry(f"account/{account}", fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]

    async def _record(self, ticket: str, fact: Fact) -> Recorded:
        entry = Entry("limits", fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]


def _limits(row: DictRow) -> LimitSet:
    return LimitSet.model_validate_json(row["limits"])
