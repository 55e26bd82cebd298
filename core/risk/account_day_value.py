"""How much of one account is traded today?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class AccountDayValue:
    """The account's orders of the business day, this one included, stay within the firm's limit.

    Counted with the proposal's earlier legs of the same account.

    Source: 17 CFR 240.15c3-5(c)(1)(i) (pre-set credit or capital thresholds, in the aggregate).
    """

    code: ClassVar[str] = "account_day_value"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        before = intent.standing.day_dollars + intent.earlier_own
        observed, limit = before + intent.dollars, limits.account_day_value
        if observed <= limit:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=before,
            observed=observed,
            limit=limit,
            unit="USD",
            says=f"the account's orders of the day come to ${observed:,.2f}; the limit is ${limit:,.2f}",
        )
