"""Do orders come faster than a person would send them?"""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class OrderCount:
    """Within the window before this reading the advisor submitted no more orders than the limit.

    The proposal's own orders count.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (over a short period of time, or that indicate duplicative orders);
    FINRA Regulatory Notice 15-09 (effective supervision and control of algorithmic strategies).
    """

    code: ClassVar[str] = "order_count"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        recent, place = intent.ground.activity.advisor_orders, _place(intent)
        if len(recent) + place <= limits.order_count:
            return None
        before = len(recent) - bisect_right(recent, intent.ground.taken_at - limits.order_window) + place - 1
        observed, limit = Decimal(before + 1), Decimal(limits.order_count)
        minutes = limits.order_window // timedelta(minutes=1)
        return at_most(
            self.code,
            Severity.HARD,
            before=Decimal(before),
            observed=observed,
            limit=limit,
            unit="orders",
            says=f"{before + 1} orders of the advisor within {minutes} minutes; the limit is {limit:f}",
        )


def _place(intent: Intent) -> int:
    """The leg's place among the proposal's, from one."""
    legs = intent.legs
    return 1 if len(legs) == 1 else sum(1 for one in legs if one.leg <= intent.leg.leg)
