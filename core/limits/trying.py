"""A dry run: every proposal and release of the past asked again under other limits. Pure; it records nothing.

Rule 1: both answers are of one picture (`core.limits.past`), under the limits that were in force then and
    under the ones that are tried: what differs, differs by the limits alone.
Rule 2: a draft that risk denied is planned again from its own request: what it comes to is told too.
Rule 3: what cannot be asked again is counted, and not guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from core.errors import BadInput, NotFound
from core.ids import ProposalId
from core.ledger.envelope import Stored
from core.limits.events import LimitsConfirmed, LimitSet, LimitsProposed
from core.limits.past import Past
from core.limits.versions import limits_of as limits_of_text
from core.orders.content import Leg
from core.orders.events import OrderReleased, ProposalAssessed, ProposalDenied
from core.plan.assumptions import assumptions_on
from core.plan.content import intents_of, work_out
from core.plan.legs import legs_of
from core.risk.limits import DEFAULT_LIMITS, Limits
from core.risk.policies import POLICIES
from core.risk.policy import Verdict, assess

KINDS: Final = frozenset(
    {
        "LimitsProposed",
        "LimitsConfirmed",
        "ProposalDrafted",
        "CorrectionDrafted",
        "RemainderDrafted",
        "ProposalSubmitted",
        "BusinessDayClosed",
    }
)
"""What is read beside what the live projections fold."""
ZERO: Final = Decimal(0)


@dataclass(slots=True)
class Count:
    """Proposals or orders, and their dollars at reference prices."""

    count: int = 0
    dollars: Decimal = ZERO

    def add(self, dollars: Decimal) -> None:
        self.count += 1
        self.dollars += dollars


@dataclass(frozen=True, slots=True)
class Differs:
    """One proposal or release that would have gone otherwise, by these policies."""

    seq: int
    proposal: ProposalId
    what: str  # "draft", "proposal" or "release"
    change: str  # "denied", "let_through", "finding_added" or "finding_gone"
    policies: tuple[str, ...]
    dollars: Decimal


@dataclass(slots=True)
class Tried:
    """`by_policy` is by change and policy."""

    asked: Count = field(default_factory=Count)
    not_asked: int = 0
    differs: list[Differs] = field(default_factory=list)
    by_policy: dict[tuple[str, str], Count] = field(default_factory=lambda: defaultdict(Count))


class Trial:
    """Takes the journal's entries in their order, and keeps what would have changed."""

    def __init__(self, candidate: Limits) -> None:
        self._candidate: Final = candidate
        self._past = Past()
        self._waiting: LimitsProposed | None = None
        self._versions: list[tuple[date, Limits]] = [(date.min, DEFAULT_LIMITS)]
        self.found = Tried()

    def take(self, entries: Iterable[Stored]) -> None:
        for entry in entries:
            self._ask(entry)
            match entry.fact:
                case LimitsProposed() as fact:
                    self._waiting = fact
                case LimitsConfirmed() if self._waiting is not None:
                    since = date.fromisoformat(self._waiting.effective_on)
                    self._versions.append((since, limits_of(self._waiting.limits)))
                case ProposalAssessed():
                    pass  # taken in before it was asked
                case _:
                    self._past.take(entry)

    def _ask(self, entry: Stored) -> None:
        match entry.fact:
            case ProposalAssessed(proposal=proposal) as fact:
                self._past.take(entry)
                legs = self._past.proposals[proposal].content.legs
                self._compare(entry, fact.proposal, "proposal", legs)
            case ProposalDenied(proposal=proposal, at="draft"):
                self._replan(entry, proposal)
            case OrderReleased(proposal=proposal, leg=number, quantity=quantity):
                found = [leg for leg in self._past.proposals[proposal].content.legs if leg.leg == number]
                legs = tuple(leg.model_copy(update={"quantity": quantity}) for leg in found)
                self._compare(entry, proposal, "release", legs)

    def _compare(self, entry: Stored, proposal: ProposalId, what: str, legs: tuple[Leg, ...]) -> None:
        household = self._past.drafts[proposal].request.household
        picture = self._past.picture(household, entry.recorded_at, entry.seq, legs=legs, without=proposal)
        asked = intents_of(legs, picture)
        before, after = (assess(asked, POLICIES, limits) for limits in (self._then(), self._candidate))
        dollars = sum((leg.quantity * leg.reference_price for leg in legs), ZERO)
        self._note(entry.seq, proposal, what, before, after, dollars)

    def _replan(self, entry: Stored, proposal: ProposalId) -> None:
        drafted = self._past.drafts[proposal]
        household = drafted.request.household
        picture = self._past.picture(household, entry.recorded_at, entry.seq, legs=(), without=proposal)
        verdicts, dollars = [], ZERO
        for limits in (self._then(), self._candidate):
            try:
                worked = work_out(
                    proposal, drafted.request, picture, assumptions_on(picture.market.session, limits)
                )
            except (BadInput, NotFound):
                worked = None
            if worked is None or worked.verdict is None:
                self.found.not_asked += 1
                return
            verdicts.append(worked.verdict)
            legs = legs_of(proposal, worked.plan.trades, picture.market, limits, partly=False)
            dollars = sum((leg.quantity * leg.reference_price for leg in legs), ZERO)
        self._note(entry.seq, proposal, "draft", verdicts[0], verdicts[1], dollars)

    def _then(self) -> Limits:
        """In force on the business day of the newest entry: of the latest day, the newest."""
        today = self._past.folded.session or date.min
        held = [(since, n, limits) for n, (since, limits) in enumerate(self._versions) if since <= today]
        return max(held, key=lambda one: one[:2])[2]

    def _note(
        self, seq: int, proposal: ProposalId, what: str, before: Verdict, after: Verdict, dollars: Decimal
    ) -> None:
        self.found.asked.add(dollars)
        was, now = {a.code for a in before.breaches}, {a.code for a in after.breaches}
        soft, softer = {a.code for a in before.findings}, {a.code for a in after.findings}
        changes = (
            ("denied", now - was if not was else set()),
            ("let_through", was if was and not now else set()),
            ("finding_added", softer - soft),
            ("finding_gone", soft - softer),
        )
        for change, policies in changes:
            if policies:
                self.found.differs.append(
                    Differs(seq, proposal, what, change, tuple(sorted(policies)), dollars)
                )
            for policy in policies:
                self.found.by_policy[change, policy].add(dollars)


def limits_of(told: LimitSet) -> Limits:
    """The numbers of a set."""
    return limits_of_text(told.model_dump_json())
