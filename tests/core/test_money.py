"""Exact amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, CurrencyMismatch
from core.money import USD, Currency, Money, exact, to_cents, usd, whole_shares_down

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=4)


@given(amounts, amounts)
def test_what_is_added_can_be_taken_away_again(a: Decimal, b: Decimal) -> None:
    assert usd(a) + usd(b) - usd(b) == usd(a)


@given(amounts)
def test_rounding_moves_an_amount_by_half_a_cent_at_most(amount: Decimal) -> None:
    assert abs(to_cents(amount) - amount) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("2.345", "2.34"), ("2.355", "2.36")],
)
def test_a_half_goes_to_the_even_cent(amount: str, cents: str) -> None:
    assert usd(amount).rounded_to_cents() == usd(cents)


@pytest.mark.parametrize(("quantity", "whole"), [("1.99", 1), ("-1.99", -1), ("0.5", 0), ("7", 7)])
def test_whole_shares_go_toward_zero(quantity: str, whole: int) -> None:
    assert whole_shares_down(Decimal(quantity)) == whole


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        usd(1) + Money(Decimal(1), Currency("EUR"))
    with pytest.raises(CurrencyMismatch):
        _ = usd(1) < Money(Decimal(1), Currency("EUR"))


@pytest.mark.parametrize("value", [1.5, "NaN", "Infinity", "", "1,5", "one", None])
def test_what_is_no_exact_number_is_refused_by_its_field(value: object) -> None:
    with pytest.raises(BadInput) as no:
        exact(value, field="limit_price")  # type: ignore[arg-type]
    assert no.value.field == "limit_price"


@pytest.mark.parametrize("value", [1.5, 1, Decimal("NaN"), Decimal("Infinity")])
def test_money_holds_finite_decimals_only(value: object) -> None:
    with pytest.raises(BadInput):
        Money(value, USD)  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["1E+999999999", "1E-999999999", "1e41", "9" * 41, "0." + "1" * 41])
def test_an_amount_that_is_longer_than_any_is_refused_before_it_is_written_out(written: str) -> None:
    with pytest.raises(BadInput, match="digits"):
        exact(written, field="price")


@pytest.mark.parametrize("text", ["0", "-3", "12.50", "0.000001", "1E+2", "0E-8", "123456789012345678901"])
def test_a_decimal_is_taken_as_it_is_written_to_the_last_zero(text: str) -> None:
    number = Decimal(text)
    assert exact(number, field="x").as_tuple() == number.as_tuple()


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "1E+41", "1." + "1" * 41])
def test_a_decimal_that_is_no_sensible_number_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        exact(Decimal(text), field="x")
