"""Is what a standing approval stands in for within what two people adopted?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import ClassVar, Final, NamedTuple

from core.book.approvals import StandingApproval
from core.orders.content import Leg
from core.orders.events import Finding, Side
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most, blocked
from core.risk.policy import Breach, Severity
from core.risk.standing import Ground

NOBODY: Final = "no standing approval covers it: a principal decides"


class Bound(NamedTuple):
    """One of an approval's numbers, with what the proposal would bring it to."""

    name: str
    before: Decimal
    asked: Decimal
    limit: Decimal
    unit: str

    @property
    def observed(self) -> Decimal:
        return self.before + self.asked

    @property
    def left(self) -> Decimal:
        return self.limit - self.observed


class StandingBounds:
    """What is drawn on a standing approval stays of its class and within its dollars and its count.

    Where people decide there is nothing to ask: a proposal outside of every standing approval goes to a
    principal. Dollars are counted up to this order, each at the higher of its worst price and its reference.

    Source: the firm's own rule; FINRA Rule 3110(b)(2) (review of transactions by a registered principal,
    evidenced in writing) and 3110(b)(6) (who supervises is independent of who is supervised).
    """

    code: ClassVar[str] = "standing_bounds"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        ground = intent.ground
        approval = ground.picture.approvals.drawn
        if approval is None:
            return None
        outside = outside_of(approval, ground, intent.leg)
        if outside is not None:
            return blocked(self.code, Severity.HARD, f"the standing approval does not cover it: {outside}")
        for bound in bounds(approval, intent.earlier + intent.dollars):
            if bound.left < 0:
                reached, limit = _said(bound, bound.observed), _said(bound, bound.limit)
                return at_most(
                    self.code,
                    Severity.HARD,
                    before=None,
                    observed=bound.observed,
                    limit=bound.limit,
                    unit=bound.unit,
                    says=f"the standing approval's {bound.name} would be {reached}; its bound is {limit}",
                )
        return None


def outside_of(approval: StandingApproval, ground: Ground, leg: Leg) -> str | None:
    """Why this order is not of the approval's class; None where it is."""
    picture = ground.picture
    household, account = picture.household, ground.standings[leg.account].account
    if not approval.valid_from <= picture.market.session <= approval.valid_until:
        return f"it holds from {approval.valid_from} to {approval.valid_until}"
    if picture.approvals.kind != approval.kind:
        return f"it is for proposals of the kind {approval.kind}"
    if household.advisor not in approval.advisors and household.id not in approval.households:
        return "it names neither the household nor its advisor"
    if household.related or not account.discretionary:
        return "the account is not one for routine proposals"
    if approval.symbols:
        return None if leg.symbol in approval.symbols else f"it does not name {leg.symbol}"
    in_model = account.model is not None and leg.symbol in account.model.weights
    return (
        None if leg.side is Side.SELL or in_model else f"{leg.symbol} is not in the account's model portfolio"
    )


def bounds(approval: StandingApproval, dollars: Decimal) -> Iterator[Bound]:
    """Its four numbers, in the order that people read them. `dollars` is what the proposal asks for."""
    zero, one = Decimal(0), Decimal(1)
    yield Bound("dollars of one proposal", zero, dollars, approval.dollars_each, "USD")
    yield Bound("dollars of the day", approval.used_today, dollars, approval.dollars_a_day, "USD")
    yield Bound("dollars in all", approval.used_in_all, dollars, approval.dollars_in_all, "USD")
    count = Decimal(approval.proposals_a_day)
    yield Bound("proposals of the day", Decimal(approval.drawn_today), one, count, "proposals")


def coverage(intents: Sequence[Intent], *, tier: int) -> Finding:
    """Whether a standing approval would stand in for a principal, in numbers: the tightest bound of the first
    that does, or of the one that comes nearest. It stops nothing: else a principal decides."""
    nearest: Bound | None = None
    if tier == 1 and intents:
        ground = intents[0].ground
        asked = sum((intent.dollars for intent in intents), Decimal(0))
        for approval in ground.picture.approvals.in_force:
            if any(outside_of(approval, ground, intent.leg) for intent in intents):
                continue
            tight = min(bounds(approval, asked), key=lambda bound: bound.left / bound.limit)
            if tight.left >= 0:
                return _told(tight, f"standing approval {approval.id} covers it: {_numbers(tight)}")
            nearest = nearest or tight
    if nearest is None:
        return Finding(policy=StandingBounds.code, result="pass", says=NOBODY)
    return _told(nearest, f"{NOBODY}; {_numbers(nearest)}")


def _told(bound: Bound, says: str) -> Finding:
    return Finding(
        policy=StandingBounds.code,
        result="pass",
        says=says,
        observed=bound.observed,
        limit=bound.limit,
        headroom=bound.left,
        unit=bound.unit,
    )


def _numbers(bound: Bound) -> str:
    return f"{bound.name} {_said(bound, bound.observed)} of {_said(bound, bound.limit)}"


def _said(bound: Bound, number: Decimal) -> str:
    return f"${number:,.2f}" if bound.unit == "USD" else f"{number:f}"
