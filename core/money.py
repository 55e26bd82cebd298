"""Exact amounts: money, shares and prices.

Rule 1: `Decimal` only; a float is refused, not converted.
Rule 2: rounding happens only in a method that names it, half to even, at a stated exponent.
Rule 3: in JSON an amount is a string. `core.ledger.canonical` writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final, NewType

from core.errors import BadInput, CurrencyMismatch

Currency = NewType("Currency", str)  # ISO 4217 code
USD: Final = Currency("USD")

CENT: Final = Decimal("0.01")
WHOLE_SHARE: Final = Decimal(1)
MOST_DIGITS: Final = 40  # of an amount that comes in; what the firm holds has fewer than twenty
_PLAIN: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII).fullmatch  # sure to be in bounds


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Adding across currencies is an error: a rate has a time and a source."""

    amount: Decimal
    currency: Currency

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise BadInput(
                f"amount {self.amount!r} is not a Decimal", fix="pass Decimal('1.23')", field="amount"
            )
        if not self.amount.is_finite():
            raise BadInput(
                f"amount {self.amount!r} is not finite", fix="pass a finite amount", field="amount"
            )

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.amount < other.amount

    def rounded_to_cents(self) -> Money:
        """To two decimals, half to even."""
        return Money(to_cents(self.amount), self.currency)

    def _same_currency(self, other: Money) -> None:
        if other.currency != self.currency:
            raise CurrencyMismatch(
                f"cannot combine {other.currency} with {self.currency}",
                fix="convert one side with an explicit rate first",
            )


def usd(amount: Decimal | int | str) -> Money:
    """US dollars."""
    return Money(exact(amount, field="amount"), USD)


def exact(value: Decimal | int | str, *, field: str) -> Decimal:
    """The decimal that `value` writes.

    Raises:
        BadInput: `value` is not a finite decimal number of sensible length; names `field`.
    """
    if type(value) is Decimal and _PLAIN(str(value)):
        return value
    if type(value) is str and _PLAIN(value):
        return Decimal(value)
    if isinstance(value, float):
        raise BadInput(f"{field} {value!r} is a float", fix="write it as a string or a Decimal", field=field)
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError, TypeError) as bad:
        raise BadInput(
            f"{field} {value!r} is not a decimal number", fix="write it like '12.50'", field=field
        ) from bad
    if not number.is_finite():
        raise BadInput(f"{field} {value!r} is not finite", fix="write it like '12.50'", field=field)
    # 1E+999999999 is a number of twelve characters, and a gigabyte when it is written out.
    if number and (abs(number.adjusted()) > MOST_DIGITS or len(number.as_tuple().digits) > MOST_DIGITS):
        raise BadInput(
            f"{field} {str(value)[:24]!r} has more than {MOST_DIGITS} digits",
            fix="write it like '12.50'",
            field=field,
        )
    return number


def to_cents(amount: Decimal) -> Decimal:
    """Two decimals, half to even."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def whole_shares_down(quantity: Decimal) -> Decimal:
    """The whole shares in `quantity`, toward zero."""
    return quantity.quantize(WHOLE_SHARE, rounding=ROUND_DOWN)


def tidy(number: Decimal) -> Decimal:
    """The same number without trailing zeros or an exponent, so that equal amounts are equal text."""
    short = number.normalize()
    return short.quantize(WHOLE_SHARE) if short == short.to_integral_value() else short
