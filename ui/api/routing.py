"""How venues are chosen: what holds, trying others on the past, proposing, confirming, withdrawing.

Rule 1: whoever works here may read it. Principals and compliance set it, two people at a time: the journal's
    append says who may, and we repeat its words.
Rule 2: a set that waits decides beside the live one; confirming it promotes it.
"""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import Field

from core.best_execution.door import LAST, Reasoned
from core.best_execution.events import RoutingSet, WeightName
from core.ids import Digest
from core.routing.trying import Tried
from core.rule_sets import Proposed
from core.rule_sets import Version as Held
from ui.api.doors import At, Ticket
from ui.api.fields import Amount, Ask, Told
from ui.api.rule_sets import Decide, Deciding, Step, step_told

router = APIRouter(tags=["routing"])

SHOWN = 200  # orders of a dry run that are listed one by one
MOST = 10_000


class Try(Ask):
    """The whole set, as `GET /v1/routing` tells the one in force, and how many of the last orders to ask."""

    routing: RoutingSet
    orders: int = Field(default=LAST, ge=1, le=MOST)


class Propose(Ask):
    """`reasons` has a text for each weight that moves. Without `effective_on`, the business day that runs."""

    routing: RoutingSet
    reasons: dict[WeightName, str] = Field(default_factory=dict)
    effective_on: date | None = None


class Version(Told):
    version: int
    digest: str
    effective_on: date
    routing: RoutingSet
    reasons: dict[str, str]
    proposed_by: str | None
    confirmed_by: str | None
    confirmed_at: datetime | None


class Waiting(Told):
    digest: str
    effective_on: date
    routing: RoutingSet
    reasons: dict[str, str]
    proposed_by: str
    proposed_at: datetime


class RoutingRules(Told):
    """Newest first. `in_force` is the number of the version that decides on `session`."""

    in_force: int
    session: date
    versions: tuple[Version, ...]
    proposed: Waiting | None


class MovedTo(Told):
    """Orders that would have gone from one venue to another; `to` null: they would have waited. Dollars of
    expected cost, by the rules that are tried."""

    went: str
    to: str | None
    orders: int
    saves: Amount


class ElsewhereTold(Told):
    """One order that would have gone elsewhere. Dollars of expected cost: `then` as recorded, `stays` and
    `there` by the rules that are tried."""

    seq: int
    order: str
    symbol: str
    went: str
    to: str | None
    then: Amount | None
    stays: Amount | None
    there: Amount | None


class Trial(Told):
    """At most 200 orders are listed, the newest first."""

    asked: int
    cost: Amount
    cost_tried: Amount
    moved: tuple[MovedTo, ...]
    elsewhere: tuple[ElsewhereTold, ...]
    elsewhere_in_all: int


@router.get("/v1/routing", response_model=RoutingRules, summary="How venues are chosen, and every version")
async def show(at: At, ticket: Ticket) -> RoutingRules:
    standing = await at.approval.routes.show(ticket)
    return RoutingRules(
        in_force=standing.in_force,
        session=standing.session,
        versions=tuple(_version(one) for one in standing.versions),
        proposed=_waiting(standing.proposed) if standing.proposed else None,
    )


@router.post("/v1/routing/try", response_model=Trial, summary="What would have gone elsewhere")
async def try_out(ask: Try, at: At, ticket: Ticket) -> Trial:
    """The last orders are routed again on the quotes that were seen. Nothing is recorded."""
    return _trial(await at.approval.routes.try_out(ticket, ask.routing, ask.orders))


@router.post("/v1/routing", status_code=201, response_model=Step, summary="Propose other rules")
async def propose(ask: Propose, at: At, ticket: Ticket) -> Step:
    """They decide beside the live ones until another person confirms them."""
    reasons = {str(weight): words for weight, words in ask.reasons.items()}
    digest, recorded = await at.approval.routes.propose(ticket, ask.routing, reasons, ask.effective_on)
    return step_told(digest, "propose", recorded)


@router.post("/v1/routing/{step}", response_model=Step, summary="Confirm them, or take them back")
async def decide(step: Deciding, ask: Decide, at: At, ticket: Ticket) -> Step:
    recorded = await at.approval.routes.decide(ticket, Digest(ask.digest), step)
    return step_told(ask.digest, step, recorded)


def _version(one: Held[Reasoned]) -> Version:
    return Version(
        version=one.version,
        digest=one.digest,
        effective_on=one.effective_on,
        routing=one.rules.routing,
        reasons=dict(one.rules.reasons),
        proposed_by=one.proposed_by,
        confirmed_by=one.confirmed_by,
        confirmed_at=one.confirmed_at,
    )


def _waiting(one: Proposed[Reasoned]) -> Waiting:
    return Waiting(
        digest=one.digest,
        effective_on=one.effective_on,
        routing=one.rules.routing,
        reasons=dict(one.rules.reasons),
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
    )


def _trial(tried: Tried) -> Trial:
    return Trial(
        asked=tried.asked,
        cost=tried.cost,
        cost_tried=tried.cost_tried,
        moved=tuple(
            MovedTo(went=went, to=to or None, orders=count, saves=saved)
            for (went, to), (count, saved) in sorted(tried.moved.items())
        ),
        elsewhere=tuple(
            ElsewhereTold(
                seq=one.seq,
                order=one.order,
                symbol=one.symbol,
                went=one.went,
                to=one.venue,
                then=one.then,
                stays=one.stays,
                there=one.there,
            )
            for one in reversed(tried.elsewhere[-SHOWN:])
        ),
        elsewhere_in_all=len(tried.elsewhere),
    )
