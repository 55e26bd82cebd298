"""Business minutes against a slow count of every minute, and the ladder that nothing is skipped on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.escalation.ladder import LADDER, FirmClock, business_time, due
from core.market.calendar import NEW_YORK, is_session, session_close, session_open

MINUTE = timedelta(minutes=1)
DAYS = st.dates(date(2022, 11, 20), date(2023, 3, 20))  # Thanksgiving's short Friday, holidays, summer time
MOMENTS = st.builds(
    lambda day, minute: datetime(day.year, day.month, day.day, tzinfo=UTC) + minute * MINUTE,
    DAYS,
    st.integers(0, 24 * 60 - 1),
)


def counted(start: datetime, end: datetime) -> timedelta:
    """Minute by minute: is the exchange trading in it?"""
    passed = 0
    while start < end:
        day = start.astimezone(NEW_YORK).date()
        passed += is_session(day) and session_open(day) <= start < session_close(day)
        start += MINUTE
    return passed * MINUTE


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.integers(-60, 6 * 24 * 60))
def test_business_time_is_what_a_slow_count_of_minutes_says(start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    assert business_time(start, end) == counted(start, end)


@given(MOMENTS, MOMENTS, MOMENTS)
@settings(deadline=None)
def test_business_time_adds_up_over_any_stop_on_the_way(a: datetime, b: datetime, c: datetime) -> None:
    first, second, third = sorted((a, b, c))
    assert business_time(first, third) == business_time(first, second) + business_time(second, third)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (
            "2022-12-29T20:50",
            "2022-12-30T14:40",
            20,
        ),  # 15:50 to 9:40: ten before the close, ten after the open
        ("2022-12-30T20:59", "2023-01-03T14:31", 2),  # over a weekend and New Year's Day as observed
        ("2022-11-25T17:50", "2022-11-25T23:00", 10),  # the day after Thanksgiving closes at 13:00
        ("2022-12-29T10:00", "2022-12-29T14:30", 0),
    ],
)
def test_nights_weekends_and_holidays_do_not_count(start: str, end: str, minutes: int) -> None:
    first, last = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (start, end))
    assert business_time(first, last) == minutes * MINUTE


def test_a_rung_is_due_with_its_last_minute_and_none_is_skipped() -> None:
    for rung in LADDER:
        assert due(rung.minutes * MINUTE, rung.number - 1) == rung
        assert due(rung.minutes * MINUTE - timedelta(microseconds=1), rung.number - 1) is None
    assert due(timedelta(days=9), 0) == LADDER[0]
    assert due(timedelta(days=9), len(LADDER)) is None
    minutes = [rung.minutes for rung in LADDER]
    assert minutes == sorted(set(minutes))


def test_the_firms_clock_goes_on_from_where_its_day_was_opened() -> None:
    opened, wall = datetime(2022, 12, 29, 15, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert FirmClock(opened, wall).at(wall + 31 * MINUTE) == opened + 31 * MINUTE
