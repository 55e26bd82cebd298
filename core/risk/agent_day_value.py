"""How much did one agent of the copilot ask for today?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import at_most
from core.risk.policy import Breach, Severity


class AgentDayValue:
    """What one agent drafted on the business day, this included, stays within the firm's limit.

    A proposal that a person drafted is no agent's.

    Source: 17 CFR 240.15c3-5(c)(1)(i) (pre-set credit or capital thresholds, in the aggregate).
    """

    code: ClassVar[str] = "agent_day_value"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        activity = intent.ground.activity
        if activity.agent is None:
            return None
        before = activity.agent_dollars + intent.earlier
        observed, limit = before + intent.dollars, limits.agent_day_value
        if observed <= limit:
            return None
        drafts = f"what agent {activity.agent} drafted today"
        return at_most(
            self.code,
            Severity.HARD,
            before=before,
            observed=observed,
            limit=limit,
            unit="USD",
            says=f"{drafts} would come to ${observed:,.2f}; the limit is ${limit:,.2f}",
        )
