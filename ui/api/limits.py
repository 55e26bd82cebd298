"""The firm's limits: what holds, trying others on the past, proposing, confirming, withdrawing.

Rule 1: whoever works here may read them. Principals and compliance set them, two people at a time: the
    journal's append says who may, and we repeat its words.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from core.ids import AccountId, Digest
from core.limits.events import LimitSet
from core.limits.trying import Count, Tried
from core.rule_sets import Proposed
from core.rule_sets import Version as Held
from ui.api.doors import At, Ticket
from ui.api.fields import Amount, Ask, PathId, Told
from ui.api.rule_sets import Decide, Deciding, Step, step_told

router = APIRouter(tags=["limits"])

SHOWN = 200  # proposals and releases of a dry run that are listed one by one


class Try(Ask):
    """The whole set, as `GET /v1/limits` tells the one in force."""

    limits: LimitSet


class Propose(Ask):
    """`effective_on` is a business day; without it, the one that runs."""

    limits: LimitSet
    effective_on: date | None = None


class Rmd(Ask):
    """Zero: it is done."""

    year: int = Field(ge=1900, le=2199)
    amount: Annotated[Decimal, Field(ge=0, le=10**12)]
    due_on: date


class Recording(Told):
    seq: int
    repeated: bool


class Version(Told):
    version: int
    digest: str
    effective_on: date
    limits: LimitSet
    proposed_by: str | None
    confirmed_by: str | None
    confirmed_at: datetime | None


class Waiting(Told):
    digest: str
    effective_on: date
    limits: LimitSet
    proposed_by: str
    proposed_at: datetime


class Limits(Told):
    """Newest first. `in_force` is the number of the version that holds on `session`."""

    in_force: int
    session: date
    versions: tuple[Version, ...]
    proposed: Waiting | None


class Counted(Told):
    """Proposals or orders, and their dollars at the prices that they were decided on."""

    count: int
    dollars: Amount


class ByPolicy(Told):
    """`change` is denied, let_through, finding_added or finding_gone."""

    change: str
    policy: str
    count: int
    dollars: Amount


class Changed(Told):
    """One proposal, release or denied draft that would have gone otherwise."""

    seq: int
    proposal: str
    what: str
    change: str
    policies: tuple[str, ...]
    dollars: Amount


class Trial(Told):
    """`not_asked` are drafts that could not be planned again. At most 200 of `changed` are listed."""

    asked: Counted
    not_asked: int
    by_policy: tuple[ByPolicy, ...]
    changed: tuple[Changed, ...]
    changed_in_all: int


@router.get("/v1/limits", response_model=Limits, summary="The limits in force, and every version")
async def limits(at: At, ticket: Ticket) -> Limits:
    standing = await at.approval.limits.show(ticket)
    return Limits(
        in_force=standing.in_force,
        session=standing.session,
        versions=tuple(_version(one) for one in standing.versions),
        proposed=_waiting(standing.proposed) if standing.proposed else None,
    )


@router.post("/v1/limits/try", response_model=Trial, summary="What other limits would have changed")
async def try_out(ask: Try, at: At, ticket: Ticket) -> Trial:
    """Every past proposal and release is asked again. Nothing is recorded."""
    return _trial(await at.approval.limits.try_out(ticket, ask.limits))


@router.post("/v1/limits", status_code=201, response_model=Step, summary="Propose other limits")
async def propose(ask: Propose, at: At, ticket: Ticket) -> Step:
    """Another person confirms them."""
    digest, recorded = await at.approval.limits.propose(ticket, ask.limits, ask.effective_on)
    return step_told(digest, "propose", recorded)


@router.post("/v1/limits/{step}", response_model=Step, summary="Confirm them, or take them back")
async def decide(step: Deciding, ask: Decide, at: At, ticket: Ticket) -> Step:
    recorded = await at.approval.limits.decide(ticket, Digest(ask.digest), step)
    return step_told(ask.digest, step, recorded)


@router.post(
    "/v1/accounts/{account}/rmd", status_code=201, response_model=Recording, summary="What must leave an IRA"
)
async def rmd(account: PathId, ask: Rmd, at: At, ticket: Ticket) -> Recording:
    """Operations records it for a year; what is due within the limits' horizon stays in cash."""
    recorded = await at.approval.limits.determine_rmd(
        ticket, AccountId(account), ask.year, ask.amount, ask.due_on
    )
    return Recording(seq=recorded.seq, repeated=recorded.duplicate)


def _version(one: Held[LimitSet]) -> Version:
    return Version(
        version=one.version,
        digest=one.digest,
        effective_on=one.effective_on,
        limits=one.rules,
        proposed_by=one.proposed_by,
        confirmed_by=one.confirmed_by,
        confirmed_at=one.confirmed_at,
    )


def _waiting(one: Proposed[LimitSet]) -> Waiting:
    return Waiting(
        digest=one.digest,
        effective_on=one.effective_on,
        limits=one.rules,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
    )


def _counted(count: Count) -> Counted:
    return Counted(count=count.count, dollars=count.dollars)


def _trial(tried: Tried) -> Trial:
    return Trial(
        asked=_counted(tried.asked),
        not_asked=tried.not_asked,
        by_policy=tuple(
            ByPolicy(change=change, policy=policy, count=of.count, dollars=of.dollars)
            for (change, policy), of in sorted(tried.by_policy.items())
        ),
        changed=tuple(
            Changed(
                seq=one.seq,
                proposal=one.proposal,
                what=one.what,
                change=one.change,
                policies=one.policies,
                dollars=one.dollars,
            )
            for one in reversed(tried.differs[-SHOWN:])
        ),
        changed_in_all=len(tried.differs),
    )
