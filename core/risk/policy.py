"""What a policy is, and how all of them are asked.

Rule 1: a policy is pure: same intent and limits, same answer, no clock, no I/O.
Rule 2: every policy is asked, even after the first breach: people see the whole list.
Rule 3: no policies is not a pass; a policy that raises is a bug and stops the release.
Rule 4: what is the same for every leg is worked out once (`core.risk.standing`), and a pass makes no object.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar, NamedTuple, Protocol

from core.errors import IntegrityLost
from core.ids import Digest
from core.risk.intent import Intent
from core.risk.limits import Limits


class Severity(StrEnum):
    HARD = "breach"  # denies, for everybody
    SOFT = "finding"  # needs a written reason from advisor and principal


class Direction(StrEnum):
    """Which side of its limit a measure must stay on; the limit itself is inside."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


class Breach(NamedTuple):
    """One reason to deny or to ask for a reason, in numbers a person can check by hand.

    Made by `core.risk.measure` alone.
    """

    code: str
    severity: Severity
    direction: Direction
    observed: Decimal
    limit: Decimal
    unit: str
    says: str

    @property
    def headroom(self) -> Decimal:
        """What is left to the limit, in the measure's direction: below zero, for a breach."""
        left = self.limit - self.observed
        return left if self.direction is Direction.AT_MOST else -left


class Policy(Protocol):
    """One rule, one file. `code` is its name in events, screens and docs."""

    code: ClassVar[str]

    def check(self, intent: Intent, limits: Limits) -> Breach | None: ...


class Answer(NamedTuple):
    """What one policy has against one leg."""

    leg: int
    breach: Breach

    @property
    def code(self) -> str:
        return self.breach.code


class Verdict(NamedTuple):
    """`asked` are all policies' codes; every one of them passed every leg but for `answers`."""

    asked: tuple[str, ...]
    answers: tuple[Answer, ...]
    policy_set: Digest

    @property
    def breaches(self) -> tuple[Answer, ...]:
        return tuple(a for a in self.answers if a.breach.severity is Severity.HARD)

    @property
    def findings(self) -> tuple[Answer, ...]:
        return tuple(a for a in self.answers if a.breach.severity is Severity.SOFT)


def assess(intents: Sequence[Intent], policies: tuple[Policy, ...], limits: Limits) -> Verdict:
    """Ask every policy about every leg.

    Raises: IntegrityLost: there are no policies. Nothing is allowed by their absence.
    """
    asked, digest, checks = _prepared(policies, limits)
    answers = []
    for intent in intents:
        for check in checks:
            breach = check(intent, limits)
            if breach is not None:
                answers.append(Answer(intent.leg.leg, breach))
    return Verdict(asked, tuple(answers), digest)


def policy_set_digest(policies: Sequence[Policy], limits: Limits) -> Digest:
    """Which rules with which numbers: the codes in order, and the limits."""
    text = "\n".join([*(policy.code for policy in policies), repr(limits)])
    return Digest(sha256(text.encode()).hexdigest())


class _Check(Protocol):
    def __call__(self, intent: Intent, limits: Limits, /) -> Breach | None: ...


@lru_cache(maxsize=32)
def _prepared(
    policies: tuple[Policy, ...], limits: Limits
) -> tuple[tuple[str, ...], Digest, tuple[_Check, ...]]:
    if not policies:
        raise IntegrityLost("no risk policy is loaded", fix="deploy the policy set before assessing")
    codes = tuple(policy.code for policy in policies)
    return codes, policy_set_digest(policies, limits), tuple(policy.check for policy in policies)
