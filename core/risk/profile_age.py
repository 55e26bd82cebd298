"""Is it known what the household wants its money for?"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal
from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most, blocked
from core.risk.policy import Breach, Severity


class ProfileAge:
    """The household has a risk profile with an objective, no older than the firm's months. Soft.

    Source: 17 CFR 240.15l-1(a)(2)(ii)(B) (a reasonable basis, in the light of the customer's investment
    profile); 17 CFR 240.17a-3(a)(17)(i)(B)(1) (the account record goes to the customer at least every 36
    months).
    """

    code: ClassVar[str] = "profile_age"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        household, session = intent.ground.household, intent.market.session
        recorded = household.profile_recorded_on
        if recorded is None or household.objective is None:
            return blocked(self.code, Severity.SOFT, "there is no risk profile")
        if _months(session) - _months(recorded) < limits.profile_months:
            return None
        last = months_after(recorded, limits.profile_months)
        if session <= last:
            return None
        says = f"the risk profile is of {recorded}, more than {limits.profile_months} months old"
        return at_most(
            self.code,
            Severity.SOFT,
            before=None,
            observed=Decimal((session - recorded).days),
            limit=Decimal((last - recorded).days),
            unit="days old",
            says=says,
        )


def _months(day: date) -> int:
    return day.year * 12 + day.month


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or the last of it where it has none such."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
