"""What a standing approval's four numbers are called and how each is written; whether one would stand in for
a principal, and by which number; the last day of a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest

from core.book.approvals import Approvals, StandingApproval
from core.ids import Symbol
from core.orders.events import Finding, Side
from core.risk.intent import intents
from core.risk.profile_age import months_after
from core.risk.standing import Ground
from core.risk.standing_bounds import _numbers, bounds, coverage
from tests.core.household import ADVISOR, account, leg, market, picture

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


NOBODY: Final = "no standing approval covers it: a principal decides"


def covering(
    each: str = "10000", *others: StandingApproval, tier: int = 1, symbol: str = "AAA", **changed: object
) -> Finding:
    """Ten and five shares at 102 at worst: 1,530 dollars are asked for. `each`: of the first approval."""
    given = {
        "dollars_a_day": Decimal(10_000),
        "advisors": frozenset({ADVISOR}),
        "symbols": frozenset({"AAA"}),
    }
    first = replace(GIVEN, dollars_each=Decimal(each), **{**given, **changed})  # type: ignore[arg-type]
    seen = picture(account(), market=market())
    seen = replace(seen, approvals=Approvals("order", (first, *others), None))
    legs = leg(0, Side.BUY, "AAA", 10), leg(1, Side.BUY, symbol, 5)
    return coverage(intents(legs, Ground(seen)), tier=tier)


def number(says: str, observed: str, limit: str, headroom: str, unit: str = "USD") -> Finding:
    numbers = {"observed": Decimal(observed), "limit": Decimal(limit), "headroom": Decimal(headroom)}
    return Finding(policy="standing_bounds", result="pass", says=says, unit=unit, **numbers)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"each": "1530"},
            number(
                "standing approval std-1 covers it: dollars of one proposal $1,530.00 of $1,530.00",
                *("1530", "1530", "0"),
            ),
        ),
        (
            {"each": "1529.99"},
            number(f"{NOBODY}; dollars of one proposal $1,530.00 of $1,529.99", "1530", "1529.99", "-0.01"),
        ),
        (
            {"each": "2000"},  # 470 of 2,000 are left: less of them than one of four
            number(
                "standing approval std-1 covers it: dollars of one proposal $1,530.00 of $2,000.00",
                *("1530", "2000", "470"),
            ),
        ),
        (
            {},
            number(
                "standing approval std-1 covers it: proposals of the day 3 of 4", "3", "4", "1", "proposals"
            ),
        ),
    ],
)
def test_the_number_that_is_nearest_to_its_limit_says_whether_an_approval_covers_it(
    changed: dict[str, Any], told: Finding
) -> None:
    assert covering(**changed) == told


def test_the_next_approval_is_asked_where_the_first_does_not_reach() -> None:
    other = replace(
        GIVEN, id="std-2", advisors=frozenset({ADVISOR}), symbols=frozenset({Symbol("AAA")}), drawn_today=3
    )
    other = replace(other, dollars_each=Decimal(9_999), dollars_a_day=Decimal(99_999))
    assert covering("100", other).says == "standing approval std-2 covers it: proposals of the day 4 of 4"
    out_of_reach = replace(other, drawn_today=4)
    assert covering("100", out_of_reach).limit == 100, "of those that do not cover it, the first is told"
    of_others = replace(other, advisors=frozenset())
    assert covering("100", of_others).limit == 100


def test_outside_of_every_approval_or_above_tier_1_a_principal_decides() -> None:
    nobody = Finding(policy="standing_bounds", result="pass", says=NOBODY)
    assert covering(tier=2) == nobody
    assert covering(symbol="BBB") == nobody
    assert coverage((), tier=1) == nobody
