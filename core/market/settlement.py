"""When a trade settles.

Rule 1: settlement days are counted on a calendar of their own: a day counts when the exchange trades and
the banks are open. On Columbus Day and Veterans Day shares trade and nothing settles.
Rule 2: the number of days is a rule with a date (`core.market.rules.SETTLEMENT_DAYS`).

Source: SEC Rule 15c6-1; NASD Notices to Members 95-77 and 99-83 (trades of a bank holiday settle with those
of the business day before it); the Federal Reserve Banks' holiday schedule, 5 USC 6103(a).
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from core.market.calendar import is_session
from core.market.rules import settlement_days

_DAY: Final = timedelta(days=1)
_MONDAY: Final = 0
_THURSDAY: Final = 3
_SUNDAY: Final = 6
_JUNETEENTH_SINCE: Final = 2021  # Pub. L. 117-17


def settles_on(trade_date: date) -> date:
    """The day on which money and shares of a trade of `trade_date` change hands.

    Raises:
        BadInput: before 1995-06-07, when no rule set the cycle, or beyond the trading calendar.
    """
    left = settlement_days(trade_date)
    day = trade_date
    while left:
        day += _DAY
        left -= is_settlement_day(day)
    return day


def is_settlement_day(day: date) -> bool:
    """Whether both the exchange and the banks are open."""
    return is_session(day) and day not in bank_holidays(day.year)


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """Days in `year` on which the Federal Reserve Banks are shut.

    A holiday on a Sunday moves to Monday; on a Saturday the banks stay open on the Friday before.
    """
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    observed = {day + _DAY if day.weekday() == _SUNDAY else day for day in fixed}
    return frozenset(observed) | {
        _nth(3, _MONDAY, year, 1),  # Martin Luther King Jr.
        _nth(3, _MONDAY, year, 2),  # Washington's Birthday
        _nth(1, _MONDAY, year, 6) - 7 * _DAY,  # Memorial Day: the last Monday of May
        _nth(1, _MONDAY, year, 9),  # Labor Day
        _nth(2, _MONDAY, year, 10),  # Columbus Day
        _nth(4, _THURSDAY, year, 11),  # Thanksgiving Day
    }


def _nth(count: int, weekday: int, year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7 + 7 * (count - 1))
