"""Is the price still the one that people decided on?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_least, at_most
from core.risk.policy import Breach, Severity


class PriceBand:
    """The limit price and the market's price both lie within the leg's band; its edges are inside.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (orders that exceed appropriate price parameters).
    """

    code: ClassVar[str] = "price_band"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        limit_price, price = leg.limit_price, intent.price
        if limit_price is not None and not leg.band_low <= limit_price <= leg.band_high:
            return self._outside(intent, limit_price, f"the limit price of {leg.symbol}")
        if price is not None and not leg.band_low <= price <= leg.band_high:
            return self._outside(intent, price, f"the market's price of {leg.symbol}")
        return None

    def _outside(self, intent: Intent, price: Decimal, which: str) -> Breach | None:
        low, high = intent.leg.band_low, intent.leg.band_high
        measure, edge = (at_least, low) if price < low else (at_most, high)
        says = f"{which}, ${price:f}, is outside the band of ${low:f} to ${high:f}"
        return measure(
            self.code,
            Severity.HARD,
            before=None,
            observed=price,
            limit=edge,
            unit="USD a share",
            says=says,
        )
