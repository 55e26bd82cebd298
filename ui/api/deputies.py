"""Who is told when a proposal waits: the ladder in business hours, and principals' deputies.

Rule 1: this passes on who is told. Nobody may decide more by it, and nothing is approved by time.
"""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from core.escalation.ladder import LADDER, LADDER_DIGEST
from core.ids import PersonId
from ui.api.doors import At, Ticket
from ui.api.fields import Ask, Id, Told

router = APIRouter(tags=["escalation"])


class Name(Ask):
    """Another principal, by id, from the first to the last of these business days."""

    deputy: Id
    valid_from: date
    valid_until: date


class Deputy(Told):
    principal: str
    deputy: str
    valid_from: date
    valid_until: date


class Rung(Told):
    """`minutes` are of business hours, since the submission."""

    number: int
    addressed: str
    minutes: int


class Ladder(Told):
    digest: str
    rungs: tuple[Rung, ...]
    deputies: tuple[Deputy, ...]


class Recorded(Told):
    seq: int


@router.get("/v1/escalation", response_model=Ladder, summary="The ladder, and who stands in for whom")
async def ladder(at: At, ticket: Ticket) -> Ladder:
    rungs = tuple(Rung(number=r.number, addressed=r.addressed, minutes=r.minutes) for r in LADDER)
    deputies = tuple(Deputy(**row) for row in await at.approval.deputies.all(ticket))
    return Ladder(digest=LADDER_DIGEST, rungs=rungs, deputies=deputies)


@router.post("/v1/escalation/deputy", response_model=Recorded, summary="A principal names her deputy")
async def name(ask: Name, at: At, ticket: Ticket) -> Recorded:
    """What waits is passed to him first. A newer word replaces an older one."""
    deputy = PersonId(ask.deputy)
    recorded = await at.approval.deputies.name(ticket, deputy, ask.valid_from, ask.valid_until)
    return Recorded(seq=recorded.seq)


@router.delete("/v1/escalation/deputy", response_model=Recorded, summary="She is back")
async def end(at: At, ticket: Ticket) -> Recorded:
    return Recorded(seq=(await at.approval.deputies.end(ticket)).seq)
