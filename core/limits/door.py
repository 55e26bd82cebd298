"""The firm's limits at the approver's door: propose, confirm, withdraw.

Rule 1: who acts is the session's person; whether she may, and whether she is another, is the append's answer.
Rule 2: what is confirmed is a digest: the whole set with its business day, as the other person read it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import NotPermitted
from core.fact import Entry, Fact
from core.firm.events import RmdDetermined
from core.ids import AccountId, Digest, PersonId, fresh_trace_id
from core.ledger.envelope import Recorded, stored
from core.ledger.journal import Journal
from core.limits.events import LimitsConfirmed, LimitSet, LimitsProposed, LimitsWithdrawn, digest_of
from core.limits.reading import SQL
from core.limits.trying import KINDS, Trial, Tried, limits_of
from core.people.asker import asking
from core.projections.folded import FOLDED

PAGE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Version:
    """One that holds, held or will hold. Version 0 is what the product brings: nobody set it."""

    version: int
    digest: Digest
    effective_on: date
    limits: LimitSet
    proposed_by: PersonId | None
    confirmed_by: PersonId | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proposed:
    """A set that waits for another person."""

    digest: Digest
    effective_on: date
    limits: LimitSet
    proposed_by: PersonId
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Every version, newest first; which of them is in force; and what waits."""

    in_force: int
    session: date
    versions: tuple[Version, ...]
    proposed: Proposed | None


class Limiting:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def show(self, ticket: str) -> Standing:
        """What holds, what held, and what is proposed: to everybody who works here."""
        async with asking(self._pool, ticket) as connection:
            in_force = (await one(connection, SQL["in_force"]))["version"]
            session = (await one(connection, SQL["session"]))["session"]
            found = await rows(connection, SQL["versions"])
            waiting = await rows(connection, SQL["proposed"])
        versions = tuple(
            Version(
                version=row["version"],
                digest=Digest(row["digest"]),
                effective_on=row["effective_on"],
                limits=LimitSet.model_validate_json(row["limits"]),
                proposed_by=row["proposed_by"],
                confirmed_by=row["confirmed_by"],
                confirmed_at=row["confirmed_at"],
            )
            for row in found
        )
        return Standing(in_force, session, versions, _proposed(waiting[0]) if waiting else None)

    async def try_out(self, ticket: str, limits: LimitSet) -> Tried:
        """What these limits would have changed, over everything that the journal holds. Records nothing.

        Raises:
            NotPermitted: she is not shown the whole record: half an answer would mislead.
        """
        trial = Trial(limits_of(limits))
        async with asking(self._pool, ticket) as connection:
            if not (await one(connection, SQL["supervises"]))["everything"]:
                raise NotPermitted("a dry run reads the whole record", fix="ask a principal or compliance")
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
            session: date = (await one(connection, SQL["session"]))["session"]
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


def _proposed(row: DictRow) -> Proposed:
    return Proposed(
        digest=Digest(row["digest"]),
        effective_on=row["effective_on"],
        limits=LimitSet.model_validate_json(row["limits"]),
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
    )
