"""Is the order larger than the firm lets out at once?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class OrderValue:
    """Shares times the higher of the reference price and the order's worst price: at most the firm's limit.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (erroneous orders: price and size parameters, order by order).
    """

    code: ClassVar[str] = "order_value"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        observed, limit = intent.whole_dollars, limits.order_value
        if observed <= limit:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=observed,
            limit=limit,
            unit="USD",
            says=f"the order can come to ${observed:,.2f}; one order may be ${limit:,.2f} at most",
        )
