"""The order ticket says what happened to an order: every order has one, and every field rests on an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fact import Fact, Sealed
from core.ids import AccountId, CustodianId, MessageId, PersonId, ProposalId, SubjectId, VenueName
from core.orders.events import (
    ConsentRecorded,
    OrderAccepted,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRouted,
    OrderSent,
    OrderType,
    OrderWithheld,
    ProposalDeclined,
    ProposalDenied,
    ProposalDrafted,
    ProposalLapsed,
    ProposalSubmitted,
    ProposalWithdrawn,
    Request,
    Side,
)
from core.orders.exceptions import CorrectionDrafted
from core.orders.rationale import Rationale as Words
from core.orders.released import ReleasedOrder
from core.orders.remainders import RemainderDrafted
from core.orders.ticket import Around, Authority, Held, Line, OrderTerms, Rationale, Solicited, Ticket
from core.orders.ticketing import fold
from evals.bench.decided import ADVISOR, GATE, HOME, INTAKE, Who, content, decisions
from tests.core.facts import filled, received
from tests.fixtures.venues import released

BEGIN: Final = datetime(2022, 12, 29, 15, tzinfo=UTC)
V: Final = VenueName("ARCADIA")
HELD: Final = Held(HOME, PersonId("adv-1"), "ira", "advisory", True, CustodianId("cst-1"))
Told = list[tuple[Who, Fact]]


def around(**changed: Any) -> Around:
    return replace(Around({AccountId("acc-1"): HELD}, {}), **changed)


def lines(order: ReleasedOrder, told: Sequence[tuple[Who, Fact]]) -> list[Line]:
    return [
        Line(seq, BEGIN + timedelta(seconds=seq), role, actor, order.trace, fact)
        for seq, ((role, actor), fact) in enumerate(told, start=1)
    ]


def ticket(order: ReleasedOrder, told: Sequence[tuple[Who, Fact]], of: Around | None = None) -> Ticket:
    return fold(lines(order, told), of or around())[order.id]


def at(seq: int) -> datetime:
    return BEGIN + timedelta(seconds=seq)


def fill(order: ReleasedOrder, quantity: str, execution: str, price: str = "125.50") -> OrderFilled:
    said = filled(quantity, execution=execution, order=order.id, side=order.side, price=price, fee="0.10")
    return said.model_copy(update={"account": order.account, "symbol": order.symbol, "venue": V})


def out(order: ReleasedOrder) -> Told:
    """Decided on, released, routed, sent and accepted."""
    later: list[Fact] = [
        OrderRouted(order=order.id, venue=V, scores=()),
        OrderSent(order=order.id, venue=V, body_digest="0" * 64),
        OrderAccepted(order=order.id, venue=V, venue_order="v-9"),
    ]
    return [*decisions(order), *((GATE, fact) for fact in later)]


def test_an_executed_order_has_everything_on_its_ticket() -> None:
    order = released(quantity="30", limit="126.00")
    told = [*out(order), (GATE, fill(order, "10", "e1", "125.00")), (GATE, fill(order, "20", "e2", "126.00"))]
    found = ticket(order, told)
    assert (found.account_kind, found.capacity, found.custodian) == ("ira", "advisory", "cst-1")
    assert found.authority is Authority.DISCRETIONARY
    assert found.advisor == "adv-1"
    assert (found.terms.side, found.terms.symbol, found.terms.quantity) == (Side.BUY, "AAPL", Decimal(30))
    assert (found.terms.order_type, found.terms.limit_price) == (OrderType.LIMIT, Decimal("126.00"))
    assert [(step.what, step.by) for step in found.decisions] == [
        ("submitted", "adv-1"),
        ("approved", "prn-1"),
    ]
    assert {step.digest for step in found.decisions} == {content(order).digest()}
    assert found.requested_by == "adv-1"
    times = (found.received_at, found.entered_at, found.sent_at, found.accepted_at, found.ended_at)
    assert times == (at(1), at(5), at(7), at(8), at(10))
    assert (found.venues, found.venue_order, found.status) == ((V,), "v-9", "FILLED")
    assert [one.price for one in found.executions] == [Decimal("125.00"), Decimal("126.00")]
    assert (found.filled, found.average_price) == (Decimal(30), Decimal("125.666667"))
    assert found.seqs == tuple(range(1, 11))


def test_who_recommended_it_is_the_person_and_her_agent_with_its_version() -> None:
    order = released()
    told = decisions(order)
    drafted = told[0][1].model_copy(update={"agent": "proposal"})
    by_agent = ticket(
        order, [(("gh_agent", "adv-1"), drafted), *told[1:]], around(models={order.trace: "m-7"})
    )
    assert (by_agent.recommended_by, by_agent.agent, by_agent.agent_version) == ("adv-1", "proposal", "m-7")
    assert by_agent.solicited is Solicited.SOLICITED
    by_her = ticket(order, told, around(models={order.trace: "m-7"}))
    assert (by_her.recommended_by, by_her.agent, by_her.agent_version) == (None, None, None)
    assert by_her.solicited is Solicited.NOT_RECORDED


def said(order: ReleasedOrder, **words: object) -> Ticket:
    """The ticket of an order whose submission says that."""
    told = [
        (who, fact.model_copy(update=words) if isinstance(fact, ProposalSubmitted) else fact)
        for who, fact in decisions(order)
    ]
    return ticket(order, told)


def test_whose_idea_it_was_is_what_whoever_submitted_it_said() -> None:
    order = released()
    assert said(order, solicited="unsolicited").solicited is Solicited.UNSOLICITED
    assert said(order, solicited="solicited").solicited is Solicited.SOLICITED


@pytest.mark.parametrize(
    ("drafted_in", "whose"), [(None, Rationale.OWN_WORDS), (MessageId("msg-1"), Rationale.ADOPTED)]
)
def test_a_rationale_is_own_words_or_an_adopted_draft(drafted_in: MessageId | None, whose: Rationale) -> None:
    text = Sealed(subject=SubjectId(HOME), key=1, sealed="AAAA")
    told = said(released(), rationale=Words(text=text, drafted_in=drafted_in))
    assert (told.rationale, said(released()).rationale) == (whose, Rationale.NOT_RECORDED)


def test_a_plan_of_the_firm_is_recommended_by_whoever_asked_for_it() -> None:
    order = released()
    told = decisions(order)
    plan = ProposalDrafted(proposal=order.proposal, request=Request(kind="rebalance", household=HOME))
    found = ticket(order, [(INTAKE, plan), *told[1:]])
    assert (found.solicited, found.recommended_by) == (Solicited.SOLICITED, "adv-1")


def test_an_account_that_the_record_does_not_know_is_said_to_be_unknown() -> None:
    order = released()
    found = ticket(order, decisions(order), around(accounts={}))
    assert found.authority is Authority.NOT_RECORDED
    assert (found.capacity, found.custodian, found.advisor) == (None, None, None)
    not_discretionary = around(accounts={order.account: replace(HELD, discretionary=False)})
    assert ticket(order, decisions(order), not_discretionary).authority is Authority.NOT_DISCRETIONARY


def asked(order: ReleasedOrder) -> ProposalDrafted:
    request = Request(
        kind="order",
        household=HOME,
        accounts=(order.account,),
        symbol=order.symbol,
        side=order.side,
        quantity=Decimal(99),
        order_type=OrderType.MARKET,
    )
    return ProposalDrafted(proposal=order.proposal, request=request)


def test_an_order_that_risk_denied_at_the_draft_has_a_ticket_too() -> None:
    order = released()
    denied = ProposalDenied(proposal=order.proposal, at="draft", findings=())
    found = ticket(order, [(INTAKE, asked(order)), (GATE, denied)])
    assert (found.status, found.terms.quantity, found.ended_at) == ("DENIED", Decimal(99), at(2))
    assert [step.what for step in found.decisions] == ["denied by risk"]
    assert found.entered_at is None


def test_the_ticket_of_a_single_order_begins_with_what_was_asked_for_and_whom_it_follows() -> None:
    order = released()
    draft = asked(order)
    request = draft.request.model_copy(update={"order_type": OrderType.LIMIT, "limit_price": Decimal("9.5")})
    draft = draft.model_copy(update={"request": request, "supersedes": ProposalId("prp-0")})
    found = ticket(order, [(INTAKE, draft)])
    assert (found.order, found.leg, found.status, found.supersedes) == (order.id, 0, "DRAFTED", "prp-0")
    assert found.terms == OrderTerms(
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        quantity=Decimal(99),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("9.5"),
        time_in_force=None,
    )
    assert found.seqs == (1,)


@pytest.mark.parametrize(
    "lacks",
    [
        {"kind": "rebalance"},
        {"accounts": ()},
        {"accounts": (AccountId("acc-1"), AccountId("acc-2"))},
        {"symbol": None},
        {"side": None},
        {"quantity": None},
        {"side": None, "quantity": None},
    ],
)
def test_a_request_that_is_not_one_whole_order_has_no_ticket_before_it_is_assessed(
    lacks: dict[str, object],
) -> None:
    order = released()
    draft = asked(order)
    part = draft.model_copy(update={"request": draft.request.model_copy(update=lacks)})
    assert fold(lines(order, [(INTAKE, part)]), around()) == {}


def test_a_correction_of_an_error_says_what_it_corrects_and_what_is_left_of_a_plan_is_no_advice() -> None:
    order = released()
    draft = asked(order)
    cause = Sealed(subject=SubjectId(HOME), key=1, sealed="AAAA")
    said = {"proposal": draft.proposal, "request": draft.request, "cause": cause, "corrects": "gh-7"}
    corrects = CorrectionDrafted.model_validate({**said, "exception": "error_correction"})
    found = ticket(order, [(INTAKE, corrects)])
    assert (found.exception, found.corrects) == ("error_correction", "gh-7")
    usual = ticket(order, [(INTAKE, draft)])
    assert (usual.exception, usual.corrects) == (None, None)
    left = RemainderDrafted(proposal=draft.proposal, request=draft.request, agent="proposal")
    assert ticket(order, [(GATE, left)]).recommended_by is None


def test_a_denied_leg_says_its_differences_and_what_is_no_orders_changes_nothing() -> None:
    order = released()
    differ = ("quantity: 31, not 30", "side: sell, not buy")
    denied = OrderDenied(order=order.id, proposal=order.proposal, leg=0, findings=(), differences=differ)
    told = decisions(order)[:4]
    found = ticket(order, [*told, (GATE, denied)])
    assert [(step.what, step.says) for step in found.changes] == [("denied", "; ".join(differ))]
    elsewhere = ProposalLapsed(proposal=ProposalId("prp-x"), session="2022-12-29")
    assert ticket(order, [*told, (GATE, received("l1", 1)), (GATE, elsewhere)]) == ticket(order, told)


def test_a_decision_without_words_says_none() -> None:
    order = released()
    told = decisions(order)
    end = ProposalWithdrawn(proposal=order.proposal)
    assert [step.says for step in ticket(order, [*told[:3], (ADVISOR, end)]).decisions] == ["", ""]


def test_each_change_of_the_terms_stands_with_its_time_and_what_it_was() -> None:
    order = released(quantity="30", limit="126.00")
    leg = content(order).legs[0].model_copy(update={"quantity": Decimal(40), "may_release_less": True})
    told = decisions(order, content(order).model_copy(update={"legs": (leg,)}))
    found = ticket(order, [(INTAKE, asked(order)), *told[1:]])
    assert [step.what for step in found.changes] == ["assessed", "released with fewer shares"]
    assert found.changes[0].says == (
        "quantity 99 to 40; order_type market to limit; limit_price none to 126.00; time_in_force none to day"
    )
    assert {step.digest for step in found.changes} == {found.decisions[0].digest}
    assert (found.changes[1].says, found.changes[1].at) == ("quantity 40 to 30", at(5))
    assert found.terms.quantity == Decimal(30)


def test_consent_names_the_client_and_the_channel() -> None:
    order = released()
    told = decisions(order)
    digest = content(order).digest()
    said = ConsentRecorded(proposal=order.proposal, digest=digest, client="cli-7", channel="phone")
    found = ticket(order, [*told[:3], (ADVISOR, said), *told[3:]])
    step = next(one for one in found.decisions if one.what == "consent recorded")
    assert (step.says, step.by, step.digest) == ("cli-7, phone", "adv-1", digest)


ENDS: Final[dict[str, tuple[type[Fact], dict[str, Any]]]] = {
    "LAPSED": (ProposalLapsed, {"session": "2022-12-29"}),
    "WITHDRAWN": (ProposalWithdrawn, {}),
    "DECLINED": (
        ProposalDeclined,
        {"digest": "0" * 64, "reason": {"subject": "hh-1", "key": 1, "sealed": "AAAA"}},
    ),
    "DENIED": (ProposalDenied, {"at": "release", "findings": ()}),
}


@pytest.mark.parametrize("status", ENDS)
def test_what_ends_a_proposal_ends_what_is_held_and_nothing_that_is_out(status: str) -> None:
    order = released()
    kind, said = ENDS[status]
    end = kind.model_validate({"proposal": order.proposal, **said})
    told = decisions(order)
    held = ticket(order, [*told[:3], (ADVISOR, end)])
    assert (held.status, held.ended_at) == (status, at(4))
    gone = ticket(order, [*told, (ADVISOR, end)])
    assert (gone.status, gone.ended_at) == ("RELEASED", None)
    assert len(gone.decisions) == 3


def test_a_cancel_a_late_fill_and_a_withheld_send_stand_on_the_ticket() -> None:
    order = released(quantity="30")
    withheld = OrderWithheld(order=order.id, venue=V, body_digest="0" * 64, says="quantity: 31")
    cancel = OrderCancelled(order=order.id, venue=V, reason="asked")
    told = [*out(order), (GATE, withheld), (GATE, cancel), (GATE, fill(order, "5", "e1"))]
    found = ticket(order, told)
    assert (found.status, found.ended_at, found.filled) == ("CANCELLED", at(10), Decimal(5))
    assert [(step.what, step.says) for step in found.changes] == [
        ("not sent", "quantity: 31"),
        ("cancelled", "asked"),
    ]


def test_an_order_of_another_proposal_changes_nothing() -> None:
    mine, other = released(), released()
    both = [*out(mine), *out(other), (GATE, fill(other, "30", "e1"))]
    alone, together = fold(lines(mine, out(mine)), around()), fold(lines(mine, both), around())
    assert together[mine.id] == alone[mine.id]
    assert together[other.id].status == "FILLED"


FILLS: Final = st.lists(
    st.tuples(st.integers(1, 12), st.decimals("0.01", "999.99", places=2), st.sampled_from("abcdefgh")),
    max_size=12,
)


@given(FILLS)
def test_whatever_is_filled_the_ticket_adds_up_and_a_copy_counts_once(
    fills: list[tuple[int, Decimal, str]],
) -> None:
    order = released(quantity="500")
    told = [*out(order)]
    told += [(GATE, fill(order, str(quantity), name, f"{price:f}")) for quantity, price, name in fills]
    found = ticket(order, told)
    first = {name: (Decimal(quantity), price) for quantity, price, name in reversed(fills)}
    assert {one.execution: (one.quantity, one.price) for one in found.executions} == first
    assert found.filled == sum((quantity for quantity, _ in first.values()), Decimal(0))
    if first:
        paid = sum((quantity * price for quantity, price in first.values()), Decimal(0))
        assert found.average_price is not None
        assert abs(found.average_price - paid / found.filled) <= Decimal("0.0000005")
    assert list(found.seqs) == sorted(set(found.seqs))
    assert {one.seq for one in found.executions} <= set(found.seqs)


@given(st.data())
def test_the_ticket_of_a_part_of_the_record_never_says_what_comes_later(data: st.DataObject) -> None:
    order = released(quantity="30")
    told = [*out(order), (GATE, fill(order, "10", "e1")), (GATE, fill(order, "20", "e2"))]
    cut = data.draw(st.integers(2, len(told)))
    part, whole = ticket(order, told[:cut]), ticket(order, told)
    assert part.seqs == whole.seqs[: len(part.seqs)]
    assert part.decisions == whole.decisions[: len(part.decisions)]
    assert part.executions == whole.executions[: len(part.executions)]
    assert part.received_at == whole.received_at
    assert {step.seq for step in (*part.decisions, *part.changes)} <= set(part.seqs)
