"""Why the copilot did what it did: the steps of one trace with their words, for those who may read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.errors import NotFound
from core.ids import TraceId
from ui.api.doors import At, Ticket
from ui.api.fields import PathId, Told

router = APIRouter(tags=["audit"])


class Step(Told):
    """One step of an agent. In `told`, texts stand in clear where the record holds them sealed."""

    seq: int
    recorded_at: datetime
    event_type: str
    told: dict[str, Any]


@router.get(
    "/v1/audit/traces/{trace}/steps", response_model=tuple[Step, ...], summary="Why the copilot did that"
)
async def steps(
    trace: PathId, at: At, ticket: Ticket, with_read: Annotated[bool, Query()] = False
) -> tuple[Step, ...]:
    """Plans, questions, observations and decisions, with model, prompt, tokens, cost and time. With
    `with_read`, also every text that a model read, in its order. What was forgotten reads so."""
    found = await at.intake.steps.of(ticket, TraceId(trace), with_read=with_read)
    if not found:
        raise NotFound(
            f"no steps with trace {trace!r} that you may see", fix="copy the trace id from a proposal"
        )
    return tuple(
        Step(seq=s.seq, recorded_at=s.recorded_at, event_type=s.event_type, told=dict(s.told)) for s in found
    )


class Entry(Told):
    """One entry of a conversation, with its words in clear as far as one may read them."""

    seq: int
    recorded_at: datetime
    trace: str
    event_type: str
    told: dict[str, Any]


class Conversation(Told):
    """A conversation up to one run, as `gatehouse replay` runs it again."""

    thread: str
    household: str | None
    entries: tuple[Entry, ...]


@router.get("/v1/audit/runs/{trace}", response_model=Conversation, summary="A conversation, to be run again")
async def run(trace: PathId, at: At, ticket: Ticket) -> Conversation:
    """Everything of the conversation up to the last entry of that trace: what was said, thought, told and
    answered. Reading it does nothing."""
    found = await at.intake.steps.conversation(ticket, TraceId(trace))
    opened = [one for one in found if one.event_type == "ThreadOpened"]
    if not opened:
        raise NotFound(
            f"no conversation with trace {trace!r} that you may see", fix="copy the trace id of one of yours"
        )
    entries = (
        Entry(seq=s.seq, recorded_at=s.recorded_at, trace=s.trace, event_type=s.event_type, told=dict(s.told))
        for s in found
    )
    return Conversation(
        thread=opened[0].told["thread"], household=opened[0].told["household"], entries=tuple(entries)
    )
