"""What must leave an IRA for a year, by when, and the last day on which a sale for it settles in time.

Rule 1: the balance of the IRA at the end of the year before, over the owner's distribution period at the age
that she reaches in the year. Owners of several IRAs may add the amounts up and take them from any one.
Rule 2: the first one may wait until April 1 of the year after; every other is due on December 31.
Rule 3: a Roth IRA asks nothing of its owner while she lives. With a spouse who is sole beneficiary and more
than ten years younger a longer table holds, which is not here: then this is more than must leave.
Source: 26 USC 401(a)(9), 408(a)(6), 408A(c)(5); 26 CFR 1.401(a)(9)-9(c), Uniform Lifetime Table, for years
from 2022 on; 1.408-8; IRS Publication 590-B, Appendix B, Table III.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.errors import BadInput
from core.market.calendar import is_session
from core.market.rules import rmd_age
from core.market.settlement import settles_on
from core.money import to_cents

FIRST_YEAR: Final = 2022
YOUNGEST: Final = 72
DAY: Final = timedelta(days=1)
_PERIODS: Final = (
    "27.4 26.5 25.5 24.6 23.7 22.9 22.0 21.1 20.2 19.4 18.5 17.7 16.8 16.0 15.2 14.4 13.7 12.9 12.2 11.5 "
    "10.8 10.1 9.5 8.9 8.4 7.8 7.3 6.8 6.4 6.0 5.6 5.2 4.9 4.6 4.3 4.1 3.9 3.7 3.5 3.4 3.3 3.1 3.0 2.9 2.8 "
    "2.7 2.5 2.3 2.0"
)  # from 72 to 120, which stands for every age above, too
UNIFORM_LIFETIME: Final = {
    age: Decimal(period) for age, period in enumerate(_PERIODS.split(), start=YOUNGEST)
}


@dataclass(frozen=True, slots=True)
class Required:
    """Dollars. `age` is reached in the year; `period` None: nothing is required yet."""

    year: int
    age: int
    period: Decimal | None
    amount: Decimal
    due_on: date
    last_trade_on: date


def required_distribution(*, kind: str, born_on: date, balance: Decimal, year: int) -> Required:
    """What the owner of this account must take for that year. `balance` is of December 31 before it.

    Raises:
        BadInput: a year before 2022, whose table is another.
    """
    if year < FIRST_YEAR:
        raise BadInput(
            f"the table for {year} is not here", fix=f"ask for {FIRST_YEAR} or later", field="year"
        )
    age, begins = year - born_on.year, first_year(born_on)
    due_on = date(year + 1, 4, 1) if year == begins else date(year, 12, 31)
    period = None if kind != "ira" or year < begins else UNIFORM_LIFETIME[min(age, max(UNIFORM_LIFETIME))]
    amount = Decimal("0.00") if period is None else to_cents(max(balance, Decimal(0)) / period)
    return Required(year, age, period, amount, due_on, last_trade_before(due_on))


def first_year(born_on: date) -> int:
    """The year in which she reaches the age that the law in force for her birth names."""
    age = rmd_age(born_on)
    month = born_on.month + age.months
    return born_on.year + age.years + (month - 1) // 12


def last_trade_before(due_on: date) -> date:
    """The last session whose trades settle no later than that day."""
    day = due_on
    while not is_session(day) or settles_on(day) > due_on:
        day -= DAY
    return day
