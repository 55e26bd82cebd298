"""The record: one trace from the prompt to the fill, and its entries in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.book.views import JournalLine
from core.errors import NotFound
from core.ids import PersonId, TraceId
from ui.api.doors import At, Ticket
from ui.api.fields import PathId, Told

router = APIRouter(tags=["audit"])


class Entry(Told):
    """One fact. `by` is the actor's name; names and free text in `payload` are sealed."""

    seq: int
    recorded_at: datetime
    role: str
    actor: str
    by: str
    event_type: str
    stream: str
    payload: dict[str, Any]


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


@router.get("/v1/audit/entries", response_model=tuple[Entry, ...], summary="The record, page by page")
async def entries(
    at: At,
    ticket: Ticket,
    after: Annotated[int, Query(ge=0, le=2**62, description="the last sequence that one has")] = 0,
    page: Annotated[int, Query(ge=1, le=500)] = 100,
) -> tuple[Entry, ...]:
    """What follows entry `after`, in order. Empty means that one has caught up."""
    lines = await at.intake.entries(ticket, after=after, page=page)
    return _told(lines, await at.intake.colleagues(ticket))


def _told(lines: Sequence[JournalLine], people: Mapping[PersonId, str]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            seq=line.seq,
            recorded_at=line.recorded_at,
            role=line.role,
            actor=line.actor,
            by=people.get(PersonId(line.actor), line.actor),
            event_type=line.event_type,
            stream=line.stream,
            payload=dict(line.payload),
        )
        for line in lines
    )
