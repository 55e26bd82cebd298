"""Figures as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ui.screens import figures as f


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234.5", "$1,234"),
        ("1235.5", "$1,236"),
        ("-0.4", "$0"),
        ("-1234.6", "−$1,235"),
        ("0", "$0"),
        (None, "–"),
    ],
)
def test_dollars_are_whole_and_round_half_to_even(amount: str | None, shown: str) -> None:
    assert f.dollars(amount) == shown


def test_cents_are_shown_where_they_matter() -> None:
    assert f.dollars("1.005", cents=True) == "$1.00"
    assert f.dollars("1.015", cents=True) == "$1.02"


@pytest.mark.parametrize(("amount", "shown"), [("12.4", "▲ +$12"), ("-12.4", "▼ −$12"), ("0.3", "$0")])
def test_a_change_has_a_sign_and_an_arrow_and_not_colour_alone(amount: str, shown: str) -> None:
    assert f.change(amount) == shown


SHARES = [("100", "100"), ("1152.171", "1,152.171"), ("0.50", "0.5"), ("1E+3", "1,000")]


@pytest.mark.parametrize(("amount", "shown"), SHARES)
def test_shares_have_no_empty_decimals(amount: str, shown: str) -> None:
    assert f.shares(Decimal(amount)) == shown


def test_a_fraction_of_a_cent_in_a_price_is_shown() -> None:
    assert (f.price("125.67"), f.price("125.6750"), f.price("1234.5")) == ("125.67", "125.6750", "1,234.50")


def test_drift_is_in_percentage_points_with_its_sign() -> None:
    assert (f.points("2.34"), f.points("-9.0"), f.points("0.04")) == ("+2.3 pp", "−9.0 pp", "0.0 pp")


def test_market_time_is_new_yorks() -> None:
    assert f.moment("2022-12-29T15:00:00Z") == "29 Dec 2022, 10:00:00 ET"


def test_every_state_of_a_proposal_has_words_and_a_tone() -> None:
    from core.orders.proposal import Status

    assert {status.value.lower() for status in Status} <= set(f.STATUS_WORDS)
    assert {status.value.lower() for status in Status} <= set(f.TONES)


def test_every_check_has_a_name_for_people() -> None:
    from core.risk.policies import POLICIES

    assert {policy.code for policy in POLICIES} - set(f.CHECKS) == set()
