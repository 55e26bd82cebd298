"""The firm's library: documents go in, passages come out with their source."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Path
from pydantic import BeforeValidator, Field, StringConstraints

from core.errors import WorldFailed
from core.ids import PersonId, SubjectId
from core.library import shelf
from core.library.shelf import Sensitivity
from ui.api.doors import At, Doors, Ticket
from ui.api.fields import Ask, Id, Line, Told, clean

router = APIRouter(tags=["library"])

Body = Annotated[str, BeforeValidator(clean), StringConstraints(min_length=1, max_length=2_000_000)]
Issuer = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9.-]{0,11}$")]


class Document(Ask):
    """Text of a note, report or filing. It can be quoted; it is never an instruction.

    `name`: what it is called from one version to the next; another text under it is its next version.
    `known_on`: since when the firm could know it, where that is later than its date. `sensitivity`: who may
    read it: `public` and `firm` everybody here, `supervision` principals, compliance, operations and
    auditors, `compliance` compliance, `named` the `readers`. `subject`: whom it is about, a household or
    client of yours; it is yours to read then, and goes when they are forgotten. Research, compliance and
    operations store for everybody."""

    title: Line
    source: Line
    dated: date
    text: Body
    name: Line | None = None
    issuer: Issuer | None = None
    known_on: date | None = None
    sensitivity: Sensitivity = "firm"
    readers: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    subject: Id | None = None


class Stored(Told):
    """`unchanged`: it was there already, and nothing was done."""

    document: str
    version: int
    passages: int
    unchanged: bool


class Shelves(Told):
    """What of the library you may read. `waiting`: passages that the copilot has not looked at yet."""

    documents: int
    passages: int
    waiting: int


class Passage(Told):
    """`later_than_market_day`: dated after the firm's business day. `superseded`: there is a newer one."""

    id: int
    document: str
    ordinal: int
    text: str
    title: str
    source: str
    dated: date
    issuer: str
    later_than_market_day: bool
    superseded: bool


@router.post("/v1/documents", status_code=201, response_model=Stored, summary="Store a document")
async def store(ask: Document, at: At, ticket: Ticket, after: BackgroundTasks) -> Stored:
    """The same again is the same document. The copilot embeds it afterwards; words find it at once."""
    stored = await at.intake.library.store(
        ticket,
        shelf.Document(
            title=ask.title,
            source=ask.source,
            dated=ask.dated,
            text=ask.text,
            name=ask.name or "",
            issuer=ask.issuer or "",
            known_on=ask.known_on,
            sensitivity=ask.sensitivity,
            readers=tuple(PersonId(one) for one in ask.readers),
            subject=SubjectId(ask.subject) if ask.subject else None,
        ),
    )
    after.add_task(_embedded, at, ticket)
    return Stored(
        document=stored.document,
        version=stored.version,
        passages=stored.passages,
        unchanged=stored.unchanged,
    )


async def _embedded(at: Doors, ticket: str) -> None:
    """Have the copilot look at what is new, as this person. Without it, the next question does."""
    if (await at.intake.library.standing(ticket)).waiting == 0:
        return
    threads = [one for one in await at.intake.threads(ticket) if one.household is None]
    thread = threads[0].thread if threads else await at.intake.open_thread(ticket, None)
    with suppress(WorldFailed):
        await at.copilot.embed(await at.intake.thread_ticket(ticket, thread))


@router.get("/v1/library", response_model=Shelves, summary="How much you may read")
async def shelves(at: At, ticket: Ticket) -> Shelves:
    found = await at.intake.library.standing(ticket)
    return Shelves(documents=found.documents, passages=found.passages, waiting=found.waiting)


@router.get("/v1/passages/{passage}", response_model=Passage, summary="One passage, as an answer cites it")
async def passage(passage: Annotated[int, Path(ge=1, le=2**62)], at: At, ticket: Ticket) -> Passage:
    found = await at.intake.library.passage(ticket, passage)
    return Passage(
        id=found.id,
        document=found.document,
        ordinal=found.ordinal,
        text=found.text,
        title=found.title,
        source=found.source,
        dated=found.dated,
        issuer=found.issuer,
        later_than_market_day=found.later_than_market_day,
        superseded=found.superseded,
    )
