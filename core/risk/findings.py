"""A verdict as the journal keeps it.

Rule 1: a breach or a soft finding is told in full; a policy that passed every leg is one line.
Rule 2: headroom is what is left to the limit; where the limit is crossed it is negative, whichever side.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.fact import PolicyDecision
from core.money import tidy
from core.orders.content import Leg
from core.orders.events import Finding
from core.risk.policy import Breach, Verdict


def findings_of(verdict: Verdict, legs: Sequence[Leg]) -> tuple[Finding, ...]:
    """In the order of the policies; within one, of the legs."""
    by_number = {leg.leg: leg for leg in legs}
    codes = tuple(dict.fromkeys(answer.code for answer in verdict.answers))
    findings: list[Finding] = []
    for code in codes:
        answers = [answer for answer in verdict.answers if answer.code == code]
        told = [_told(by_number[answer.leg], answer.breach) for answer in answers if answer.breach]
        findings += told or [Finding(policy=code, result="pass")]
    return tuple(findings)


def policy_decisions(findings: Sequence[Finding]) -> tuple[PolicyDecision, ...]:
    """The same, as it stands beside an event: one word for each finding."""
    return tuple(PolicyDecision(policy=finding.policy, result=finding.result) for finding in findings)


def _told(leg: Leg, breach: Breach) -> Finding:
    return Finding(
        policy=breach.code,
        result=breach.severity.value,
        says=breach.says,
        account=leg.account,
        leg=leg.leg,
        observed=tidy(breach.observed),
        limit=tidy(breach.limit),
        headroom=tidy(-abs(breach.observed - breach.limit)),
        unit=breach.unit,
    )
