"""How much does the firm trade today?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class FirmDayValue:
    """The firm's orders of the business day, as far as the asker may see them, stay within its limit.

    The worker sees all of them, and it asks again at the release.

    Source: 17 CFR 240.15c3-5(c)(1)(i) (pre-set credit or capital thresholds, in the aggregate).
    """

    code: ClassVar[str] = "firm_day_value"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        before = intent.ground.activity.firm_dollars + intent.earlier
        observed, limit = before + intent.dollars, limits.firm_day_value
        if observed <= limit:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=before,
            observed=observed,
            limit=limit,
            unit="USD",
            says=f"the firm's orders of the day would come to ${observed:,.2f}; the limit is ${limit:,.2f}",
        )
