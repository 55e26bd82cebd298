"""Is the price still the one that people decided on?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.risk.policy import Breach, Intent, Limits, Severity


class PriceBand:
    """The limit price and the market's price both lie within the leg's band; its edges are inside.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (orders that exceed appropriate price parameters).
    """

    code: ClassVar[str] = "price_band"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        if leg.limit_price is not None:
            breach = self._outside(intent, leg.limit_price, f"the limit price of {leg.symbol}")
            if breach:
                return breach
        price = intent.market.prices.get(leg.symbol)
        if price is None:
            return None
        return self._outside(intent, price.price, f"the market's price of {leg.symbol}")

    def _outside(self, intent: Intent, price: Decimal, which: str) -> Breach | None:
        low, high = intent.leg.band_low, intent.leg.band_high
        if low <= price <= high:
            return None
        edge = low if price < low else high
        says = f"{which}, ${price:f}, is outside the band of ${low:f} to ${high:f}"
        return Breach(self.code, Severity.HARD, price, edge, "USD a share", says)
