"""Is there a price, and is it recent?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.risk.policy import Breach, Intent, Limits, Severity


class StalePrice:
    """The symbol has a price of the business day or of the session before it.

    Source: 17 CFR 240.15c3-5(c)(1)(ii); the firm's own rule on how old a price may be.
    """

    code: ClassVar[str] = "stale_price"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        symbol = intent.leg.symbol
        price = intent.market.prices.get(symbol)
        if price is None:
            says = f"there is no price for {symbol}"
            return Breach(self.code, Severity.HARD, Decimal(0), Decimal(1), "prices", says)
        oldest = intent.market.previous_session
        if price.session >= oldest:
            return None
        days = Decimal((oldest - price.session).days)
        says = f"the price of {symbol} is of {price.session}; it may be no older than {oldest}"
        return Breach(self.code, Severity.HARD, days, Decimal(0), "days too old", says)
