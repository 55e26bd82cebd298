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
