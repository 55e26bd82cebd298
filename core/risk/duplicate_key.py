"""Is its number an order's already?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import ONE, at_most
from core.risk.policy import Breach, Severity


class DuplicateKey:
    """No other order has the client order id that the venue would see.

    Source: FIX 4.4 ClOrdID (11) (unique for each order); 17 CFR 240.15c3-5(c)(1)(ii).
    """

    code: ClassVar[str] = "duplicate_key"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        order, orders = intent.leg.order, intent.ground.orders
        copies = 1 if order in orders else 0
        if len(intent.legs) > 1:
            copies += sum(1 for one in intent.legs if one.leg < intent.leg.leg and one.order == order)
        if not copies:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=copies + ONE,
            limit=ONE,
            unit="orders",
            says=f"order id {order} is another order's",
        )
