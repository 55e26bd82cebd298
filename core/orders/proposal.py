"""The life of a proposal: every legal step, in one table.

Rule 1: a step not in `STEPS` cannot happen. The journal's append refuses the same steps in SQL.
Rule 2: a decision binds the digest that was assessed; with another digest it is no step.
Rule 3: once an order is let out the proposal stays `RELEASED`; what becomes of each leg is its order's life.
Rule 4: a draw on a standing approval stands in for the principal's act, and for nothing else.
Rule 5: a successor supersedes a draft that nobody has submitted. What has ended keeps its end.
Rule 6: of tier 3 a first approval moves nothing: it is `APPROVED` with the second, in the other role.
The diagram in `docs/proposal-life.md` is drawn from `STEPS`; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from core.errors import IllegalTransition
from core.fact import Fact
from core.ids import Digest, HouseholdId, ProposalId
from core.orders.events import (
    ConsentRecorded,
    OrderDenied,
    OrderReleased,
    ProposalApproved,
    ProposalAssessed,
    ProposalDeclined,
    ProposalDenied,
    ProposalDrafted,
    ProposalEscalated,
    ProposalLapsed,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
    StandingApprovalDrawn,
    StandingDrawVoided,
)
from core.orders.exceptions import CorrectionDrafted
from core.orders.remainders import RemainderDrafted


class Status(StrEnum):
    DRAFTED = "DRAFTED"
    ASSESSED = "ASSESSED"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    RELEASED = "RELEASED"
    RETURNED = "RETURNED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"
    DENIED = "DENIED"
    SUPERSEDED = "SUPERSEDED"


STEPS: Final[Mapping[tuple[Status | None, str], Status]] = {
    (None, "ProposalDrafted"): Status.DRAFTED,
    (None, "CorrectionDrafted"): Status.DRAFTED,  # by operations, of tier 3
    (None, "RemainderDrafted"): Status.DRAFTED,  # by the worker: what a plan's sales did not fund
    (Status.DRAFTED, "ProposalAssessed"): Status.ASSESSED,
    (Status.DRAFTED, "ProposalDenied"): Status.DENIED,
    (Status.DRAFTED, "ProposalWithdrawn"): Status.WITHDRAWN,
    (Status.DRAFTED, "ProposalLapsed"): Status.LAPSED,
    (Status.DRAFTED, "ProposalDrafted"): Status.SUPERSEDED,  # its successor's
    (Status.ASSESSED, "ProposalSubmitted"): Status.SUBMITTED,
    (Status.ASSESSED, "ProposalWithdrawn"): Status.WITHDRAWN,
    (Status.ASSESSED, "ProposalLapsed"): Status.LAPSED,
    (Status.ASSESSED, "ProposalDrafted"): Status.SUPERSEDED,  # its successor's
    (Status.SUBMITTED, "ConsentRecorded"): Status.SUBMITTED,
    (Status.SUBMITTED, "ProposalApproved"): Status.APPROVED,
    (Status.SUBMITTED, "StandingApprovalDrawn"): Status.APPROVED,
    (Status.SUBMITTED, "ProposalEscalated"): Status.SUBMITTED,  # others are told; nothing is decided
    (Status.SUBMITTED, "ProposalReturned"): Status.RETURNED,
    (Status.SUBMITTED, "ProposalDeclined"): Status.DECLINED,
    (Status.SUBMITTED, "ProposalWithdrawn"): Status.WITHDRAWN,
    (Status.SUBMITTED, "ProposalLapsed"): Status.LAPSED,
    (Status.APPROVED, "ConsentRecorded"): Status.APPROVED,  # approved, and waited for it
    (Status.APPROVED, "StandingDrawVoided"): Status.SUBMITTED,  # comes back for a principal
    (Status.APPROVED, "OrderReleased"): Status.RELEASED,
    (Status.APPROVED, "OrderDenied"): Status.APPROVED,  # one leg; the others may still go
    (Status.APPROVED, "ProposalDenied"): Status.DENIED,
    (Status.APPROVED, "ProposalReturned"): Status.RETURNED,
    (Status.APPROVED, "ProposalDeclined"): Status.DECLINED,
    (Status.APPROVED, "ProposalWithdrawn"): Status.WITHDRAWN,
    (Status.APPROVED, "ProposalLapsed"): Status.LAPSED,
    (Status.RELEASED, "OrderReleased"): Status.RELEASED,
    (Status.RELEASED, "OrderDenied"): Status.RELEASED,
    (Status.RELEASED, "RemainderDrafted"): Status.RELEASED,  # what is left of it names it
    (Status.RETURNED, "ProposalDrafted"): Status.RETURNED,  # its successor names it
    (Status.DECLINED, "ProposalDrafted"): Status.DECLINED,
    (Status.WITHDRAWN, "ProposalDrafted"): Status.WITHDRAWN,
    (Status.LAPSED, "ProposalDrafted"): Status.LAPSED,
    (Status.DENIED, "ProposalDrafted"): Status.DENIED,
}

BOTH_ROLES: Final = frozenset({"principal", "compliance"})  # who approves what is of tier 3

DECISIONS: Final = (
    ProposalSubmitted,
    ConsentRecorded,
    ProposalApproved,
    StandingApprovalDrawn,
    ProposalReturned,
    ProposalDeclined,
)
PROPOSAL_FACTS: Final = (
    ProposalDrafted,
    CorrectionDrafted,
    RemainderDrafted,
    ProposalAssessed,
    ProposalDenied,
    *DECISIONS,
    ProposalEscalated,
    StandingDrawVoided,
    ProposalWithdrawn,
    ProposalLapsed,
    OrderReleased,
    OrderDenied,
)
ProposalEvent = (
    ProposalDrafted
    | ProposalAssessed
    | ProposalDenied
    | ProposalSubmitted
    | ConsentRecorded
    | ProposalApproved
    | StandingApprovalDrawn
    | ProposalEscalated
    | StandingDrawVoided
    | ProposalReturned
    | ProposalDeclined
    | ProposalWithdrawn
    | ProposalLapsed
    | OrderReleased
    | OrderDenied
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`legs_out` are the legs that were released; `successor` is the draft that names this proposal."""

    id: ProposalId
    household: HouseholdId
    status: Status
    digest: Digest | None
    tier: int | None
    needs_consent: bool
    consented: bool
    approved_as: frozenset[str]  # the roles in which it was approved
    legs_out: frozenset[int]
    successor: ProposalId | None


