"""Is it on the firm's restricted list?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.orders.events import Side
from core.risk.policy import Breach, Intent, Limits, Severity


class Restricted:
    """A restricted symbol is not bought. The words are the same whatever the cause, which is not known here.

    Source: Securities Exchange Act section 15(g); Investment Advisers Act section 204A (policies against the
    misuse of non-public information).
    """

    code: ClassVar[str] = "restricted"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        if leg.side is Side.SELL or leg.symbol not in intent.market.restricted:
            return None
        says = f"purchases of {leg.symbol} are not available at this time"
        return Breach(self.code, Severity.HARD, leg.quantity, Decimal(0), "shares", says)
