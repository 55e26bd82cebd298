"""What was seen of a venue: it fades, it is drawn toward what is known, and a new worker reads it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.best_execution.events import RouteRecorded
from core.fact import Fact
from core.orders.events import OrderCancelled
from core.routing.remembering import recall, remembered
from core.routing.tally import NOTHING, Tally, credible, remaining
from tests.core.facts import filled
from tests.core.routing.cases import AAPL, NAMES, order, routing, view

ARCADIA, BOREAL, _ = NAMES
HALF = timedelta(hours=1)
ONE = Decimal(1)
UNHURRIED = settings(deadline=None, max_examples=40)


def at(hours: float) -> timedelta:
    return timedelta(hours=hours)


def test_what_was_seen_counts_half_after_a_half_life() -> None:
    tally = Tally(HALF)
    tally.executed(ARCADIA, AAPL, Decimal("0.8"), at=at(0))
    assert tally.of(ARCADIA, AAPL, now=at(1)).executions == Decimal("0.5")
    assert tally.of(ARCADIA, AAPL, now=at(3)).improvement == Decimal("0.1")
    assert tally.of(BOREAL, AAPL, now=at(1)) == NOTHING


def test_a_symbol_counts_for_itself_and_for_the_venue() -> None:
    tally = Tally(HALF)
    tally.ended(ARCADIA, AAPL, Decimal("0.25"), took=False, at=at(0))
    for symbol in (AAPL, None):
        seen = tally.of(ARCADIA, symbol, now=at(0))
        assert (seen.rested, seen.rested_filled, seen.taken) == tuple(map(Decimal, ("1", "0.25", "0")))


@UNHURRIED
@given(st.permutations([0, 1, 2, 5]))
def test_the_order_in_which_things_are_told_changes_nothing(hours: list[int]) -> None:
    tally = Tally(HALF)
    for hour in hours:
        tally.executed(ARCADIA, AAPL, Decimal("0.5"), at=at(hour))
    assert tally.of(ARCADIA, AAPL, now=at(5)).executions == Decimal("1.2188")


@UNHURRIED
@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(1, 500))
def test_a_credible_mean_lies_between_what_was_seen_and_what_was_known(good: int, bad: int, k: int) -> None:
    count = good + bad
    mean = credible(Decimal(good), Decimal(count), Decimal("0.5"), k)
    seen = Decimal(good) / count if count else Decimal("0.5")
    assert min(seen, Decimal("0.5")) <= mean + Decimal("1E-20")
    assert mean <= max(seen, Decimal("0.5")) + Decimal("1E-20")


def test_an_age_below_nothing_is_none() -> None:
    assert remaining(-HALF, HALF) == 1


def test_a_worker_that_begins_knows_what_the_record_says() -> None:
    views = [view("ARCADIA")]
    found = routing(views, replace(order("100"), symbol=AAPL))
    assert found.evidence is not None
    of = found.evidence.asked.order
    fact = RouteRecorded(
        order=of,
        venue=ARCADIA,
        choice=1,
        version=0,
        routing=found.evidence.rules,
        evidence=found.evidence.text(),
    )
    fills = [
        filled(40, execution="e1", order=of, price="100.005", symbol=AAPL).model_copy(
            update={"venue": ARCADIA}
        )
    ]
    cancelled = OrderCancelled(order=of, venue=ARCADIA, reason="asked")
    told: list[tuple[Fact, timedelta]] = [(fact, at(-2)), (fills[0], at(-1)), (cancelled, at(0))]
    tally = Tally(HALF)
    recall(tally, remembered(told))
    seen = tally.of(ARCADIA, AAPL, now=at(0))
    assert seen.executions == Decimal("0.5")
    assert seen.improvement == Decimal("0.25")  # half of the half spread, an hour ago
    assert (seen.taken, seen.taken_filled) == (Decimal(1), Decimal("0.4"))


@pytest.mark.parametrize("without", [0])
def test_an_order_whose_routing_is_not_there_is_left_out(without: int) -> None:
    assert remembered([(filled(10, price="100"), at(without))]) == ()
