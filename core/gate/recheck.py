"""Every policy asked again about what people decide on: at submission, at approval and at release.

Rule 1: a breach stops; so does a soft finding that was not there when people gave their reasons.
Rule 2: at submission and approval this tells a person early. What binds is the release: it asks again.
Rule 3: it is asked under the limits in force now, whatever the proposal was computed with. Where newer ones
    ask for more deciding than it had, it stops too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.book.picture import Picture
from core.limits.versions import InForce
from core.orders.content import Content, Leg
from core.orders.events import Finding
from core.plan.content import intents_of
from core.plan.tiers import tier_of
from core.risk.findings import findings_of
from core.risk.policies import POLICIES
from core.risk.policy import assess


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What every policy says now, and which of it speaks against going on."""

    findings: tuple[Finding, ...]
    against: tuple[Finding, ...]


def recheck(content: Content, legs: Sequence[Leg], picture: Picture, in_force: InForce) -> Rechecked:
    """Ask every policy about these legs. `picture` leaves out what this very proposal has reserved."""
    verdict = assess(intents_of(legs, picture, content.schedule), POLICIES, in_force.limits)
    findings = (*findings_of(verdict, legs), *_tier(content, picture, in_force), *_gone(legs, picture))
    return Rechecked(findings, tuple(f for f in findings if _stops(f, content)))


def _gone(legs: Sequence[Leg], picture: Picture) -> tuple[Finding, ...]:
    """A breach, where an order takes the place of one that is not at work any more."""
    live = None if picture.replaced is None else picture.replaced.order
    return tuple(
        Finding(
            policy="replaced_order",
            result="breach",
            says=f"order {leg.replaces}, whose place it takes, is not at work any more",
            account=leg.account,
            leg=leg.leg,
        )
        for leg in legs
        if leg.replaces not in (None, live)
    )


def _tier(content: Content, picture: Picture, in_force: InForce) -> tuple[Finding, ...]:
    """A breach, where limits that came later put it in a higher tier. Prices alone change no tier."""
    if in_force.seq <= content.portfolio_seq:
        return ()
    now = tier_of(content.legs, picture, in_force.limits, has_finding=bool(content.findings))
    if now <= content.tier:
        return ()
    says = f"it was decided on as tier {content.tier}, and is of tier {now} under the limits in force"
    return (
        Finding(
            policy="tier",
            result="breach",
            says=says,
            observed=Decimal(now),
            limit=Decimal(content.tier),
            headroom=Decimal(content.tier - now),
            unit="tier",
        ),
    )


def _stops(finding: Finding, content: Content) -> bool:
    return finding.result == "breach" or (
        finding.result == "finding" and finding.policy not in content.findings
    )
