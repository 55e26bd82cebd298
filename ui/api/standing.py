"""Standing approvals: offered by a principal, adopted by another person, revoked by one, reviewed day by day.

Rule 1: nothing is decided here: the journal's append says yes or no, and we repeat its words.
Rule 2: what is confirmed or reviewed is named by the fingerprint that was shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from core.ids import Digest, HouseholdId, PersonId, Symbol
from core.ledger.envelope import Recorded
from core.standing.door import Adopted, DayList
from core.standing.events import StandingTerms
from ui.api.doors import At, Doors, Key, Ticket
from ui.api.fields import Amount, Ask, AskedAmount, Fingerprint, Id, PathId, Told
from ui.api.names import household_names

router = APIRouter(tags=["standing approvals"])

Some = Annotated[tuple[Id, ...], Field(max_length=200)]
Positive = Annotated[AskedAmount, Field(gt=0)]
Day = Annotated[date, Path(description="the business day of the list")]


class Offer(Ask):
    """It covers proposals of these advisors, and of these households. Without symbols, purchases must be in
    the account's model portfolio. Dollars are of a proposal's orders together, at their worst prices."""

    kind: Literal["rebalance", "order"]
    advisors: Some = ()
    households: Some = ()
    symbols: Some = ()
    dollars_each: Positive
    dollars_a_day: Positive
    dollars_in_all: Positive
    proposals_a_day: int = Field(ge=1, le=1_000)
    valid_from: date
    valid_until: date


class Confirm(Ask):
    digest: Fingerprint


class Step(Told):
    """`repeated`: the entry was there already."""

    standing: str
    status: str
    digest: str | None
    seq: int
    repeated: bool


class Standing(Told):
    """`status` is PROPOSED, CONFIRMED, EXPIRED or REVOKED. `overdue`: a list waits for its review too
    long, and nothing more is drawn."""

    standing: str
    status: str
    terms: StandingTerms
    digest: str
    given_by: str
    confirmed_by: str | None
    revoked_by: str | None
    drawn: int
    dollars: Amount
    drawn_today: int
    dollars_today: Amount
    overdue: bool
    people: dict[str, str]  # names of those that it mentions


class Draw(Told):
    """`came_back`: it was given back to a principal before anything was out."""

    proposal: str
    digest: str
    household: str
    household_name: str
    advisor: str
    dollars: Amount
    status: str
    came_back: bool


class Reviewed(Told):
    """A day's list. `due`: it can be reviewed now."""

    standing: str
    session: date
    dollars: Amount
    reviewed_by: str | None
    due: bool
    overdue: bool
    digest: str
    draws: tuple[Draw, ...]
    people: dict[str, str]


class Whole(Standing):
    days: tuple[Reviewed, ...]


@router.get("/v1/standing", response_model=tuple[Standing, ...], summary="Standing approvals")
async def standing(at: At, ticket: Ticket) -> tuple[Standing, ...]:
    """Newest first: all to who supervises, to an advisor those that name her."""
    people = await at.intake.colleagues(ticket)
    return tuple(Standing(**_line(one, people)) for one in await at.approval.standing.all(ticket))


@router.post("/v1/standing", status_code=201, response_model=Step, summary="A principal offers one")
async def propose(ask: Offer, at: At, ticket: Ticket, key: Key) -> Step:
    """It holds nothing until another independent person confirms exactly these terms."""
    terms = StandingTerms(
        kind=ask.kind,
        tier=1,
        advisors=tuple(PersonId(person) for person in ask.advisors),
        households=tuple(HouseholdId(household) for household in ask.households),
        symbols=tuple(Symbol(symbol) for symbol in ask.symbols),
        dollars_each=ask.dollars_each,
        dollars_a_day=ask.dollars_a_day,
        dollars_in_all=ask.dollars_in_all,
        proposals_a_day=ask.proposals_a_day,
        valid_from=ask.valid_from.isoformat(),
        valid_until=ask.valid_until.isoformat(),
    )
    named, recorded = await at.approval.standing.propose(ticket, terms, key=key)
    return _step(named, "PROPOSED", recorded, terms.digest())


