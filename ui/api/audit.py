"""The record: its entries in order, page by page or as they come; one trace from the prompt to the fill.

Rule 1: an entry is told as the record holds it, its envelope with it; names and free text stay sealed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from core.book.views import JournalLine
from core.errors import NotFound
from core.feed.record import Page
from core.ids import PersonId, TraceId
from ui.api.chosen import From, OfAll, Resumed, first_of_feed, first_page
from ui.api.doors import At, Doors, Ticket
from ui.api.feed import STREAM, FeedResponse, Feeds, Following, feeds_of, followed
from ui.api.fields import PathId, Told
from ui.sse import Event

router = APIRouter(tags=["audit"])


class Entry(Told):
    """One fact. `by` is the actor's name; names and free text in `payload` are sealed."""

    seq: int
    recorded_at: datetime
    role: str
    actor: str
    by: str
    event_id: UUID
    event_type: str
    event_version: int
    stream: str
    stream_version: int
    trace_id: str
    occurred_at: datetime
    policy_decisions: tuple[Any, ...]
    payload: dict[str, Any]


class Entries(Told):
    """A page of the record. `after` is how far was looked: ask on from there until it is `head`."""

    entries: tuple[Entry, ...]
    after: int
    head: int


@router.get(
    "/v1/audit/traces/{trace}", response_model=tuple[Entry, ...], summary="Everything with one trace id"
)
async def trace(trace: PathId, at: At, ticket: Ticket) -> tuple[Entry, ...]:
    lines = await at.intake.trace(ticket, TraceId(trace))
    if not lines:
        raise NotFound(
            f"nothing with trace {trace!r} that you may see", fix="copy the trace id from a proposal"
        )
    return _told(lines, await at.intake.colleagues(ticket))


@router.get("/v1/audit/entries", response_model=Entries, summary="The record, page by page")
async def entries(
    at: At, ticket: Ticket, chosen: OfAll, begins: From, limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> Entries:
    """What of one's book follows entry `after`, oldest first. A page may be short, or empty, before the end:
    where little of the record is chosen, each looks at a bounded stretch of it."""
    page = await first_page(at, ticket, chosen, begins, most=limit)
    people = await at.intake.colleagues(ticket)
    return Entries(entries=_told(page.lines, people), after=page.after, head=page.head)


@router.get(
    "/v1/audit/feed", responses=STREAM, response_class=StreamingResponse, summary="The record as it grows"
)
async def feed(
    at: At, ticket: Ticket, chosen: OfAll, begins: Resumed, feeds: Annotated[Feeds, Depends(feeds_of)]
) -> FeedResponse:
    """Events `entry`, each as in a page of the record, from there on and then as they are recorded."""
    me = await at.intake.whoami(ticket)
    first = await first_of_feed(at, ticket, chosen, begins)
    following = Following(at.intake.record, ticket, chosen, Named(at, ticket).told)
    feeds.enter(me.person)
    return FeedResponse(feeds, me.person, followed(feeds, following, first))


class Named:
    """Tells pages with the names of those who acted, which are opened again only for somebody new."""

    def __init__(self, at: Doors, ticket: str) -> None:
        self._at, self._ticket = at, ticket
        self._people: Mapping[PersonId, str] = {}

    async def told(self, page: Page) -> Sequence[Event]:
        if {PersonId(line.actor) for line in page.lines if line.actor != line.role} - {*self._people}:
            self._people = await self._at.intake.colleagues(self._ticket)
        return tuple(
            Event("entry", entry.model_dump(mode="json"), str(entry.seq))
            for entry in _told(page.lines, self._people)
        )


def _told(lines: Sequence[JournalLine], people: Mapping[PersonId, str]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            seq=line.seq,
            recorded_at=line.recorded_at,
            role=line.role,
            actor=line.actor,
            by=people.get(PersonId(line.actor), line.actor),
            event_id=line.event_id,
            event_type=line.event_type,
            event_version=line.event_version,
            stream=line.stream,
            stream_version=line.stream_version,
            trace_id=line.trace,
            occurred_at=line.occurred_at,
            policy_decisions=line.policy_decisions,
            payload=dict(line.payload),
        )
        for line in lines
    )