def evolve(proposal: Proposal | None, event: ProposalEvent) -> Proposal:
    """Apply one event. A draft that supersedes is the successor's first step and one of the old proposal's.

    Raises:
        IllegalTransition: `STEPS` has no such step, or the event is of another proposal or digest. The
            proposal is unchanged.
    """
    status = _step(proposal, event)
    if proposal is None:
        return _drafted(status, event)
    _same(proposal, event)
    match event:
        case ProposalDrafted():
            return replace(proposal, status=status, successor=event.proposal)
        case ProposalAssessed():
            return replace(
                proposal,
                status=status,
                digest=event.digest,
                tier=event.tier,
                needs_consent=event.needs_consent,
            )
        case ConsentRecorded():
            return replace(proposal, status=status, consented=True)
        case ProposalApproved():
            return _approve(proposal, status, event)
        case OrderReleased():
            return _release(proposal, status, event)
        case _:
            return replace(proposal, status=status)


def apply(proposals: Mapping[ProposalId, Proposal], fact: Fact) -> Mapping[ProposalId, Proposal]:
    """All proposals after one fact; facts of other lives change nothing.

    Raises:
        IllegalTransition: as `evolve`. Nothing is changed.
    """
    if not isinstance(fact, PROPOSAL_FACTS):
        return proposals
    after = dict(proposals)
    after[fact.proposal] = evolve(proposals.get(fact.proposal), fact)
    if isinstance(fact, ProposalDrafted) and fact.supersedes is not None and fact.supersedes in proposals:
        after[fact.supersedes] = evolve(proposals[fact.supersedes], fact)
    return after


def fold(facts: Iterable[Fact]) -> Mapping[ProposalId, Proposal]:
    """All proposals after these facts, in this order."""
    proposals: Mapping[ProposalId, Proposal] = {}
    for fact in facts:
        proposals = apply(proposals, fact)
    return proposals


def _step(proposal: Proposal | None, event: ProposalEvent) -> Status:
    before = proposal.status if proposal else None
    try:
        return STEPS[before, event.event_type()]
    except KeyError:
        raise IllegalTransition(
            f"{event.event_type()} cannot follow {before or 'nothing'}",
            fix="read the proposal again and act on its present status",
        ) from None


def _drafted(status: Status, event: ProposalEvent) -> Proposal:
    if not isinstance(event, ProposalDrafted):
        raise IllegalTransition(f"{event.event_type()} opens no proposal", fix="fold the draft first")
    return Proposal(
        id=event.proposal,
        household=event.request.household,
        status=status,
        digest=None,
        tier=None,
        needs_consent=False,
        consented=False,
        approved_as=frozenset(),
        legs_out=frozenset(),
        successor=None,
    )


def _same(proposal: Proposal, event: ProposalEvent) -> None:
    named = event.supersedes if isinstance(event, ProposalDrafted) else event.proposal
    if named != proposal.id:
        raise IllegalTransition(
            f"{event.event_type()} of proposal {named!r} came to {proposal.id!r}",
            fix="fold each stream by itself",
        )
    if isinstance(event, (*DECISIONS, ProposalEscalated, OrderReleased)) and event.digest != proposal.digest:
        raise IllegalTransition(
            f"{event.event_type()} of proposal {proposal.id!r} is of another digest",
            fix="decide on the text that was assessed",
        )


def _approve(proposal: Proposal, status: Status, event: ProposalApproved) -> Proposal:
    roles = proposal.approved_as | {event.capacity}
    if proposal.tier == 3 and roles != BOTH_ROLES:
        status = proposal.status
    return replace(proposal, status=status, approved_as=roles)


def _release(proposal: Proposal, status: Status, event: OrderReleased) -> Proposal:
    if event.leg in proposal.legs_out:
        raise IllegalTransition(
            f"leg {event.leg} of proposal {proposal.id!r} is out already", fix="release each leg once"
        )
    if proposal.needs_consent and not proposal.consented:
        raise IllegalTransition(
            f"proposal {proposal.id!r} waits for the client's consent", fix="record the consent first"
        )
    return replace(proposal, status=status, legs_out=proposal.legs_out | {event.leg})
