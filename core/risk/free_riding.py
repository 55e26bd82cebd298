"""Would shares be sold before they were paid for?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class FreeRiding:
    """A sale uses no lot whose purchase settled cash did not cover until what pays for it has settled.

    Settled cash covers the account's unsettled purchases in the order of their trades; a purchase that it
    does not cover whole was made with the proceeds of sales that have not settled either, and is not yet
    paid for.

    Source: 12 CFR 220.8(a)(1)(i) and 220.8(c)(1) (a security that is sold without having been previously
    paid for in full: the privilege of delaying payment is withdrawn for 90 calendar days).
    """

    code: ClassVar[str] = "free_riding"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        unpaid = intent.standing.unpaid
        if intent.buys or not unpaid:
            return None
        for choice in intent.leg.lots:
            due = unpaid.get(choice.lot)
            if due is not None:
                says = (
                    f"lot {choice.lot} was bought for ${due.dollars:,.2f}, of which settled cash covers "
                    f"${due.covered:,.2f}; it is paid for on {due.paid_on}"
                )
                return at_most(
                    self.code,
                    Severity.HARD,
                    before=None,
                    observed=due.dollars,
                    limit=due.covered,
                    unit="USD",
                    says=says,
                )
        return None
