"""Has the price moved further than this symbol usually does?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most_of
from core.risk.policy import Breach, Severity


class VolatilityBand:
    """The market's price is no more expected moves away from the last close than the firm's limit.

    An expected move is the standard deviation of the daily returns of the sixty sessions before, times the
    square root of the sessions since that close. The band is never narrower than the firm's price band. A
    symbol without a series of closes has the band of its leg alone.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (price parameters that are reasonably designed for the security).
    """

    code: ClassVar[str] = "volatility_band"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        price, usual = intent.price, intent.market.volatility.get(intent.leg.symbol)
        if price is None or usual is None:
            return None
        width = max(limits.price_band, limits.volatility_band * usual.expected)
        moved = abs(price - usual.close)
        if moved <= width * usual.close:
            return None
        says = (
            f"{intent.leg.symbol} at ${price:f} is {moved / usual.close * 100:.2f} % away from its close of "
            f"${usual.close:f}; {width * 100:.2f} % is the most for it"
        )
        return at_most_of(
            self.code,
            Severity.HARD,
            whole=usual.close,
            before=None,
            observed=moved,
            limit=width,
            unit="fraction of the close",
            says=says,
        )
