"""Is the limit price one that an exchange may take?"""

from __future__ import annotations

from decimal import ROUND_DOWN
from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, ONE, at_most
from core.risk.policy import Breach, Severity


class PriceTick:
    """A limit price is a multiple of the instrument's tick.

    Source: 17 CFR 242.612 (no order in an increment smaller than a cent, for $1.00 a share and more).
    """

    code: ClassVar[str] = "price_tick"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        price, instrument = intent.leg.limit_price, intent.instrument
        if price is None or instrument is None or price % instrument.tick == NONE:
            return None
        tick = instrument.tick
        limit = (price / tick).quantize(ONE, rounding=ROUND_DOWN) * tick
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=price,
            limit=limit,
            unit="USD a share",
            says=f"the limit price ${price:f} is not on the tick of ${tick:f}",
        )
