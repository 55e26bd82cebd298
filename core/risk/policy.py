"""What a policy is, and how all of them are asked.

Rule 1: a policy is pure: same intent and snapshot, same answer, no clock, no I/O.
Rule 2: every policy is asked, even after the first breach: people see the whole list.
Rule 3: no policies is not a pass; a policy that raises is a bug and stops the release.
Rule 4: a trade that moves a breached measure toward its limit is not denied by that measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar, Final, Protocol

from core.book.picture import Account, Market, Picture
from core.errors import IntegrityLost
from core.ids import Digest
from core.orders.content import Leg


class Severity(StrEnum):
    HARD = "breach"  # denies, for everybody
    SOFT = "finding"  # needs a written reason from advisor and principal


@dataclass(frozen=True, slots=True)
class Intent:
    """One leg, among all the legs of its proposal, in the picture that it was computed from."""

    leg: Leg
    legs: tuple[Leg, ...]
    picture: Picture

    @property
    def account(self) -> Account:
        return self.picture.account(self.leg.account)

    @property
    def market(self) -> Market:
        return self.picture.market


@dataclass(frozen=True, slots=True)
class Limits:
    """The firm's numbers. Versioned data; the version's digest is part of the policy set's."""

    order_value: Decimal  # dollars an order
    price_band: Decimal  # fraction either side of the reference price
    max_issuer_weight: Decimal  # fraction of the account, where its IPS names none


DEFAULT_LIMITS: Final = Limits(
    order_value=Decimal(500_000), price_band=Decimal("0.02"), max_issuer_weight=Decimal("0.25")
)


@dataclass(frozen=True, slots=True)
class Breach:
    """One reason to deny or to ask for a reason, in numbers a person can check by hand."""

    code: str
    severity: Severity
    observed: Decimal
    limit: Decimal
    unit: str
    says: str


class Policy(Protocol):
    """One rule, one file. `code` is its name in events, screens and docs."""

    code: ClassVar[str]

    def check(self, intent: Intent, limits: Limits) -> Breach | None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What one policy said of one leg. `breach` is None where it passed."""

    code: str
    leg: int
    breach: Breach | None


@dataclass(frozen=True, slots=True)
class Verdict:
    answers: tuple[Answer, ...]
    policy_set: Digest

    @property
    def breaches(self) -> tuple[Answer, ...]:
        return tuple(a for a in self.answers if a.breach and a.breach.severity is Severity.HARD)

    @property
    def findings(self) -> tuple[Answer, ...]:
        return tuple(a for a in self.answers if a.breach and a.breach.severity is Severity.SOFT)


def assess(intents: Sequence[Intent], policies: Sequence[Policy], limits: Limits) -> Verdict:
    """Ask every policy about every leg.

    Raises:
        IntegrityLost: there are no policies. Nothing is allowed by their absence.
    """
    if not policies:
        raise IntegrityLost("no risk policy is loaded", fix="deploy the policy set before assessing")
    answers = tuple(
        Answer(policy.code, intent.leg.leg, policy.check(intent, limits))
        for intent in intents
        for policy in policies
    )
    return Verdict(answers, policy_set_digest(policies, limits))


def policy_set_digest(policies: Sequence[Policy], limits: Limits) -> Digest:
    """Which rules with which numbers: the codes in order, and the limits."""
    text = "\n".join([*(policy.code for policy in policies), repr(limits)])
    return Digest(sha256(text.encode()).hexdigest())
