"""From a request to the exact text that people decide on: plan, legs, verdict, content.

Rule 1: `work_out` is the whole way; whoever computes it again from the same request and picture gets the
same digest.
Rule 2: which plan a request is stands in `core.plan.kinds`, and what its legs are in `core.plan.legs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.book.picture import Picture
from core.errors import BadInput
from core.ids import ProposalId
from core.orders.content import Content, Leg
from core.orders.events import Finding, Request
from core.orders.schedule import Schedule
from core.plan.assumptions import Assumptions
from core.plan.kinds import ORDER, plan_of
from core.plan.legs import legs_of
from core.plan.tiers import consent_needed, tier_among
from core.plan.trade import Plan
from core.risk.findings import findings_of
from core.risk.intent import Intent, intents
from core.risk.limits import Limits
from core.risk.policies import POLICIES
from core.risk.policy import Verdict, assess
from core.risk.standing import Ground
from core.shapes import worked_out

_CONTENT: Final = worked_out(Content)


@dataclass(frozen=True, slots=True)
class Worked:
    """What a request comes to. `content` None: there is nothing to decide on, and `findings` say why.
    A content whose verdict has breaches is denied all the same."""

    plan: Plan
    verdict: Verdict | None
    content: Content | None
    findings: tuple[Finding, ...]


def work_out(proposal: ProposalId, request: Request, picture: Picture, assumptions: Assumptions) -> Worked:
    """Plan the request, ask every policy about every leg, and write what people would decide on.

    Raises:
        BadInput: the request lacks a field or names another household. Nothing is planned.
        NotFound: an account is not of the household. Nothing is planned.
    """
    _same_household(request, picture)
    plan = plan_of(picture, request, assumptions)
    if not plan.trades:
        return Worked(plan, None, None, set_aside_findings(plan))
    legs = legs_of(proposal, plan.trades, picture.market, assumptions.limits, partly=request.kind != ORDER)
    ground = Ground(picture)
    verdict = assess(intents(legs, ground, whole=whole_of(plan.schedule)), POLICIES, assumptions.limits)
    content = content_of(proposal, request, ground, legs, verdict, assumptions.limits, plan.schedule)
    return Worked(plan, verdict, content, findings_of(verdict, legs))


def intents_of(legs: Sequence[Leg], picture: Picture, schedule: Schedule | None = None) -> tuple[Intent, ...]:
    """One intent a leg. At release pass the legs that are still to be released, and a picture that
    leaves out what this very proposal has reserved. The parts of a `schedule` are measured as the whole."""
    return intents(legs, Ground(picture), whole=whole_of(schedule))


def whole_of(schedule: Schedule | None) -> Decimal | None:
    """The shares that each part is measured as; None: each leg as itself."""
    return None if schedule is None else schedule.quantity


def content_of(
    proposal: ProposalId,
    request: Request,
    ground: Ground,
    legs: tuple[Leg, ...],
    verdict: Verdict,
    limits: Limits,
    schedule: Schedule | None = None,
) -> Content:
    """What people decide on."""
    picture = ground.picture
    accounts = [picture.account(account) for account in sorted({leg.account for leg in legs})]
    worths = {account.id: ground.standings[account.id].worth for account in accounts}
    models = {f"{a.model.id}@{a.model.version}" for a in accounts if a.model is not None}
    return _CONTENT(
        proposal=proposal,
        household=picture.household.id,
        advisor=picture.household.advisor,
        kind=request.kind,
        legs=legs,
        needs_consent=consent_needed(legs, picture),
        tier=tier_among(legs, picture, limits, worths, has_finding=bool(verdict.findings)),
        valid_for=request.for_session or picture.market.session.isoformat(),
        portfolio_seq=picture.as_of_seq,
        policy_set=verdict.policy_set,
        model_versions=tuple(sorted(models)),
        findings=tuple(sorted({answer.code for answer in verdict.findings})),
        schedule=schedule,
    )


def set_aside_findings(plan: Plan) -> tuple[Finding, ...]:
    """Why a plan without trades has none: one finding for each account, for the denial at draft."""
    return tuple(
        Finding(policy="plan", result="breach", says=why, account=account)
        for account, why in sorted(plan.set_aside.items())
    )


def _same_household(request: Request, picture: Picture) -> None:
    if request.household != picture.household.id:
        raise BadInput(
            f"the request is for household {request.household!r}, the picture of {picture.household.id!r}",
            fix="read the picture of the request's household",
            field="household",
        )
