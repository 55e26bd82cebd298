"""How much does one advisor trade today?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class AdvisorDayValue:
    """The orders of the advisor's book on the business day, this one included, stay within the limit.

    Source: 17 CFR 240.15c3-5(c)(1)(i) (pre-set credit or capital thresholds, in the aggregate).
    """

    code: ClassVar[str] = "advisor_day_value"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        before = intent.ground.activity.advisor_dollars + intent.earlier
        observed, limit = before + intent.dollars, limits.advisor_day_value
        if observed <= limit:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=before,
            observed=observed,
            limit=limit,
            unit="USD",
            says=f"the advisor's orders of the day come to ${observed:,.2f}; the limit is ${limit:,.2f}",
        )
