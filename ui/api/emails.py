"""Held e-mails to clients: what waits, and what people do with it. Nothing here sends one.

Rule 1: an act carries the fingerprint of the text that the person saw; another one is refused.
Rule 2: what the rules find is found anew at each reading, in the text as it stands.
Source: FINRA Rules 2210(b)(2) and 3110(b)(4) with Supplementary Material .07: a registered principal
    reviews, in writing, and the record names reviewer, communication, date and what was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from core.correspondence.door import HeldEmail
from core.correspondence.rules import DISCLOSURES
from core.ids import Digest, HouseholdId, PersonId
from core.ledger.envelope import Recorded
from ui.api.doors import At, Ticket
from ui.api.fields import Ask, Fingerprint, PathId, Text, Told
from ui.api.names import household_names

router = APIRouter(tags=["held e-mails"])


class FoundTold(Told):
    """One thing that the rules found: `words` is the place of the text, empty for what is missing."""

    finding: str
    says: str
    words: str


class Email(Told):
    """`status`: HELD is the copilot's own draft, ADOPTED waits for a principal, REVIEWED or RETURNED is what
    she did. `missing` are disclosures that are not in it, word for word. `forgotten`: its words are gone;
    `damaged`: the draft holds no words that open."""

    email: str
    household: str
    household_name: str
    advisor: str
    advisor_name: str
    status: str
    version: int
    digest: str
    subject: str
    text: str
    forgotten: bool
    damaged: bool
    found: tuple[FoundTold, ...]
    disclosures: tuple[str, ...]
    missing: tuple[str, ...]
    agent: str
    model: str | None
    manifest: str | None
    adopted_by: str | None
    adopted_by_name: str | None
    decided_by: str | None
    decided_by_name: str | None
    decided_at: datetime | None
    comment: str | None
    thread: str
    trace: str
    drafted_at: datetime
    changed_at: datetime


class Acted(Told):
    """`seq` is the entry in the record; `repeated` is true where it was there already."""

    email: str
    seq: int
    repeated: bool


class Adopt(Ask):
    """`seen` is the fingerprint of the text that she started from."""

    seen: Fingerprint
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=8_000)]


class Review(Ask):
    """`comment` may be left out where the rules found nothing."""

    digest: Fingerprint
    comment: Text | None = None


class SendBack(Ask):
    digest: Fingerprint
    comment: Text


@router.get("/v1/emails", response_model=tuple[Email, ...], summary="Held e-mails that one may read")
async def emails(
    at: At,
    ticket: Ticket,
    status: Annotated[str | None, Query(pattern=r"^[A-Za-z]{1,20}$")] = None,
    household: Annotated[str | None, Query(max_length=80)] = None,
) -> tuple[Email, ...]:
    """What waits for a principal first, the oldest of it on top."""
    about = HouseholdId(household) if household else None
    found = await at.approval.emails.all(ticket, about)
    people = await at.intake.colleagues(ticket)
    lines = await at.intake.households(ticket)
    names = await household_names(at, ticket, lines)
    return tuple(
        _told(one, names, people) for one in found if status is None or one.status.lower() == status.lower()
    )


@router.get("/v1/emails/{email}", response_model=Email, summary="One held e-mail in full")
async def email(email: PathId, at: At, ticket: Ticket) -> Email:
    found = await at.approval.emails.one(ticket, email)
    people = await at.intake.colleagues(ticket)
    names = await household_names(at, ticket, await at.intake.households(ticket))
    return _told(found, names, people)


@router.post("/v1/emails/{email}/adopt", response_model=Acted, summary="Its advisor makes a text hers")
async def adopt(email: PathId, ask: Adopt, at: At, ticket: Ticket) -> Acted:
    """Exactly this text goes to a principal. An edit later on voids what was decided."""
    done = at.approval.emails.adopt(ticket, email, Digest(ask.seen), ask.subject, ask.text)
    return _acted(email, await done)


@router.post("/v1/emails/{email}/review", response_model=Acted, summary="A principal marks it reviewed")
async def review(email: PathId, ask: Review, at: At, ticket: Ticket) -> Acted:
    """Not of her own, and with a comment where the rules found something. It is not sent by this."""
    return _acted(email, await at.approval.emails.review(ticket, email, Digest(ask.digest), ask.comment))


@router.post("/v1/emails/{email}/return", response_model=Acted, summary="A principal returns it")
async def send_back(email: PathId, ask: SendBack, at: At, ticket: Ticket) -> Acted:
    return _acted(email, await at.approval.emails.send_back(ticket, email, Digest(ask.digest), ask.comment))


@router.post("/v1/emails/{email}/withdraw", response_model=Acted, summary="Its advisor drops it")
async def withdraw(email: PathId, at: At, ticket: Ticket) -> Acted:
    return _acted(email, await at.approval.emails.withdraw(ticket, email))


def _acted(email: str, recorded: Recorded) -> Acted:
    return Acted(email=email, seq=recorded.seq, repeated=recorded.duplicate)


def _told(one: HeldEmail, names: Mapping[HouseholdId, str], people: Mapping[PersonId, str]) -> Email:
    def name(person: PersonId | None) -> str | None:
        return None if person is None else people.get(person, person)

    unread = one.forgotten or one.damaged
    kinds = {found.finding for found in one.found}
    return Email(
        email=one.email,
        household=one.household,
        household_name=names.get(one.household, one.household),
        advisor=one.advisor,
        advisor_name=people.get(one.advisor, one.advisor),
        status=one.status,
        version=one.version,
        digest=one.digest,
        subject=one.subject,
        text=one.text,
        forgotten=one.forgotten,
        damaged=one.damaged,
        found=tuple(FoundTold(finding=f.finding, says=f.says, words=f.words) for f in one.found),
        disclosures=tuple(
            says for missing, says in DISCLOSURES.items() if missing not in kinds and not unread
        ),
        missing=tuple(says for missing, says in DISCLOSURES.items() if missing in kinds),
        agent=one.agent,
        model=one.model,
        manifest=one.manifest,
        adopted_by=one.adopted_by,
        adopted_by_name=name(one.adopted_by),
        decided_by=one.decided_by,
        decided_by_name=name(one.decided_by),
        decided_at=one.decided_at,
        comment=one.comment,
        thread=one.thread,
        trace=one.trace,
        drafted_at=one.drafted_at,
        changed_at=one.changed_at,
    )
