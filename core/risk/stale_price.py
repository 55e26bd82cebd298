"""Is there a price, and is it recent?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, ONE, at_least, at_most
from core.risk.policy import Breach, Severity


class StalePrice:
    """The symbol has a price of the business day or of the session before it.

    Source: 17 CFR 240.15c3-5(c)(1)(ii); the firm's own rule on how old a price may be.
    """

    code: ClassVar[str] = "stale_price"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        market, symbol = intent.market, intent.leg.symbol
        price = market.prices.get(symbol)
        if price is None:
            says = f"there is no price for {symbol}"
            return at_least(
                self.code, Severity.HARD, before=None, observed=NONE, limit=ONE, unit="prices", says=says
            )
        oldest = market.previous_session
        if price.session >= oldest:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=Decimal((oldest - price.session).days),
            limit=NONE,
            unit="days too old",
            says=f"the price of {symbol} is of {price.session}; it may be no older than {oldest}",
        )
