"""The life of an order holds whatever a venue does, in whatever order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.errors import IllegalTransition
from core.orders.events import OrderDenied, ProposalDeclined, ProposalDenied, ProposalLapsed, Side
from core.orders.order import ENDED, STEPS, Order, OrderEvent, Status, evolve, held
from tests.core import facts
from tests.core.household import PROPOSAL, leg

ASKED = 100


def an_order(*, partly: bool = False) -> Order:
    return held(PROPOSAL, leg(0, Side.BUY, "AAA", ASKED, partly=partly))


def out(order: Order | None = None) -> Order:
    """Released, routed and sent."""
    order = order or an_order()
    for step in (facts.released, facts.routed, facts.sent):
        order = evolve(order, step(order))
    return order


def refused(order: Order, event: OrderEvent) -> None:
    with pytest.raises(IllegalTransition):
        evolve(order, event)


def test_a_fill_may_beat_the_acknowledgement() -> None:
    order = out()
    order = evolve(order, facts.fill_of(order, 40))
    order = evolve(order, facts.accepted(order))
    assert (order.status, order.filled) == (Status.PARTIALLY_FILLED, Decimal(40))
    assert order.venue_order == "v-1"


def test_a_second_copy_of_a_fill_changes_nothing() -> None:
    order = out()
    once = evolve(order, facts.fill_of(order, 40))
    assert evolve(once, facts.fill_of(order, 40)) is once


def test_a_second_copy_of_the_last_fill_changes_nothing() -> None:
    order = out()
    full = evolve(order, facts.fill_of(order, ASKED))
    assert evolve(full, facts.fill_of(order, ASKED)) is full


@pytest.mark.parametrize(("shares", "legal"), [(ASKED - 1, True), (ASKED, True), (ASKED + 1, False)])
def test_a_fill_may_take_what_is_open_and_not_a_share_more(shares: int, legal: bool) -> None:
    order = out()
    if legal:
        whole = shares == ASKED
        after = evolve(order, facts.fill_of(order, shares))
        assert after.status is (Status.FILLED if whole else Status.PARTIALLY_FILLED)
    else:
        refused(order, facts.fill_of(order, shares))


def test_a_full_order_takes_no_other_execution() -> None:
    order = out()
    order = evolve(order, facts.fill_of(order, ASKED))
    refused(order, facts.fill_of(order, 1, "e2"))


def test_a_late_fill_after_a_cancel_counts_and_the_order_stays_cancelled() -> None:
    order = out()
    order = evolve(order, facts.cancelled(order))
    order = evolve(order, facts.fill_of(order, 10))
    assert (order.status, order.filled) == (Status.CANCELLED, Decimal(10))


def test_a_late_fill_beyond_the_order_is_refused_after_a_cancel_too() -> None:
    order = out()
    order = evolve(order, facts.cancelled(order))
    refused(order, facts.fill_of(order, ASKED + 1))


def test_nothing_of_a_venue_fits_an_order_that_was_never_sent() -> None:
    order = an_order()
    cancelled = evolve(evolve(order, facts.released(order)), facts.cancelled(order))
    for report in (
        facts.fill_of(order, 1),
        facts.accepted(order),
        facts.doubted(order),
        facts.rejected(order),
    ):
        refused(order, report)
        refused(cancelled, report)


def test_doubt_leads_only_where_the_venue_says() -> None:
    order = out()
    order = evolve(order, facts.doubted(order))
    assert order.status is Status.UNKNOWN
    refused(order, facts.routed(order))
    refused(order, facts.cancelled(order).model_copy(update={"order": "gh-other"}))
    assert evolve(order, facts.rejected(order)).status is Status.REJECTED


@pytest.mark.parametrize("status", list(Status))
def test_only_a_routed_order_is_sent_and_again_only_while_no_answer_came(status: Status) -> None:
    may = {Status.ROUTED, Status.SENT, Status.UNKNOWN}
    may |= {Status.PENDING_CANCEL}  # the intent may have been on its way when somebody asked
    assert ((status, "OrderSent") in STEPS) is (status in may)


@pytest.mark.parametrize("status", list(Status))
def test_only_a_held_order_is_released(status: Status) -> None:
    assert ((status, "OrderReleased") in STEPS) is (status is Status.HELD)


@pytest.mark.parametrize("status", sorted(ENDED))
def test_what_has_ended_stays_ended(status: Status) -> None:
    assert {after for (before, _), after in STEPS.items() if before is status} <= {status}


def test_every_status_is_reached() -> None:
    assert set(STEPS.values()) | {Status.HELD, Status.FILLED} == set(Status)


@pytest.mark.parametrize(
    ("quantity", "partly", "legal"),
    [(100, False, True), (99, False, False), (99, True, True), (101, True, False), (101, False, False)],
)
def test_a_release_carries_fewer_shares_only_where_the_leg_says_so(
    quantity: int, partly: bool, legal: bool
) -> None:
    order = an_order(partly=partly)
    event = facts.released(order, Decimal(quantity))
    if legal:
        assert evolve(order, event).open_quantity == quantity
    else:
        refused(order, event)


@pytest.mark.parametrize("step", [facts.sent, facts.accepted, facts.doubted, facts.rejected])
def test_an_order_is_sent_to_and_answered_by_the_venue_it_was_routed_to(step: type) -> None:
    order = out()
    refused(order, step(order).model_copy(update={"venue": "ELSEWHERE"}))


def test_a_venue_may_know_of_an_order_from_its_intent_on_and_not_from_its_route() -> None:
    order = evolve(an_order(), facts.released(an_order()))
    route = evolve(order, facts.routed(order))
    assert (route.venue, route.sent) == (facts.VENUE, False)
    intent = evolve(route, facts.sent(order))
    assert (intent.venue, intent.sent) == (facts.VENUE, True)


def test_an_event_of_another_order_is_refused() -> None:
    order = out()
    other = held(PROPOSAL, leg(1, Side.BUY, "AAA", ASKED))
    refused(order, facts.accepted(other))


def test_a_fill_of_another_symbol_is_refused() -> None:
    order = out()
    refused(order, facts.filled(1, order=order.id, symbol="BBB"))


def test_a_held_order_ends_with_its_proposal() -> None:
    order = an_order()
    sealed = {"subject": "s", "key": 1, "sealed": "x"}
    declined = ProposalDeclined.model_validate(
        {"proposal": PROPOSAL, "digest": facts.DIGEST, "reason": sealed}
    )
    assert evolve(order, ProposalDenied(proposal=PROPOSAL, at="release", findings=())).status is Status.DENIED
    assert evolve(order, declined).status is Status.CANCELLED
    assert evolve(order, ProposalLapsed(proposal=PROPOSAL, session="2022-12-29")).status is Status.EXPIRED


def test_one_leg_is_denied_without_its_proposal() -> None:
    order = an_order()
    denied = OrderDenied(order=order.id, proposal=PROPOSAL, leg=0, findings=())
    assert evolve(order, denied).status is Status.DENIED
    refused(out(), denied)


def test_an_order_that_is_out_does_not_lapse_with_its_proposal() -> None:
    refused(out(), ProposalLapsed(proposal=PROPOSAL, session="2022-12-29"))


def test_what_is_taken_back_leaves_an_order_over_and_its_figures_smaller() -> None:
    order = out()
    fill = facts.fill_of(order, ASKED)
    order = evolve(evolve(order, fill), facts.busted(fill))
    assert (order.status, order.filled, order.fees) == (Status.FILLED, Decimal(0), Decimal(0))
    assert evolve(order, facts.busted(fill)) is order
    printed = evolve(order, facts.fill_of(order, ASKED, "e2"))
    assert (printed.status, printed.filled) == (Status.FILLED, Decimal(ASKED))
    refused(printed, facts.fill_of(order, 1, "e3"))


def test_an_order_is_over_when_all_of_it_was_executed_once_whatever_came_back() -> None:
    order = out()
    first = facts.fill_of(order, 40)
    for event in (first, facts.busted(first), facts.fill_of(order, 60, "e2")):
        order = evolve(order, event)
    assert (order.status, order.filled) == (Status.FILLED, Decimal(60))


def test_a_correction_of_another_execution_or_beyond_the_order_is_refused() -> None:
    order = out()
    refused(order, facts.busted(facts.fill_of(order, 10)))
    fill = facts.fill_of(order, 40)
    order = evolve(order, fill)
    refused(order, facts.busted(facts.fill_of(order, 40, "e2")))
    more = facts.booked(fill).model_copy(update={"quantity": Decimal(ASKED + 1)})
    refused(order, facts.corrected(fill, more))


def test_a_reject_after_a_part_keeps_the_part_in_either_order() -> None:
    order = out()
    part = facts.fill_of(order, 10)
    for events in ((part, facts.rejected(order)), (facts.rejected(order), part)):
        after = order
        for event in events:
            after = evolve(after, event)
        assert (after.status, after.filled) == (Status.REJECTED, Decimal(10))


def test_an_order_filled_over_two_days_is_one_order() -> None:
    order = out()
    later = facts.fill_of(order, 60, "e2").model_copy(update={"trade_date": "2022-12-30"})
    after = evolve(evolve(order, facts.fill_of(order, 40)), later)
    assert after.status is Status.FILLED


def test_the_average_price_weighs_by_shares() -> None:
    order = out()
    order = evolve(order, facts.fill_of(order, 10, "e1", price="100"))
    order = evolve(order, facts.fill_of(order, 30, "e2", price="104"))
    assert (order.average_price, order.fees) == (Decimal("103.000000"), Decimal("0.20"))


class OrderLife(RuleBasedStateMachine):
    """Legal and illegal events alike; an illegal one must leave the very same order."""

    @initialize(partly=st.booleans())
    def assessed(self, partly: bool) -> None:
        self.order = an_order(partly=partly)
        self.counted: dict[str, Decimal] = {}
        self.printed: dict[str, Decimal] = {}
        self.taken = Decimal(0)

    def attempt(self, event: OrderEvent) -> None:
        before = self.order
        snapshot = repr(before)
        try:
            self.order = evolve(before, event)
        except IllegalTransition:
            assert repr(before) == snapshot
        else:
            assert before.status not in ENDED or self.order.status is before.status

    @rule(fewer=st.integers(-1, 20))
    def release(self, fewer: int) -> None:
        self.attempt(facts.released(self.order, Decimal(ASKED - fewer)))

    @rule(step=st.sampled_from([facts.routed, facts.sent]))
    def go_on(self, step: type) -> None:
        self.attempt(step(self.order))

    @rule(
        report=st.sampled_from(
            [
                *(facts.accepted, facts.rejected, facts.doubted),
                *(facts.cancel_requested, facts.cancelled, facts.expired),
            ]
        )
    )
    def report(self, report: type) -> None:
        self.attempt(report(self.order))

    @rule(shares=st.integers(1, 70), execution=st.sampled_from(["e1", "e2", "e3", "e4"]))
    def fill(self, shares: int, execution: str) -> None:
        before = self.order.filled
        self.attempt(facts.fill_of(self.order, shares, execution))
        if self.order.filled != before:
            assert execution not in self.counted
            self.counted[execution] = self.printed[execution] = Decimal(shares)

    @rule(execution=st.sampled_from(["e1", "e2", "e3", "e4"]))
    def bust(self, execution: str) -> None:
        shares = self.printed.get(
            execution, Decimal(1)
        )  # and once more the same, if it was taken back already
        before = self.order
        self.attempt(facts.busted(facts.fill_of(before, shares, execution)))
        if self.order is not before:
            self.counted[execution] = Decimal(0)
            self.taken += shares

    @precondition(lambda self: self.order.status is Status.HELD)
    @rule()
    def proposal_ends(self) -> None:
        self.attempt(ProposalLapsed(proposal=PROPOSAL, session="2022-12-29"))

    @invariant()
    def open_plus_filled_is_what_was_let_out(self) -> None:
        assert self.order.open_quantity + sum(self.counted.values()) == self.order.quantity
        assert 0 <= self.order.open_quantity <= self.order.quantity <= ASKED

    @invariant()
    def filled_means_that_nothing_is_open(self) -> None:
        if self.order.status is Status.FILLED:
            assert self.order.open_quantity <= self.taken
        if self.order.status is Status.PARTIALLY_FILLED:
            assert self.order.executions
            assert self.order.filled + self.taken < self.order.quantity

    @invariant()
    def nothing_is_filled_that_was_not_sent(self) -> None:
        assert self.order.sent or not self.counted


OrderLife.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestOrderLife = OrderLife.TestCase
