"""From a request to the exact text that people decide on: plan, legs, verdict, content.

Rule 1: `work_out` is the whole way; whoever computes it again from the same request and picture gets the
same digest.
Rule 2: legs are sells first, then buys that name the sells of their account.
Rule 3: an order of a rebalance is a limit at the far edge of its band, so it cannot trade outside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.book.picture import Market, Picture
from core.errors import BadInput
from core.ids import ProposalId, order_id_for
from core.money import tidy
from core.orders.content import Content, Leg
from core.orders.events import Finding, OrderType, Request, Side, TimeInForce
from core.plan.assumptions import Assumptions
from core.plan.band import Band, band
from core.plan.order import single_order
from core.plan.rebalance import rebalance
from core.plan.tiers import consent_needed, tier_of
from core.plan.trade import Plan, Trade
from core.risk.findings import findings_of
from core.risk.intent import Intent, intents
from core.risk.limits import Limits
from core.risk.policies import POLICIES
from core.risk.policy import Verdict, assess
from core.risk.standing import Ground

REBALANCE = "rebalance"


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
    if request.kind == REBALANCE:
        plan = rebalance(picture, request.accounts, assumptions)
    else:
        plan = single_order(picture, request, assumptions)
    if not plan.trades:
        return Worked(plan, None, None, set_aside_findings(plan))
    legs = legs_of(proposal, plan, picture.market, assumptions.limits, partly=request.kind == REBALANCE)
    verdict = assess(intents_of(legs, picture), POLICIES, assumptions.limits)
    content = content_of(proposal, request, picture, legs, verdict, assumptions.limits)
    return Worked(plan, verdict, content, findings_of(verdict, legs))


def legs_of(
    proposal: ProposalId, plan: Plan, market: Market, limits: Limits, *, partly: bool
) -> tuple[Leg, ...]:
    """The plan's trades as numbered legs. `partly`: a buy may be released with fewer shares.

    Raises:
        BadInput: no price on a symbol's tick lies within the firm's band.
    """
    ordered = sorted(plan.trades, key=lambda trade: (trade.side is Side.BUY, trade.account, trade.symbol))
    sells = {n: trade.account for n, trade in enumerate(ordered) if trade.side is Side.SELL}
    legs = []
    for n, trade in enumerate(ordered):
        buys = trade.side is Side.BUY
        funded_by = tuple(sell for sell, account in sells.items() if buys and account == trade.account)
        edges = _band(trade, market, limits)
        legs.append(_leg(proposal, n, trade, edges, funded_by, may_release_less=partly and buys))
    return tuple(legs)


def intents_of(legs: Sequence[Leg], picture: Picture) -> tuple[Intent, ...]:
    """One intent a leg. At release pass the legs that are still to be released, and a picture that
    leaves out what this very proposal has reserved."""
    return intents(legs, Ground(picture))


def content_of(
    proposal: ProposalId,
    request: Request,
    picture: Picture,
    legs: tuple[Leg, ...],
    verdict: Verdict,
    limits: Limits,
) -> Content:
    """What people decide on."""
    accounts = [picture.account(account) for account in sorted({leg.account for leg in legs})]
    models = {f"{a.model.id}@{a.model.version}" for a in accounts if a.model is not None}
    return Content(
        proposal=proposal,
        household=picture.household.id,
        advisor=picture.household.advisor,
        kind=request.kind,
        legs=legs,
        needs_consent=consent_needed(legs, picture),
        tier=tier_of(legs, picture, limits, has_finding=bool(verdict.findings)),
        valid_for=request.for_session or picture.market.session.isoformat(),
        portfolio_seq=picture.as_of_seq,
        policy_set=verdict.policy_set,
        model_versions=tuple(sorted(models)),
        findings=tuple(sorted({answer.code for answer in verdict.findings})),
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


def _band(trade: Trade, market: Market, limits: Limits) -> Band:
    tick = market.instruments[trade.symbol].tick
    return band(reference=trade.reference_price, tick=tick, width=limits.price_band)


def _leg(
    proposal: ProposalId,
    n: int,
    trade: Trade,
    edges: Band,
    funded_by: tuple[int, ...],
    *,
    may_release_less: bool,
) -> Leg:
    limit = trade.limit_price
    if trade.order_type is OrderType.LIMIT and limit is None:
        limit = edges.high if trade.side is Side.BUY else edges.low
    return Leg(
        leg=n,
        order=order_id_for(proposal, n),
        account=trade.account,
        symbol=trade.symbol,
        side=trade.side,
        quantity=tidy(trade.quantity),
        order_type=trade.order_type,
        limit_price=limit,
        time_in_force=TimeInForce.DAY,
        lots=trade.lots,
        reference_price=tidy(trade.reference_price),
        band_low=edges.low,
        band_high=edges.high,
        funded_by=funded_by,
        may_release_less=may_release_less,
        replaces=trade.replaces,
        executed_before=trade.executed_before,
    )
