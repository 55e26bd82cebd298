"""The life of a proposal: decisions bind one digest, and what has ended stays ended."""

from __future__ import annotations

import pytest

from core.errors import IllegalTransition
from core.ids import Digest, OrderId, ProposalId, Symbol
from core.orders.events import (
    ConsentRecorded,
    OrderReleased,
    OrderType,
    ProposalApproved,
    ProposalAssessed,
    ProposalDenied,
    ProposalDrafted,
    ProposalLapsed,
    ProposalSubmitted,
    ProposalWithdrawn,
    Request,
    Side,
    TimeInForce,
)
from core.orders.proposal import STEPS, Proposal, ProposalEvent, Status, apply, evolve, fold
from tests.core.facts import DIGEST
from tests.core.household import ACCOUNT, HOUSEHOLD, PROPOSAL, dec

OTHER = Digest("b" * 64)
ENDS = {Status.RETURNED, Status.DECLINED, Status.WITHDRAWN, Status.LAPSED, Status.DENIED, Status.SUPERSEDED}


def drafted(proposal: str = PROPOSAL, supersedes: ProposalId | None = None) -> ProposalDrafted:
    request = Request(kind="rebalance", household=HOUSEHOLD)
    return ProposalDrafted(proposal=ProposalId(proposal), request=request, supersedes=supersedes)


def assessed(*, needs_consent: bool = False) -> ProposalAssessed:
    return ProposalAssessed(
        proposal=PROPOSAL,
        content="{}",
        digest=DIGEST,
        tier=1,
        needs_consent=needs_consent,
        findings=(),
        preview="{}",
    )


def submitted(digest: Digest = DIGEST) -> ProposalSubmitted:
    return ProposalSubmitted(proposal=PROPOSAL, digest=digest)


def approved(digest: Digest = DIGEST) -> ProposalApproved:
    return ProposalApproved(proposal=PROPOSAL, digest=digest)


def consented() -> ConsentRecorded:
    return ConsentRecorded(proposal=PROPOSAL, digest=DIGEST, client="c", channel="phone")


def released(leg: int = 0, digest: Digest = DIGEST) -> OrderReleased:
    return OrderReleased(
        order=OrderId(f"o{leg}"),
        proposal=PROPOSAL,
        leg=leg,
        digest=digest,
        account=ACCOUNT,
        symbol=Symbol("AAA"),
        side=Side.BUY,
        quantity=dec(1),
        order_type=OrderType.LIMIT,
        limit_price=dec(1),
        time_in_force=TimeInForce.DAY,
    )


def after(*events: ProposalEvent) -> Proposal:
    return fold(events)[PROPOSAL]


def test_the_main_road_ends_released() -> None:
    proposal = after(drafted(), assessed(), submitted(), approved(), released(0), released(1))
    assert (proposal.status, proposal.legs_out) == (Status.RELEASED, frozenset({0, 1}))


def test_a_draft_is_of_its_household_and_nothing_of_it_is_decided() -> None:
    assert after(drafted()) == Proposal(
        id=PROPOSAL,
        household=HOUSEHOLD,
        status=Status.DRAFTED,
        digest=None,
        tier=None,
        needs_consent=False,
        consented=False,
        approved_as=frozenset(),
        legs_out=frozenset(),
        successor=None,
    )


@pytest.mark.parametrize("decision", [submitted(OTHER), approved(OTHER), released(0, OTHER)])
def test_a_decision_on_another_digest_is_no_step(decision: ProposalEvent) -> None:
    road: list[ProposalEvent] = [drafted(), assessed(), submitted(), approved()]
    place = {"ProposalSubmitted": 2, "ProposalApproved": 3, "OrderReleased": 4}[decision.event_type()]
    with pytest.raises(IllegalTransition):
        evolve(after(*road[:place]), decision)


def test_nothing_is_approved_before_it_is_submitted() -> None:
    with pytest.raises(IllegalTransition):
        evolve(after(drafted(), assessed()), approved())


def test_an_approved_proposal_waits_for_the_consent_that_it_needs() -> None:
    waiting = after(drafted(), assessed(needs_consent=True), submitted(), approved())
    with pytest.raises(IllegalTransition):
        evolve(waiting, released())
    assert evolve(evolve(waiting, consented()), released()).status is Status.RELEASED


def test_a_leg_goes_out_once() -> None:
    proposal = after(drafted(), assessed(), submitted(), approved(), released(0))
    with pytest.raises(IllegalTransition):
        evolve(proposal, released(0))


def test_nothing_is_assessed_twice() -> None:
    with pytest.raises(IllegalTransition):
        evolve(after(drafted(), assessed()), assessed())


def test_a_successor_supersedes_an_open_draft() -> None:
    book = fold([drafted(), assessed(), drafted("prp-2", PROPOSAL)])
    assert book[PROPOSAL].status is Status.SUPERSEDED
    assert book[PROPOSAL].successor == "prp-2"
    assert book[ProposalId("prp-2")].status is Status.DRAFTED


def test_a_draft_cannot_undo_what_an_advisor_submitted() -> None:
    book = fold([drafted(), assessed(), submitted()])
    with pytest.raises(IllegalTransition):
        apply(book, drafted("prp-2", PROPOSAL))


def test_a_denied_proposal_stays_denied_and_names_its_successor() -> None:
    denied = ProposalDenied(proposal=PROPOSAL, at="draft", findings=())
    book = fold([drafted(), denied, drafted("prp-2", PROPOSAL)])
    assert (book[PROPOSAL].status, book[PROPOSAL].successor) == (Status.DENIED, "prp-2")


@pytest.mark.parametrize("status", sorted(ENDS))
def test_what_has_ended_stays_ended(status: Status) -> None:
    assert {to for (before, _), to in STEPS.items() if before is status} <= {status}


def test_time_and_the_advisor_may_end_whatever_is_not_out() -> None:
    open_states = {Status.DRAFTED, Status.ASSESSED, Status.SUBMITTED, Status.APPROVED}
    for event in (ProposalLapsed, ProposalWithdrawn):
        assert {before for before, name in STEPS if name == event.__name__} == open_states


def test_every_status_is_reached() -> None:
    assert set(STEPS.values()) == set(Status)


# Tier 3 ---------------------------------------------------------------------------------------------------


def of_tier(tier: int, *roles: str) -> Proposal:
    """Submitted at that tier, then approved in these roles in turn."""
    said = assessed().model_copy(update={"tier": tier})
    approvals = [approved().model_copy(update={"capacity": role, "step_up": "totp"}) for role in roles]
    return fold([drafted(), said, submitted(), *approvals])[PROPOSAL]


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["principal"], Status.SUBMITTED),
        (["compliance"], Status.SUBMITTED),
        (["principal", "principal"], Status.SUBMITTED),
        (["principal", "compliance"], Status.APPROVED),
        (["compliance", "principal"], Status.APPROVED),
        (["principal", "principal", "compliance"], Status.APPROVED),
    ],
)
def test_tier_3_is_approved_with_the_second_role_and_not_before(roles: list[str], status: Status) -> None:
    assert of_tier(3, *roles).status is status


@pytest.mark.parametrize("tier", [1, 2])
def test_below_tier_3_the_first_approval_is_enough(tier: int) -> None:
    assert of_tier(tier, "principal").status is Status.APPROVED
