"""Is the market open for this order?"""

from __future__ import annotations

from typing import ClassVar, Final

from core.orders.events import TimeInForce
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import blocked
from core.risk.policy import Breach, Severity

TAKEN: Final = frozenset({TimeInForce.DAY})


class TradingSession:
    """The business day is open, the clock is within the session, and the order is good for that day.

    The close itself is outside.

    Source: NYSE Rule 7.34(a) (trading sessions); FIX 4.4 TimeInForce (59) = 0, Day; 17 CFR
    240.15c3-5(c)(1)(ii).
    """

    code: ClassVar[str] = "trading_session"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        market, hours = intent.market, intent.ground.hours
        if hours is not None and market.open and hours[0] <= market.now < hours[1]:
            if intent.leg.time_in_force in TAKEN:
                return None
            says = f"an order that is good for {intent.leg.time_in_force!r} is not taken"
        elif hours is None:
            says = f"{market.session} is no trading session"
        elif not market.open:
            says = f"the business day {market.session} is closed"
        else:
            says = f"{market.now:%Y-%m-%d %H:%M} UTC is outside the session of {market.session}"
        return blocked(self.code, Severity.HARD, says)
