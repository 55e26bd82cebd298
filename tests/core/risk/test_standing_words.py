"""What a standing approval's four numbers are called and how each is written; the last day of a month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

import pytest

from core.book.approvals import StandingApproval
from core.risk.profile_age import months_after
from core.risk.standing_bounds import _numbers, bounds

GIVEN: Final = StandingApproval(
    id="std-1",
    kind="order",
    advisors=frozenset(),
    households=frozenset(),
    symbols=frozenset(),
    dollars_each=Decimal(1000),
    dollars_a_day=Decimal(2500),
    dollars_in_all=Decimal(9000),
    proposals_a_day=4,
    valid_from=date(2022, 12, 1),
    valid_until=date(2022, 12, 31),
    used_today=Decimal("1500.5"),
    used_in_all=Decimal(3000),
    drawn_today=2,
)


def test_each_number_is_named_and_written_in_its_unit() -> None:
    assert [_numbers(bound) for bound in bounds(GIVEN, Decimal(500))] == [
        "dollars of one proposal $500.00 of $1,000.00",
        "dollars of the day $2,000.50 of $2,500.00",
        "dollars in all $3,500.00 of $9,000.00",
        "proposals of the day 3 of 4",
    ]


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2020, 2, 29), 12, date(2021, 2, 28)),
        (date(2021, 8, 31), 6, date(2022, 2, 28)),
        (date(2021, 5, 31), 2, date(2021, 7, 31)),
        (date(2021, 1, 31), 35, date(2023, 12, 31)),
        (date(2021, 12, 31), 36, date(2024, 12, 31)),
    ],
)
def test_a_month_that_has_no_such_day_ends_with_its_last(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then
