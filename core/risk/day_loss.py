"""How much did what one agent of the copilot drafted lose today?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class DayLoss:
    """An agent whose trades of the business day lost more than the firm's limit buys no more today.

    Shares that it bought are worth the market's price, less what they cost; shares that it sold brought what
    they brought, less what they would cost now. A sale of what an account holds is never denied by it:
    clients can always get out. A proposal that a person drafted is no agent's.

    Source: 17 CFR 240.15c3-5(c)(1)(i) (financial exposure, systematically limited); FINRA Regulatory Notice
    15-09 (controls that stop an algorithmic strategy whose losses pass a threshold).
    """

    code: ClassVar[str] = "day_loss"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        lost = intent.ground.agent_loss
        if not intent.buys or lost <= limits.day_loss:
            return None
        says = (
            f"what agent {intent.ground.activity.agent} drafted lost ${lost:,.2f} today; "
            f"the limit is ${limits.day_loss:,.2f}"
        )
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=lost,
            limit=limits.day_loss,
            unit="USD",
            says=says,
        )
