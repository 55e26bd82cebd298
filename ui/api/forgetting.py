"""People's data, for compliance and operations: asking to forget, confirming, legal holds, new keys.

Rule 1: nothing is decided here: the journal's append says yes or no, and we repeat its words.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from core.forgetting.events import Matter, Reason
from core.ids import AccountId, SubjectId
from core.ledger.envelope import Recorded
from ui.api.doors import At, Key, Ticket
from ui.api.fields import Ask, PathId, Text, Told

router = APIRouter(tags=["people's data"])

Subject = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}$")]


class Forget(Ask):
    """`subject` is a household, a client or somebody who works here, by id. The note is sealed under you."""

    subject: Subject
    reason: Reason
    note: Text | None = None


class Hold(Ask):
    subject: Subject
    matter: Matter
    note: Text | None = None


class Rotate(Ask):
    """Without a subject: every one."""

    subject: Subject | None = None


class Lengthen(Ask):
    kind: str = Field(max_length=40)
    years: int = Field(ge=1, le=99)


class Step(Told):
    """`id` is the request's or the hold's; `repeated`: the entry was there already."""

    id: str
    status: str
    seq: int
    repeated: bool


class Forgetting(Told):
    request: str
    subject: str
    reason: str
    asked_by: str
    decided_by: str | None
    status: str
    stores: dict[str, int]


class LegalHold(Told):
    hold: str
    subject: str
    matter: str
    placed_by: str
    placed_on: date
    lift_asked_by: str | None
    lifted_by: str | None
    status: str


class Bar(Told):
    """`until`: the last day; none where it has no end yet."""

    code: str
    kind: str
    until: date | None
    says: str


class Kept(Told):
    """What speaks against forgetting a subject now. Empty: nothing does."""

    subject: str
    bars: tuple[Bar, ...]


@router.get("/v1/forgettings", response_model=tuple[Forgetting, ...], summary="Requests to forget")
async def forgettings(at: At, ticket: Ticket) -> tuple[Forgetting, ...]:
    """Newest first. Empty to those who do not supervise."""
    return tuple(Forgetting(**row) for row in await at.approval.records.forgettings(ticket))


@router.post("/v1/forgettings", status_code=201, response_model=Step, summary="Ask to forget a subject")
async def ask(ask: Forget, at: At, ticket: Ticket, key: Key) -> Step:
    request, recorded = await at.approval.records.ask(
        ticket, SubjectId(ask.subject), ask.reason, ask.note, key=key
    )
    return _step(request, "ASKED", recorded)


@router.post("/v1/forgettings/{request}/{step}", response_model=Step, summary="Another person decides")
async def decide(
    request: PathId, step: Literal["confirm", "decline", "withdraw"], at: At, ticket: Ticket
) -> Step:
    """The worker carries out what is confirmed; nothing is deleted before."""
    recorded = await at.approval.records.decide(ticket, request, step)
    status = {"confirm": "CONFIRMED", "decline": "DECLINED", "withdraw": "WITHDRAWN"}[step]
    return _step(request, status, recorded)


@router.get("/v1/subjects/{subject}/kept", response_model=Kept, summary="Why it cannot be forgotten")
async def kept(subject: PathId, at: At, ticket: Ticket) -> Kept:
    found = await at.approval.records.kept(ticket, SubjectId(subject))
    bars = tuple(Bar(code=b.code, kind=b.kind, until=b.until, says=b.says) for b in found)
    return Kept(subject=subject, bars=bars)


@router.get("/v1/holds", response_model=tuple[LegalHold, ...], summary="Legal holds")
async def holds(at: At, ticket: Ticket) -> tuple[LegalHold, ...]:
    """Newest first. Empty to those who do not supervise."""
    return tuple(LegalHold(**row) for row in await at.approval.records.holds(ticket))


@router.post("/v1/holds", status_code=201, response_model=Step, summary="Place a legal hold")
async def hold(ask: Hold, at: At, ticket: Ticket, key: Key) -> Step:
    placed, recorded = await at.approval.records.hold(
        ticket, SubjectId(ask.subject), ask.matter, ask.note, key=key
    )
    return _step(placed, "HELD", recorded)


@router.post("/v1/holds/{hold}/lift", response_model=Step, summary="Ask to lift it, or lift what was asked")
async def lift(hold: PathId, at: At, ticket: Ticket) -> Step:
    status, recorded = await at.approval.records.lift(ticket, hold)
    return _step(hold, status, recorded)


@router.post("/v1/holds/{hold}/keep", response_model=Step, summary="Say no to lifting it")
async def keep(hold: PathId, at: At, ticket: Ticket) -> Step:
    return _step(hold, "HELD", await at.approval.records.keep(ticket, hold))


@router.post("/v1/keys/rotate", status_code=202, response_model=Step, summary="Ask for new keys")
async def rotate(ask: Rotate, at: At, ticket: Ticket, key: Key) -> Step:
    """The worker makes them in a moment. What older keys sealed still opens."""
    subject = SubjectId(ask.subject) if ask.subject else None
    return _step(ask.subject or "all", "ASKED", await at.approval.records.rotate(ticket, subject, key=key))


@router.post("/v1/retention", response_model=Step, summary="Keep a class of records longer")
async def lengthen(ask: Lengthen, at: At, ticket: Ticket) -> Step:
    return _step(ask.kind, "KEPT", await at.approval.records.lengthen(ticket, ask.kind, ask.years))


@router.post("/v1/accounts/{account}/close", response_model=Step, summary="Close an empty account")
async def close(account: PathId, at: At, ticket: Ticket) -> Step:
    """Its records' period runs from the firm's day."""
    recorded = await at.approval.records.close_account(ticket, AccountId(account))
    return _step(account, "CLOSED", recorded)


def _step(named: str, status: str, recorded: Recorded) -> Step:
    return Step(id=named, status=status, seq=recorded.seq, repeated=recorded.duplicate)
