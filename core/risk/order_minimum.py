"""Is the order too small to be meant?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_least
from core.risk.policy import Breach, Severity


class OrderMinimum:
    """An order is worth at least the firm's minimum; a sale of all that is held may be less.

    At the reference price.

    Source: the firm's own rule; 17 CFR 240.15c3-5(c)(1)(ii) (size parameters, order by order).
    """

    code: ClassVar[str] = "order_minimum"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        observed, limit = intent.whole * leg.reference_price, limits.order_minimum
        if observed >= limit:
            return None
        if not intent.buys and intent.whole == intent.standing.shares.get(leg.symbol, NONE):
            return None
        says = f"the order is worth ${observed:,.2f}; the least is ${limit:,.2f}"
        return at_least(
            self.code, Severity.HARD, before=None, observed=observed, limit=limit, unit="USD", says=says
        )
