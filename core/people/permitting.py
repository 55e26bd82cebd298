"""Asking the policies before something is offered to the record, with what the database knows of who asks.

Rule 1: what is known of the asker and of the proposal is read by her own session.
Rule 2: a denial is an entry, as a refusal by the append is; nothing else of the attempt is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import NotFound, Refused
from core.fact import Entry, PolicyDecision
from core.ids import HouseholdId, PersonId, ProposalId, fresh_trace_id
from core.ledger.journal import Journal
from core.ledger.refusals import in_words
from core.people.asker import asking
from core.people.events import PolicyDenied
from core.people.permits import Allowed, Ask, Permits, entity, permits, reference, uid

SQL: Final = statements(Path(__file__).with_name("permitting.sql"))
FIRM: Final = "firm"
ACTIONS: Final[Mapping[str, str]] = {
    "ProposalSubmitted": "submit",
    "ConsentRecorded": "consent",
    "ProposalApproved": "approve",
    "ProposalReturned": "turn_down",
    "ProposalDeclined": "turn_down",
    "ProposalWithdrawn": "withdraw",
    "ProposalDrafted": "draft",
    "BusinessDayCloseRequested": "move_day",
    "BusinessDayOpenRequested": "move_day",
}
# What a person reads where no policy speaks for her.
UNSPOKEN: Final[Mapping[str, str]] = {
    "submit": "not_the_advisor",
    "consent": "not_the_advisor",
    "approve": "not_a_principal",
    "turn_down": "not_a_principal",
    "withdraw": "not_the_advisor",
    "draft": "outside_book",
    "correct": "not_operations",
    "move_day": "not_operations",
}

Decisions = tuple[PolicyDecision, ...]
Entities = Sequence[Mapping[str, Any]]


class Permitting:
    """One for each door of people."""

    def __init__(
        self, pool: AsyncPool, journal: Journal, clock: Clock, policies: Permits | None = None
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock
        self._permits = policies or permits()

    async def decide(self, ticket: str, proposal: ProposalId, event_type: str) -> Decisions:
        """What the entry of that decision carries.

        Raises:
            Refused: no policy allows it, or one forbids it; it is named.
            NotFound: the proposal is not in the asker's book.
        """
        async with asking(self._pool, ticket) as connection:
            person = await one(connection, SQL["person"])
            found = await rows(connection, SQL["proposal"], {"proposal": proposal})
        if not found:
            raise NotFound(f"there is no proposal {proposal!r} in your book", fix="list your proposals")
        known = _proposal(found[0])
        return await self._asked(ticket, person, ACTIONS[event_type], uid("Proposal", proposal), (known,))

    async def draft(self, ticket: str, household: HouseholdId) -> Decisions:
        """What a draft for that household carries. Raises Refused, as `decide`."""
        async with asking(self._pool, ticket) as connection:
            person = await one(connection, SQL["person"])
            found = await rows(connection, SQL["advisor_of"], {"household": household})
        books = tuple(_book(household, row["advisor"]) for row in found)
        return await self._asked(ticket, person, "draft", uid("Book", household), books)

    async def program_draft(
        self, ticket: str, program: PersonId, its_advisor: PersonId, household: HouseholdId, advisor: PersonId
    ) -> Decisions:
        """What a program's draft for a household of that advisor's carries. Raises Refused, as `decide`."""
        who = entity("Program", program, advisor=reference("Person", its_advisor))
        about = uid("Book", household)
        asked = Ask(uid("Program", program), "draft", about, (who, _book(household, advisor)))
        return await self._said(ticket, program, asked)

    async def correct(self, ticket: str, household: HouseholdId) -> Decisions:
        """What the draft of a correction for that household carries. Raises Refused, as `decide`."""
        async with asking(self._pool, ticket) as connection:
            person = await one(connection, SQL["person"])
            found = await rows(connection, SQL["advisor_of"], {"household": household})
        books = tuple(_book(household, row["advisor"]) for row in found)
        return await self._asked(ticket, person, "correct", uid("Book", household), books)

    async def move_day(self, ticket: str, event_type: str) -> Decisions:
        """What a request to move the day carries. Raises Refused, as `decide`."""
        async with asking(self._pool, ticket) as connection:
            person = await one(connection, SQL["person"])
        return await self._asked(ticket, person, ACTIONS[event_type], uid("Firm", FIRM), ())

    async def _asked(
        self, ticket: str, person: DictRow, action: str, resource: Mapping[str, str], known: Entities
    ) -> Decisions:
        who = PersonId(person["person"])
        asked = Ask(uid("Person", who), action, resource, (_person(person), *known))
        return await self._said(ticket, who, asked)

    async def _said(self, ticket: str, who: PersonId, asked: Ask) -> Decisions:
        said = self._permits.ask(asked)
        if isinstance(said, Allowed):
            return said.decisions
        code = said.code or UNSPOKEN[asked.action]
        denied = PolicyDenied(
            person=who,
            action=asked.action,
            resource=asked.resource["id"],
            policies=said.policies,
            policy_set=said.policy_set,
            code=code,
        )
        trace = fresh_trace_id(self._clock)
        await self._journal.record(Entry(f"person/{who}", denied, trace, ticket=ticket))
        says, fix = in_words(code)
        named = ", ".join(said.policies) or "none allows it"
        raise Refused(code, says, fix=f"{fix} (policy: {named})")


def _book(household: HouseholdId, advisor: PersonId) -> Mapping[str, Any]:
    home, of = reference("Household", household), reference("Person", advisor)
    return entity("Book", household, household=home, advisor=of)


def _person(row: DictRow) -> Mapping[str, Any]:
    above = row["reports_to"]
    return entity(
        "Person",
        row["person"],
        role=row["role"],
        registered=row["registered"],
        reports_to=None if above is None else reference("Person", above),
        related=[reference("Household", home) for home in row["related_households"]],
    )


def _proposal(row: DictRow) -> Mapping[str, Any]:
    submitted_by = row["submitted_by"]
    return entity(
        "Proposal",
        row["proposal"],
        household=reference("Household", row["household"]),
        advisor=reference("Person", row["advisor"]),
        submitters=_people([row["advisor"], *row["delegates"]]),
        drafted_by=reference("Person", row["drafted_by"]),
        submitted_by=None if submitted_by is None else reference("Person", submitted_by),
        consented_by=_people(row["consented_by"]),
        approved_by=_people(row["approved_by"]),
        tier=row["tier"] or 0,
    )


def _people(names: Sequence[str]) -> list[Mapping[str, Any]]:
    return [reference("Person", name) for name in names]
