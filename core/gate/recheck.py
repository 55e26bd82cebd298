"""Every policy asked again about what people decide on: at submission, at approval and at release.

Rule 1: a breach stops; so does a soft finding that was not there when people gave their reasons.
Rule 2: at submission and approval this tells a person early. What binds is the release: it asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.book.picture import Picture
from core.orders.content import Content, Leg
from core.orders.events import Finding
from core.plan.content import intents_of
from core.risk.findings import findings_of
from core.risk.limits import DEFAULT_LIMITS
from core.risk.policies import POLICIES
from core.risk.policy import assess


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What every policy says now, and which of it speaks against going on."""

    findings: tuple[Finding, ...]
    against: tuple[Finding, ...]


def recheck(content: Content, legs: Sequence[Leg], picture: Picture) -> Rechecked:
    """Ask every policy about these legs. `picture` leaves out what this very proposal has reserved."""
    verdict = assess(intents_of(legs, picture), POLICIES, DEFAULT_LIMITS)
    findings = findings_of(verdict, legs)
    return Rechecked(findings, tuple(f for f in findings if _stops(f, content)))


def _stops(finding: Finding, content: Content) -> bool:
    return finding.result == "breach" or (
        finding.result == "finding" and finding.policy not in content.findings
    )
