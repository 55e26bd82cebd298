"""Rules with a date, against the acts that set them."""

from datetime import date
from decimal import Decimal

import pytest

from core.errors import BadInput
from core.market.rules import Age, long_term_rate, rmd_age, settlement_days, short_term_rate


@pytest.mark.parametrize(
    ("born_on", "age"),
    [
        (date(1949, 6, 30), Age(70, 6)),  # 70½ on 2019-12-30
        (date(1949, 7, 1), Age(72)),  # 70½ on 2020-01-01
        (date(1950, 12, 31), Age(72)),  # 72 on 2022-12-31
        (date(1951, 1, 1), Age(73)),
        (date(1959, 12, 31), Age(73)),
        (date(1960, 1, 1), Age(75)),
    ],
)
def test_the_age_of_required_distributions_follows_the_birth_date(born_on: date, age: Age) -> None:
    assert rmd_age(born_on) == age


@pytest.mark.parametrize(
    ("day", "days"),
    [(date(2017, 9, 4), 3), (date(2017, 9, 5), 2), (date(2024, 5, 27), 2), (date(2024, 5, 28), 1)],
)
def test_the_settlement_cycle_shortened_twice(day: date, days: int) -> None:
    assert settlement_days(day) == days


def test_the_rates_of_the_demos_year() -> None:
    """2022: 20 % and 37 %, each with 3.8 % net investment income tax."""
    assert long_term_rate(date(2022, 12, 29)) == Decimal("0.238")
    assert short_term_rate(date(2022, 12, 29)) == Decimal("0.408")


def test_the_rates_of_2012_and_2013() -> None:
    assert long_term_rate(date(2012, 12, 31)) == Decimal("0.15")
    assert short_term_rate(date(2013, 1, 2)) == Decimal("0.434")


def test_nothing_is_assumed_before_the_first_row() -> None:
    with pytest.raises(BadInput, match="2003-05-06"):
        long_term_rate(date(2003, 5, 5))
