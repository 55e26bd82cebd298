"""Are there more shares in it than anybody meant?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class OrderQuantity:
    """One order is for no more shares than the firm's limit, whatever they cost.

    Source: 17 CFR 240.15c3-5(c)(1)(ii) (erroneous orders: size parameters, order by order, or that indicate
    duplicative orders).
    """

    code: ClassVar[str] = "order_quantity"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        observed, limit = intent.whole, limits.order_quantity
        if observed <= limit:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=observed,
            limit=limit,
            unit="shares",
            says=f"{observed:f} shares; one order may be for {limit:f} at most",
        )
