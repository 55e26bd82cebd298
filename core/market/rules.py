"""Rules with a date: which number the law has on which day.

Rule 1: a number that a law can change stands here, with the day from which it holds and its source.
Rule 2: a day before the first row is an error: nothing is assumed backwards.
Rule 3: tax rates are the top federal ones, for estimates beside a trade; they are not tax advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Generic, TypeVar

from core.errors import BadInput

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Since(Generic[Value]):
    """A value and the first day on which it holds."""

    day: date
    value: Value
    source: str


@dataclass(frozen=True, slots=True)
class Age:
    """Completed years and months of life."""

    years: int
    months: int = 0


SETTLEMENT_DAYS: Final[tuple[Since[int], ...]] = (
    Since(date(1995, 6, 7), 3, "SEC Rule 15c6-1, Release 34-33023 and 34-34952"),
    Since(date(2017, 9, 5), 2, "SEC Rule 15c6-1(a), Release 34-80295"),
    Since(date(2024, 5, 28), 1, "SEC Rule 15c6-1(a), Release 34-96930"),
)
"""Settlement days after the trade date, by trade date."""

RMD_AGE: Final[tuple[Since[Age], ...]] = (
    Since(date(1870, 1, 1), Age(70, 6), "26 USC 401(a)(9)(C) before 2020"),
    Since(date(1949, 7, 1), Age(72), "SECURE Act of 2019, Pub. L. 116-94, section 114"),
    Since(date(1951, 1, 1), Age(73), "SECURE 2.0 Act of 2022, Pub. L. 117-328, section 107"),
    Since(date(1960, 1, 1), Age(75), "SECURE 2.0 Act of 2022, Pub. L. 117-328, section 107"),
)
"""Age at which required minimum distributions begin, by date of birth. For 1959 the act gives both 73 and 75;
73 is the reading of the proposed regulation of 2024-07-19 (REG-103529-23)."""

LONG_TERM_GAIN_RATE: Final[tuple[Since[Decimal], ...]] = (
    Since(date(2003, 5, 6), Decimal("0.15"), "26 USC 1(h), Pub. L. 108-27 section 301"),
    Since(date(2013, 1, 1), Decimal("0.20"), "26 USC 1(h), Pub. L. 112-240 section 102"),
)
"""Top federal rate on net long-term capital gains, by day of sale; a fraction."""

ORDINARY_RATE: Final[tuple[Since[Decimal], ...]] = (
    Since(date(2003, 1, 1), Decimal("0.35"), "26 USC 1(i), Pub. L. 108-27 section 105"),
    Since(date(2013, 1, 1), Decimal("0.396"), "26 USC 1(i), Pub. L. 112-240 section 101"),
    Since(date(2018, 1, 1), Decimal("0.37"), "26 USC 1(j), Pub. L. 115-97 section 11001"),
)
"""Top federal rate on ordinary income, short-term gains included, by day of sale; a fraction."""

INVESTMENT_INCOME_RATE: Final[tuple[Since[Decimal], ...]] = (
    Since(date(2003, 1, 1), Decimal(0), "no such tax before 2013"),
    Since(date(2013, 1, 1), Decimal("0.038"), "26 USC 1411(a)(1), Pub. L. 111-152 section 1402"),
)
"""Net investment income tax on either kind of gain, by day of sale; a fraction."""


def in_force(table: Sequence[Since[Value]], day: date) -> Since[Value]:
    """The row of `table` that holds on `day`.

    Raises:
        BadInput: `day` is before the first row.
    """
    rows = [row for row in table if row.day <= day]
    if not rows:
        raise BadInput(
            f"no rule is recorded for {day.isoformat()!r}",
            fix=f"ask for a day from {table[0].day} on",
            field="day",
        )
    return rows[-1]


def settlement_days(trade_date: date) -> int:
    """Settlement days between trade and settlement."""
    return in_force(SETTLEMENT_DAYS, trade_date).value


def rmd_age(born_on: date) -> Age:
    """The age at which this person's required minimum distributions begin."""
    return in_force(RMD_AGE, born_on).value


def long_term_rate(sold_on: date) -> Decimal:
    """Top federal tax on a dollar of long-term gain: capital gains rate and net investment income tax."""
    return in_force(LONG_TERM_GAIN_RATE, sold_on).value + in_force(INVESTMENT_INCOME_RATE, sold_on).value


def short_term_rate(sold_on: date) -> Decimal:
    """Top federal tax on a dollar of short-term gain: ordinary rate and net investment income tax."""
    return in_force(ORDINARY_RATE, sold_on).value + in_force(INVESTMENT_INCOME_RATE, sold_on).value
