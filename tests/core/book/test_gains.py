"""Holding periods and netting, with the rulings' own examples."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.book.gains import Gains, Realised, Term, first_long_day, gains, taxed, term


@pytest.mark.parametrize(
    ("acquired_on", "first_long"),
    [
        (date(2023, 2, 6), date(2024, 2, 7)),
        (date(2022, 1, 31), date(2023, 2, 1)),
        (date(2022, 4, 30), date(2023, 5, 1)),  # Rev. Rul. 66-7: the last day of a month, whatever its length
        (date(2023, 2, 28), date(2024, 3, 1)),  # not on 29 February
        (date(2024, 2, 28), date(2025, 3, 1)),
        (date(2024, 2, 29), date(2025, 3, 1)),
        (date(2021, 12, 31), date(2023, 1, 1)),
    ],
)
def test_shares_become_long_term_after_more_than_one_year(acquired_on: date, first_long: date) -> None:
    assert first_long_day(acquired_on) == first_long
    assert term(acquired_on=acquired_on, sold_on=first_long) is Term.LONG
    assert term(acquired_on=acquired_on, sold_on=first_long - timedelta(days=1)) is Term.SHORT


@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)))
def test_a_year_is_never_shorter_than_365_days_and_never_longer_than_367(acquired_on: date) -> None:
    held = first_long_day(acquired_on) - acquired_on
    assert timedelta(days=366) <= held <= timedelta(days=367)


@given(st.dates(date(1990, 1, 1), date(2040, 12, 30)))
def test_what_is_bought_later_never_becomes_long_term_earlier(acquired_on: date) -> None:
    assert first_long_day(acquired_on) <= first_long_day(acquired_on + timedelta(days=1))


def sale(proceeds: str, cost: str, sold_on: date) -> Realised:
    return Realised(Decimal(1), Decimal(proceeds), Decimal(cost), date(2022, 1, 3), sold_on)


def test_gains_and_losses_net_within_their_term() -> None:
    short, long = date(2022, 6, 1), date(2023, 6, 1)
    found = gains([sale("10", "4", short), sale("1", "3", short), sale("5", "9.005", long)])
    assert found == Gains(short_term=Decimal(4), long_term=Decimal("-4.00"))


@pytest.mark.parametrize(
    ("short", "long", "left_short", "left_long"),
    [(5, 7, 5, 7), (-5, 7, 0, 2), (5, -7, 0, 0), (9, -7, 2, 0), (-5, -7, 0, 0), (-9, 7, 0, 0)],
)
def test_a_loss_of_one_term_is_set_against_a_gain_of_the_other(
    short: int, long: int, left_short: int, left_long: int
) -> None:
    left = taxed(Gains(Decimal(short), Decimal(long)))
    assert left == Gains(Decimal(left_short), Decimal(left_long))
