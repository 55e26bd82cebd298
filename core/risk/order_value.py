"""Is the order larger than the firm lets out at once?"""

from __future__ import annotations

from typing import ClassVar

from core.orders.cost import worst_price
from core.risk.policy import Breach, Intent, Limits, Severity


class OrderValue:
    """Shares times the higher of the reference price and the order's worst price: at most the firm's limit.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (erroneous orders: price and size parameters, order by order).
    """

    code: ClassVar[str] = "order_value"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        dollars = leg.quantity * max(worst_price(leg), leg.reference_price)
        if dollars <= limits.order_value:
            return None
        says = f"the order can come to ${dollars:,.2f}; one order may be ${limits.order_value:,.2f} at most"
        return Breach(self.code, Severity.HARD, dollars, limits.order_value, "USD", says)
