"""An order over time: parts add up, are even and in lots, and fit into what the session still has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.orders.planning import Planning
from core.orders.planning_said import minutes_said, parts_said
from core.orders.schedule import ONE, ROUND_LOT, Schedule, schedule_of

NOW = datetime(2022, 12, 29, 15, tzinfo=UTC)
CLOSE = NOW + timedelta(hours=6)


def asked(quantity: str = "5000", minutes: int | None = 120, parts: int | None = 12) -> Schedule | None:
    return schedule_of(Planning(minutes=minutes, parts=parts), Decimal(quantity), now=NOW, close=CLOSE)


@given(st.integers(60, 1_000_000), st.integers(2, 60))
def test_the_parts_add_up_and_none_is_empty_or_two_lots_from_another(quantity: int, parts: int) -> None:
    schedule = asked(str(quantity), parts=parts)
    assert schedule is not None
    shares = [schedule.of_part(part) for part in range(1, parts + 1)]
    assert sum(shares) == quantity
    assert min(shares) > 0
    assert all(one % schedule.lot == 0 for one in shares[:-1])
    assert max(shares) - min(shares) < 2 * schedule.lot


def test_parts_are_of_round_lots_where_each_has_one_and_the_last_has_the_odd_shares() -> None:
    schedule = asked("5050")
    assert schedule is not None
    assert schedule.lot == ROUND_LOT
    assert [schedule.of_part(part) for part in (1, 2, 12)] == [400, 400, 450]
    small = asked("50")
    assert small is not None
    assert small.lot == ONE
    assert [small.of_part(part) for part in range(1, 13)] == [4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 5]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"parts": None}, "parts"),
        ({"minutes": None}, "minutes"),
        ({"quantity": "11"}, "parts"),
        ({"minutes": 361}, "minutes"),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as bad:
        asked(**fields)  # type: ignore[arg-type]
    assert bad.value.field == field


def test_an_order_that_goes_out_at_once_has_no_schedule() -> None:
    assert asked(minutes=None, parts=None) is None
    assert schedule_of(None, Decimal(10), now=NOW, close=CLOSE) is None


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("over two hours", 120),
        ("over the next 90 minutes", 90),
        ("across an hour", 60),
        ("over half an hour", 30),
        ("over the next hour", 60),
        ("two hours", None),
        ("over two days", None),
        ("over", None),
    ],
)
def test_a_time_is_read_from_her_words_or_not_at_all(words: str, minutes: int | None) -> None:
    assert minutes_said(words) == minutes


@pytest.mark.parametrize(
    ("words", "parts"), [("12 parts", 12), ("six equal slices", 6), ("parts", None), ("12", None)]
)
def test_a_number_of_parts_is_read_from_her_words_or_not_at_all(words: str, parts: int | None) -> None:
    assert parts_said(words) == parts
