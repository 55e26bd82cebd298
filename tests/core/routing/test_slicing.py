"""Slicing: parts add up, nothing passes the order, and a stopped order sends nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.errors import BadInput, IllegalTransition
from core.ids import ProposalId, order_id_for
from core.routing.slicing import OVER, STEPS, Event, Parent, Schedule, State, child_id_for

PROPOSAL = ProposalId("pro-1")
BEGINS = datetime(2022, 12, 29, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
UNHURRIED = settings(deadline=None, max_examples=60)


def schedule(parts: int = 6, *, lot: str = "1", catch_up: str = "2") -> Schedule:
    return Schedule(BEGINS, BEGINS + HOUR, parts, Decimal(lot), Decimal(catch_up))


def parent(quantity: str = "600", **rest: object) -> Parent:
    return Parent(PROPOSAL, 0, Decimal(quantity), schedule(**rest))  # type: ignore[arg-type]


def at(part: int, *, of: Parent) -> datetime:
    """A moment within that part."""
    return BEGINS + HOUR * (2 * part - 1) / (2 * of.schedule.parts)


def sent(one: Parent, part: int) -> Parent:
    child = one.due(at(part, of=one))
    assert child is not None
    return one.with_child(child)


@UNHURRIED
@given(st.integers(1, 100_000), st.integers(1, 60), st.sampled_from(["1", "100", "0.001"]))
def test_the_parts_add_up_to_the_order_and_none_is_negative(quantity: int, parts: int, lot: str) -> None:
    plan = schedule(parts, lot=lot)
    shares = [plan.of_part(part, Decimal(quantity)) for part in range(1, parts + 1)]
    assert sum(shares) == quantity
    assert min(shares) >= 0
    assert all(one % Decimal(lot) == 0 for one in shares[:-1])


def test_an_undisturbed_order_goes_out_in_its_equal_parts() -> None:
    one = parent("605")
    for part in range(1, 7):
        one = sent(one, part)
        one = one.executed(part, one.children[part].quantity)
    assert [child.quantity for child in one.children.values()] == [100, 101, 101, 101, 101, 101]
    assert one.state is State.FILLED


def test_before_between_and_after_its_time_no_child_goes_out() -> None:
    one = parent()
    assert one.due(BEGINS - timedelta(seconds=1)) is None
    assert one.due(BEGINS + HOUR) is None
    assert sent(one, 1).due(at(1, of=one)) is None


def test_what_earlier_parts_left_is_caught_up_as_far_as_was_written_and_no_faster() -> None:
    late = parent()
    assert late.due(at(4, of=late)).quantity == 200  # type: ignore[union-attr] # four parts behind: twice one
    last = sent(sent(late, 4), 5)
    assert last.due(at(6, of=last)).quantity == 200  # type: ignore[union-attr]
    never = parent(catch_up="1")
    assert never.due(at(6, of=never)).quantity == 100  # type: ignore[union-attr]


def test_what_a_child_left_when_it_ended_is_free_again() -> None:
    one = sent(parent(), 1)
    assert one.due(at(2, of=one)).quantity == 100  # type: ignore[union-attr] # the first is still out
    one = one.executed(1, Decimal(30)).ended(1, Decimal(30))
    assert one.due(at(2, of=one)).quantity == 170  # type: ignore[union-attr]


def test_a_late_fill_within_the_venues_last_word_is_taken_and_one_beyond_it_is_not() -> None:
    one = sent(parent(), 1).ended(1, Decimal(60))
    assert one.executed(1, Decimal(60)).filled == 60
    with pytest.raises(IllegalTransition):
        one.executed(1, Decimal(61))
    with pytest.raises(IllegalTransition):
        one.ended(1, Decimal(59))


@pytest.mark.parametrize("event", [Event.HALTED, Event.CANCELLED])
def test_a_stopped_order_makes_no_child_and_takes_none(event: Event) -> None:
    one = sent(parent(), 1)
    child = one.due(at(2, of=one))
    assert child is not None
    stopped = one.after(event)
    assert stopped.due(at(2, of=one)) is None
    with pytest.raises(IllegalTransition):
        stopped.with_child(child)
    assert stopped.executed(1, Decimal(100)).filled == 100


def test_a_resumed_order_goes_on_and_a_cancelled_one_never_does() -> None:
    one = parent().after(Event.HALTED)
    assert one.after(Event.RESUMED).due(at(1, of=one)) is not None
    over = one.after(Event.CANCELLED)
    with pytest.raises(IllegalTransition):
        over.after(Event.RESUMED)


def test_at_the_end_the_rest_expires_and_what_is_out_is_to_be_cancelled() -> None:
    one = sent(parent(), 1)
    over = one.moved_on(BEGINS + HOUR)
    assert (over.state, over.left) == (State.EXPIRED, Decimal(500))
    assert [child.number for child in over.to_cancel] == [1]
    assert one.moved_on(at(6, of=one)) is one


def test_a_child_s_id_is_derived_and_is_no_leg_s() -> None:
    assert child_id_for(PROPOSAL, 0, 1) == child_id_for(PROPOSAL, 0, 1)
    ids = {child_id_for(PROPOSAL, leg, child) for leg in range(20) for child in range(1, 21)}
    assert len(ids) == 400
    assert not ids & {order_id_for(PROPOSAL, leg) for leg in range(300)}


def test_no_state_that_is_over_works_again() -> None:
    after = {(state, event): new for (state, event), new in STEPS.items() if state in OVER}
    assert set(after.values()) <= OVER


@pytest.mark.parametrize(
    "wrong",
    [{"parts": 0}, {"parts": 501}, {"lot": Decimal(0)}, {"catch_up": Decimal("0.9")}, {"ends": BEGINS}],
)
def test_a_schedule_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        replace(schedule(), **wrong)  # type: ignore[arg-type]


class AnyDay(RuleBasedStateMachine):
    """Fills in any order, ends told early and late, halts, resumptions, parts that were missed, a cancel."""

    def __init__(self) -> None:
        super().__init__()
        self.one = parent("1003", parts=7, lot="10")
        self.part = 1
        self.told: dict[int, Decimal] = {}

    @rule(skip=st.integers(0, 2))
    def time_goes_on(self, skip: int) -> None:
        self.part = min(self.part + skip, 7)

    @rule()
    def what_is_due_goes_out(self) -> None:
        now = at(self.part, of=self.one)
        child = self.one.due(now)
        assert child == self.one.due(now)
        if child is not None:
            assert child.quantity <= 2 * (self.one.quantity / 7 + 10)  # a part, rounded to its lot
            self.one = self.one.with_child(child)

    @precondition(lambda self: any(c.filled < c.counted for c in self.one.children.values()))
    @rule(data=st.data())
    def a_child_is_filled(self, data: st.DataObject) -> None:
        child = data.draw(st.sampled_from([c for c in self.one.children.values() if c.filled < c.counted]))
        shares = data.draw(st.integers(1, max(1, int(child.counted - child.filled))))
        self.one = self.one.executed(child.number, min(Decimal(shares), child.counted - child.filled))

    @precondition(lambda self: any(c.last_word is None for c in self.one.children.values()))
    @rule(data=st.data())
    def a_venue_says_its_last_word(self, data: st.DataObject) -> None:
        child = data.draw(st.sampled_from([c for c in self.one.children.values() if c.last_word is None]))
        word = data.draw(st.integers(0, int(child.quantity - child.filled))) + child.filled
        self.one = self.one.ended(child.number, word)

    @rule(event=st.sampled_from([Event.HALTED, Event.RESUMED, Event.CANCELLED]))
    def somebody_steps_in(self, event: Event) -> None:
        if (self.one.state, event) in STEPS:
            self.one = self.one.after(event)

    @invariant()
    def never_more_than_people_decided_on(self) -> None:
        assert self.one.filled <= self.one.counted <= self.one.quantity
        assert sum(c.filled for c in self.one.children.values()) == self.one.filled
        assert self.one.counted <= self.one.schedule.due_by(self.part, self.one.quantity)

    @invariant()
    def every_share_is_somewhere(self) -> None:
        over = self.one.moved_on(BEGINS + HOUR)
        assert over.left + over.counted == over.quantity


AnyDay.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestAnyDay = AnyDay.TestCase
