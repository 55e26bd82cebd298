"""What a venue charges, as it publishes it.

Rule 1: a fee depends on whether the execution took liquidity or made it.
Rule 2: a fee is dollars, rounded to cents half to even per execution, and never negative: rebates are
    not passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from core.money import to_cents

BASIS_POINT: Final = Decimal("0.0001")


class Liquidity(StrEnum):
    MAKER = "maker"
    TAKER = "taker"


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Dollars per share and basis points of the value, by method, added up."""

    version: int
    taker_per_share: Decimal
    maker_per_share: Decimal
    taker_bps: Decimal
    maker_bps: Decimal

    def expected(self, *, quantity: Decimal, price: Decimal, liquidity: Liquidity) -> Decimal:
        """Dollars for one execution, before rounding to cents."""
        takes = liquidity is Liquidity.TAKER
        per_share = self.taker_per_share if takes else self.maker_per_share
        bps = self.taker_bps if takes else self.maker_bps
        return quantity * per_share + quantity * price * bps * BASIS_POINT

    def charged(self, *, quantity: Decimal, price: Decimal, liquidity: Liquidity) -> Decimal:
        """Dollars for one execution, in cents."""
        return to_cents(self.expected(quantity=quantity, price=price, liquidity=liquidity))