@router.get("/v1/standing/to-review", response_model=tuple[Reviewed, ...], summary="Lists to review")
async def to_review(at: At, ticket: Ticket) -> tuple[Reviewed, ...]:
    """Days on which something was drawn and that nobody has reviewed, the oldest first."""
    return await _lists(at, ticket, await at.approval.standing.to_review(ticket))


@router.get("/v1/standing/{standing}", response_model=Whole, summary="One, with each day's list")
async def one(standing: PathId, at: At, ticket: Ticket) -> Whole:
    people = await at.intake.colleagues(ticket)
    found, days = await at.approval.standing.one(ticket, standing)
    return Whole(**_line(found, people), days=await _lists(at, ticket, days))


@router.post("/v1/standing/{standing}/confirm", response_model=Step, summary="Another person adopts it")
async def confirm(standing: PathId, ask: Confirm, at: At, ticket: Ticket) -> Step:
    recorded = await at.approval.standing.confirm(ticket, standing, Digest(ask.digest))
    return _step(standing, "CONFIRMED", recorded, ask.digest)


@router.post("/v1/standing/{standing}/revoke", response_model=Step, summary="End it at once")
async def revoke(standing: PathId, at: At, ticket: Ticket) -> Step:
    """Any principal or compliance. What was drawn on it and is not out comes back for a principal."""
    return _step(standing, "REVOKED", await at.approval.standing.revoke(ticket, standing), None)


@router.post(
    "/v1/standing/{standing}/days/{session}/review",
    response_model=Step,
    summary="A principal reviewed the list",
)
async def review(standing: PathId, session: Day, ask: Confirm, at: At, ticket: Ticket) -> Step:
    recorded = await at.approval.standing.review(ticket, standing, session, Digest(ask.digest))
    return _step(standing, "REVIEWED", recorded, ask.digest)


async def _lists(at: Doors, ticket: str, days: Sequence[DayList]) -> tuple[Reviewed, ...]:
    if not days:
        return ()
    names = await household_names(at, ticket, await at.intake.households(ticket))
    people = await at.intake.colleagues(ticket)
    return tuple(
        Reviewed(
            standing=day.standing,
            session=day.session,
            dollars=day.dollars,
            reviewed_by=day.reviewed_by,
            due=day.due,
            overdue=day.overdue,
            digest=day.digest,
            draws=tuple(
                Draw(
                    proposal=draw.proposal,
                    digest=draw.digest,
                    household=draw.household,
                    household_name=names.get(draw.household, draw.household),
                    advisor=draw.advisor,
                    dollars=draw.dollars,
                    status=draw.status,
                    came_back=draw.came_back,
                )
                for draw in day.draws
            ),
            people=_named(people, {day.reviewed_by, *(draw.advisor for draw in day.draws)}),
        )
        for day in days
    )


def _line(one: Adopted, people: Mapping[PersonId, str]) -> dict[str, Any]:
    mentioned = {one.given_by, one.confirmed_by, one.revoked_by, *one.terms.advisors}
    return {
        "standing": one.standing,
        "status": one.status,
        "terms": one.terms,
        "digest": one.digest,
        "given_by": one.given_by,
        "confirmed_by": one.confirmed_by,
        "revoked_by": one.revoked_by,
        "drawn": one.drawn,
        "dollars": one.dollars,
        "drawn_today": one.drawn_today,
        "dollars_today": one.dollars_today,
        "overdue": one.overdue,
        "people": _named(people, mentioned),
    }


def _named(people: Mapping[PersonId, str], mentioned: set[PersonId | None]) -> dict[str, str]:
    return {person: name for person, name in people.items() if person in mentioned}


def _step(standing: str, status: str, recorded: Recorded, digest: str | None) -> Step:
    return Step(
        standing=standing, status=status, digest=digest, seq=recorded.seq, repeated=recorded.duplicate
    )
