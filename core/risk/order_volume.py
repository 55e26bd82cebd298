"""Is it more than a day's market can take?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class OrderVolume:
    """One order is for no more than the firm's share of the instrument's average daily volume.

    An instrument without a volume can take nothing.

    Source: 17 CFR 240.15c3-5(c)(1)(ii); FINRA Rule 5310(a)(1)(A) (the character of the market for the
    security).
    """

    code: ClassVar[str] = "order_volume"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if intent.instrument is None:
            return None
        observed = intent.whole
        limit = limits.order_volume * intent.instrument.average_daily_volume
        if observed <= limit:
            return None
        share = f"{limits.order_volume * 100:f} % of an average day's volume"
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=observed,
            limit=limit,
            unit="shares",
            says=f"{observed:f} shares are more than {share} in {intent.leg.symbol}, which is {limit:f}",
        )
