"""Batches: many trade proposals assembled, submitted and decided as one, under one fingerprint.

Rule 1: nothing is decided here: the journal's append says yes or no to the batch and to every row, together.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from core.gate.batching import Batch
from core.ids import Digest, ProposalId
from core.ledger.envelope import Recorded
from ui.api.decisions import Approve, Decide
from ui.api.doors import At, Key, Ticket
from ui.api.fields import Amount, Ask, Fingerprint, Id, PathId, Text, Told
from ui.api.proposals import Proposal, told

router = APIRouter(tags=["batches"])


class Assemble(Ask):
    proposals: Annotated[tuple[Id, ...], Field(min_length=2, max_length=100)]


class TurnDown(Ask):
    """The comments for a return, the reason for a decline: every row has it."""

    digest: Fingerprint
    words: Text


class BatchLine(Told):
    """`tier` is of the worst row, or of the total where that is more. `whole`: no row changed or ended."""

    batch: str
    advisor: str
    session: date
    digest: str
    tier: int
    dollars: Amount
    status: str
    proposals: tuple[str, ...]
    approved_by: tuple[str, ...]
    whole: bool


class InFull(BatchLine):
    rows: tuple[Proposal, ...]


class Decided(Told):
    batch: str
    status: str
    digest: str
    seq: int
    repeated: bool


@router.get("/v1/batches", response_model=tuple[BatchLine, ...], summary="Batches that one may see")
async def batches(at: At, ticket: Ticket, status: str | None = None) -> tuple[BatchLine, ...]:
    """Newest first."""
    found = await at.approval.batches.all(ticket)
    return tuple(_line(one) for one in found if status is None or one.status.lower() == status.lower())


@router.get("/v1/batches/{batch}", response_model=InFull, summary="One batch with its rows")
async def batch(batch: PathId, at: At, ticket: Ticket) -> InFull:
    known, views = await at.approval.batches.one(ticket, batch)
    rows = tuple([await told(at, ticket, view) for view in views])
    return InFull(**_line(known).model_dump(), rows=rows)


@router.post("/v1/batches", status_code=201, response_model=Decided, summary="Put proposals together")
async def assemble(ask: Assemble, at: At, ticket: Ticket, key: Key) -> Decided:
    """It submits nothing yet. The same key is the same batch."""
    named = tuple(ProposalId(proposal) for proposal in ask.proposals)
    known, recorded = await at.approval.batches.assemble(ticket, named, key=key)
    return _decided(known.batch, "ASSEMBLED", known.digest, recorded)


@router.post("/v1/batches/{batch}/submit", response_model=Decided, summary="The advisor makes it hers")
async def submit(batch: PathId, ask: Decide, at: At, ticket: Ticket) -> Decided:
    recorded = await at.approval.batches.submit(ticket, batch, Digest(ask.digest), ask.reasons)
    return _decided(batch, "SUBMITTED", ask.digest, recorded)


@router.post("/v1/batches/{batch}/approve", response_model=Decided, summary="Approve every row")
async def approve(batch: PathId, ask: Approve, at: At, ticket: Ticket) -> Decided:
    """In a batch of tier 3 compliance signs before the principal, each with `step_up`; `status` says whether
    it is decided."""
    proof = ask.step_up.proof() if ask.step_up else None
    recorded = await at.approval.batches.approve(ticket, batch, Digest(ask.digest), ask.reasons, proof)
    known, _ = await at.approval.batches.one(ticket, batch)
    return _decided(batch, known.status, ask.digest, recorded)


@router.post("/v1/batches/{batch}/{step}", response_model=Decided, summary="Return or decline every row")
async def turn_down(
    batch: PathId, step: Literal["return", "decline"], ask: TurnDown, at: At, ticket: Ticket
) -> Decided:
    recorded = await at.approval.batches.turn_down(ticket, batch, Digest(ask.digest), step, ask.words)
    return _decided(batch, "RETURNED" if step == "return" else "DECLINED", ask.digest, recorded)


def _line(one: Batch) -> BatchLine:
    return BatchLine(
        batch=one.batch,
        advisor=one.advisor,
        session=one.session,
        digest=one.digest,
        tier=one.tier,
        dollars=one.dollars,
        status=one.status,
        proposals=one.proposals,
        approved_by=one.approved_by,
        whole=one.whole,
    )


def _decided(batch: str, status: str, digest: str, recorded: Recorded) -> Decided:
    return Decided(batch=batch, status=status, digest=digest, seq=recorded.seq, repeated=recorded.duplicate)
