"""A verdict as the journal keeps it.

Rule 1: a breach or a soft finding is told in full; a policy that passed every leg is one line.
Rule 2: headroom is what is left to the limit in the measure's direction; where it is crossed, below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from core.fact import PolicyDecision
from core.money import tidy
from core.orders.content import Leg
from core.orders.events import Finding
from core.risk.policy import Breach, Verdict


def findings_of(verdict: Verdict, legs: Sequence[Leg]) -> tuple[Finding, ...]:
    """In the order of the policies; within one, of the legs."""
    passes = _passes(verdict.asked)
    if not verdict.answers:
        return passes
    by_number = {leg.leg: leg for leg in legs}
    told: dict[str, list[Finding]] = {}
    for answer in verdict.answers:
        told.setdefault(answer.code, []).append(_told(by_number[answer.leg], answer.breach))
    return tuple(
        finding
        for code, passed in zip(verdict.asked, passes, strict=True)
        for finding in told.get(code, (passed,))
    )


def policy_decisions(findings: Sequence[Finding]) -> tuple[PolicyDecision, ...]:
    """The same, as it stands beside an event: one word for each finding."""
    return tuple(PolicyDecision(policy=finding.policy, result=finding.result) for finding in findings)


@lru_cache(maxsize=32)
def _passes(asked: tuple[str, ...]) -> tuple[Finding, ...]:
    """One line for each policy, made once: a pass says the same of everybody."""
    return tuple(Finding(policy=code, result="pass") for code in asked)


def _told(leg: Leg, breach: Breach) -> Finding:
    return Finding(
        policy=breach.code,
        result=breach.severity.value,
        says=breach.says,
        account=leg.account,
        leg=leg.leg,
        observed=tidy(breach.observed),
        limit=tidy(breach.limit),
        headroom=tidy(breach.headroom),
        unit=breach.unit,
    )
