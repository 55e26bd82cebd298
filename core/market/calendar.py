"""The trading sessions of the New York Stock Exchange (XNYS), 1990 to 2035.

Rule 1: a session is a date; its hours are New York's and leave this file in UTC.
Rule 2: the packaged table lists what differs from an ordinary week. A test holds it equal to the
library `exchange_calendars`, which would bring pandas into every process.
Rule 3: outside the table nobody guesses: a day before 1990 or after 2035 is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import BadInput

NEW_YORK: Final = ZoneInfo("America/New_York")
FIRST_DAY: Final = date(1990, 1, 1)
LAST_DAY: Final = date(2035, 12, 31)
OPENS: Final = time(9, 30)
CLOSES: Final = time(16, 0)

_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4


def is_session(day: date) -> bool:
    """Whether the exchange trades on `day`, if only for half of it.

    Raises:
        BadInput: the table does not reach `day`.
    """
    _within(day)
    return day.weekday() <= _FRIDAY and _exceptions().get(day, CLOSES) is not None


def next_session(day: date) -> date:
    """The first session after `day`, which need not be one."""
    day += _DAY
    while not is_session(day):
        day += _DAY
    return day


def previous_session(day: date) -> date:
    """The last session before `day`, which need not be one."""
    day -= _DAY
    while not is_session(day):
        day -= _DAY
    return day


def session_open(session: date) -> datetime:
    """When trading begins, in UTC.

    Raises:
        BadInput: `session` is not a session.
    """
    _require(session)
    return datetime.combine(session, OPENS, NEW_YORK).astimezone(UTC)


def session_close(session: date) -> datetime:
    """When trading ends, in UTC: 16:00 New York, or earlier on a short day.

    Raises:
        BadInput: `session` is not a session.
    """
    _require(session)
    ends = _exceptions().get(session) or CLOSES
    return datetime.combine(session, ends, NEW_YORK).astimezone(UTC)


def new_york(session: date, at: time) -> datetime:
    """That time of that day in New York, in UTC."""
    return datetime.combine(session, at, NEW_YORK).astimezone(UTC)


@cache
def _exceptions() -> Mapping[date, time | None]:
    """Weekdays that differ: the time of an early close, or None for a day without trading."""
    table: dict[date, time | None] = {}
    for line in files("core.market").joinpath("data/xnys.csv").read_text(encoding="ascii").splitlines()[2:]:
        day, closes = line.split(",")
        table[date.fromisoformat(day)] = None if closes == "all day" else time.fromisoformat(closes)
    return MappingProxyType(table)


def _within(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BadInput(
            f"no trading calendar for {day.isoformat()!r}",
            fix=f"ask for a day from {FIRST_DAY} to {LAST_DAY}",
            field="session",
        )


def _require(session: date) -> None:
    if not is_session(session):
        raise BadInput(
            f"{session.isoformat()!r} is no trading session",
            fix=f"the next one is {next_session(session)}",
            field="session",
        )
