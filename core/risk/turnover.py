"""Is the account traded more than it can bear?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most_of
from core.risk.policy import Breach, Severity


class Turnover:
    """Purchases of twelve months stay within the firm's multiple of the account's value. Soft.

    This one included, as far as the journal knows: executions here, over what the account is worth now.

    Source: 17 CFR 240.15l-1(a)(2)(ii)(C) (a series of recommended transactions is not excessive); FINRA
    Rule 2111.05(c) (turnover rate).
    """

    code: ClassVar[str] = "turnover"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if not intent.buys:
            return None
        standing = intent.standing
        worth, before = standing.worth, standing.bought + intent.bought_before
        after = before + intent.dollars
        if after <= limits.turnover * worth or worth <= NONE:
            return None
        return at_most_of(
            self.code,
            Severity.SOFT,
            whole=worth,
            before=before,
            observed=after,
            limit=limits.turnover,
            unit="times the account",
            says=f"${after:,.2f} would have been bought in twelve months; the account is worth ${worth:,.2f}",
        )
