"""The table of sessions, held against the library that it was taken from and against published holidays."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.market.calendar import (
    FIRST_DAY,
    LAST_DAY,
    is_session,
    next_session,
    previous_session,
    session_close,
    session_open,
)

WELL_INSIDE = st.dates(FIRST_DAY + timedelta(days=30), LAST_DAY - timedelta(days=30))


def test_the_table_is_the_librarys_calendar_session_by_session() -> None:
    exchange_calendars = pytest.importorskip("exchange_calendars")
    library = exchange_calendars.get_calendar("XNYS", start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat())
    theirs = {
        session.date(): (opens.to_pydatetime(), closes.to_pydatetime())
        for session, opens, closes in zip(library.sessions, library.opens, library.closes, strict=True)
    }
    days = (FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))
    ours = {day: (session_open(day), session_close(day)) for day in days if is_session(day)}
    assert ours == theirs


@pytest.mark.parametrize(
    "holiday",
    [
        date(2001, 9, 11),  # the attacks
        date(2007, 1, 2),  # mourning for President Ford
        date(2012, 10, 29),  # hurricane Sandy
        date(2018, 12, 5),  # mourning for President Bush
        date(2022, 4, 15),  # Good Friday
        date(2022, 6, 20),  # Juneteenth, the first one of the exchange, observed
        date(2022, 12, 26),  # Christmas, observed
        date(2023, 1, 2),  # New Year's Day, observed
        date(2025, 1, 9),  # mourning for President Carter
    ],
)
def test_the_exchange_was_shut_on(holiday: date) -> None:
    assert not is_session(holiday)


@pytest.mark.parametrize(
    "day", [date(2022, 10, 10), date(2022, 11, 11), date(2021, 12, 31), date(2022, 12, 29)]
)
def test_the_exchange_trades_on_bank_holidays_of_its_own_choice(day: date) -> None:
    assert is_session(day)


def test_the_firms_day_follows_the_last_price() -> None:
    assert next_session(date(2022, 12, 28)) == date(2022, 12, 29)
    assert next_session(date(2022, 12, 30)) == date(2023, 1, 3)
    assert previous_session(date(2023, 1, 3)) == date(2022, 12, 30)


def test_hours_are_new_yorks_summer_and_winter() -> None:
    assert session_open(date(2022, 12, 29)) == datetime(2022, 12, 29, 14, 30, tzinfo=UTC)
    assert session_close(date(2022, 12, 29)) == datetime(2022, 12, 29, 21, 0, tzinfo=UTC)
    assert session_close(date(2022, 7, 1)) == datetime(2022, 7, 1, 20, 0, tzinfo=UTC)


def test_the_day_after_thanksgiving_ends_at_one() -> None:
    assert session_close(date(2022, 11, 25)) == datetime(2022, 11, 25, 18, 0, tzinfo=UTC)


def test_hours_of_a_day_without_trading_are_refused_with_the_next_session() -> None:
    with pytest.raises(BadInput, match="2023-01-03"):
        session_open(date(2023, 1, 1))


@pytest.mark.parametrize("day", [date(1989, 12, 29), date(2036, 1, 2)])
def test_outside_the_table_nobody_guesses(day: date) -> None:
    with pytest.raises(BadInput, match="no trading calendar"):
        is_session(day)


@given(WELL_INSIDE)
def test_next_and_previous_are_each_others_way_back(day: date) -> None:
    later = next_session(day)
    assert is_session(later)
    assert previous_session(later) <= day
    assert next_session(previous_session(later)) == later
