"""Settlement dates, held against schedules that the regulator published."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.market.calendar import is_session, next_session
from core.market.settlement import bank_holidays, is_settlement_day, settles_on

# NASD Notice to Members 95-77, October 1995
COLUMBUS_DAY_1995 = {2: 5, 3: 6, 4: 10, 5: 11, 6: 12, 9: 12, 10: 13}
# NASD Notice to Members 99-83, October 1999
COLUMBUS_DAY_1999 = {5: 8, 6: 12, 7: 13, 8: 14, 11: 14, 12: 15}


@pytest.mark.parametrize(("trade", "settles"), COLUMBUS_DAY_1995.items())
def test_the_published_schedule_of_october_1995_holds(trade: int, settles: int) -> None:
    assert settles_on(date(1995, 10, trade)) == date(1995, 10, settles)


@pytest.mark.parametrize(("trade", "settles"), COLUMBUS_DAY_1999.items())
def test_the_published_schedule_of_october_1999_holds(trade: int, settles: int) -> None:
    assert settles_on(date(1999, 10, trade)) == date(1999, 10, settles)


@pytest.mark.parametrize(
    ("trade", "settles"),
    [
        (date(2017, 9, 1), date(2017, 9, 7)),  # the last day of T+3, over Labor Day
        (date(2017, 9, 5), date(2017, 9, 7)),  # the first day of T+2: two days' trades settle together
        (date(2024, 5, 24), date(2024, 5, 29)),  # the last day of T+2, over Memorial Day
        (date(2024, 5, 28), date(2024, 5, 29)),  # the first day of T+1: two days' trades settle together
    ],
)
def test_the_cycle_changes_by_trade_date(trade: date, settles: date) -> None:
    assert settles_on(trade) == settles


@pytest.mark.parametrize(
    ("trade", "settles"),
    [
        (date(2022, 10, 7), date(2022, 10, 12)),  # Friday before Columbus Day
        (date(2022, 11, 9), date(2022, 11, 14)),  # Veterans Day is a Friday
        (date(2022, 12, 29), date(2023, 1, 3)),  # the demo's day: New Year's Day observed on Monday
        (date(2021, 12, 30), date(2022, 1, 3)),  # New Year's Day on a Saturday moves nothing
    ],
)
def test_bank_holidays_settle_nothing(trade: date, settles: date) -> None:
    assert settles_on(trade) == settles


def test_the_banks_holidays_of_2022_are_the_published_ones() -> None:
    """Federal Reserve Banks: holiday schedule of 2022 (Juneteenth and Christmas fell on a Sunday)."""
    published = [
        "01-01",
        "01-17",
        "02-21",
        "05-30",
        "06-20",
        "07-04",
        "09-05",
        "10-10",
        "11-11",
        "11-24",
        "12-26",
    ]
    assert bank_holidays(2022) == {date.fromisoformat(f"2022-{day}") for day in published}


def test_before_the_rule_there_is_no_answer() -> None:
    with pytest.raises(BadInput, match="1995-06-07"):
        settles_on(date(1995, 6, 6))


@given(st.dates(date(1995, 6, 7), date(2035, 11, 30)))
def test_settlement_is_later_on_a_day_when_exchange_and_banks_are_open(trade: date) -> None:
    settled = settles_on(trade)
    assert settled > trade
    assert is_settlement_day(settled)
    assert is_session(settled)


@given(st.dates(date(2024, 6, 1), date(2035, 11, 30)))
def test_a_later_trade_never_settles_earlier(trade: date) -> None:
    assert settles_on(trade) <= settles_on(next_session(trade))
