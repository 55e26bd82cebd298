"""People at work, at the approver's door: who stands in for whom, and what compliance records of colleagues.

Rule 1: who acts is the session's person; whether she may is the append's answer.
Rule 2: what is recorded counts from then on, for what was submitted before, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.database.statements import statements
from core.fact import Entry, Fact
from core.firm.events import RegistrationRecorded
from core.ids import AccountId, HouseholdId, PersonId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import SQL as PEOPLE
from core.people.asker import asking
from core.people.events import (
    DelegateConfirmed,
    DelegateEnded,
    DelegateNamed,
    PayRecorded,
    RelationRecorded,
    ReportingLineChanged,
)

SQL: Final = statements(Path(__file__).with_name("staff.sql"))
Registration = Literal["S7", "S14", "S24", "S66"]


@dataclass(frozen=True, slots=True)
class Delegation:
    """`status`: ASKED (by operations, not confirmed yet), NAMED or ENDED. Both days are included."""

    delegation: str
    advisor: PersonId
    delegate: PersonId
    from_day: date
    until_day: date
    named_by: PersonId
    confirmed_by: PersonId | None
    status: str


class Staff:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def delegations(self, ticket: str) -> tuple[Delegation, ...]:
        """Those that one is part of or supervises, newest first."""
        async with asking(self._pool, ticket) as connection:
            return tuple(Delegation(**row) for row in await rows(connection, SQL["delegations"]))

    async def name_delegate(
        self, ticket: str, advisor: PersonId | None, delegate: PersonId, days: tuple[date, date], *, key: str
    ) -> tuple[str, Recorded]:
        """Name who stands in for the advisor (None: for whoever asks); its id. The same key is the same.

        Raises:
            Refused: neither the advisor nor operations, no other advisor, or no such days.
        """
        async with asking(self._pool, ticket) as connection:
            asker = PersonId((await one(connection, PEOPLE["whoami"]))["person"])
        delegation = f"dlg-{sha256(f'{asker}/{key}'.encode()).hexdigest()[:32]}"
        fact = DelegateNamed(
            delegation=delegation,
            advisor=advisor or asker,
            delegate=delegate,
            from_day=days[0].isoformat(),
            until_day=days[1].isoformat(),
        )
        return delegation, await self._record(ticket, f"delegation/{delegation}", fact, f"named/{delegation}")

    async def confirm_delegate(self, ticket: str, delegation: str) -> Recorded:
        """Another person confirms what operations asked for.

        Raises:
            Refused: not a principal nor of compliance, decided before, or there is none.
        """
        fact = DelegateConfirmed(delegation=delegation)
        return await self._record(ticket, f"delegation/{delegation}", fact, f"confirmed/{delegation}")

    async def end_delegate(self, ticket: str, delegation: str) -> Recorded:
        """It counts no more, also for what was submitted under it and is not out yet."""
        fact = DelegateEnded(delegation=delegation)
        return await self._record(ticket, f"delegation/{delegation}", fact, f"ended/{delegation}")

    async def register(
        self, ticket: str, person: PersonId, registration: Registration, since: date, until: date | None
    ) -> Recorded:
        """A registration and its term; the same again with an end, ends it."""
        fact = RegistrationRecorded(
            person=person,
            registration=registration,
            valid_from=since.isoformat(),
            valid_until=until.isoformat() if until else None,
        )
        return await self._of_person(ticket, person, fact)

    async def pay(
        self,
        ticket: str,
        person: PersonId,
        *,
        households: tuple[HouseholdId, ...],
        accounts: tuple[AccountId, ...],
        advisors: tuple[PersonId, ...],
    ) -> Recorded:
        """All that somebody's pay depends on; nothing: on no account and nobody."""
        fact = PayRecorded(person=person, households=households, accounts=accounts, advisors=advisors)
        return await self._of_person(ticket, person, fact)

    async def report_to(self, ticket: str, person: PersonId, superior: PersonId | None) -> Recorded:
        """To whom somebody reports from now on; None: to nobody."""
        return await self._of_person(ticket, person, ReportingLineChanged(person=person, reports_to=superior))

    async def relate(self, ticket: str, person: PersonId, households: tuple[HouseholdId, ...]) -> Recorded:
        """All households of somebody who works here, or of the spouse."""
        return await self._of_person(
            ticket, person, RelationRecorded(person=person, related_households=households)
        )

    async def _of_person(self, ticket: str, person: PersonId, fact: Fact) -> Recorded:
        return await self._record(ticket, f"person/{person}", fact, None)

    async def _record(self, ticket: str, stream: str, fact: Fact, key: str | None) -> Recorded:
        entry = Entry(stream, fact, fresh_trace_id(self._clock), ticket=ticket, key=key)
        return (await self._journal.record(entry))[0]
