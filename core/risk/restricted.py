"""Is it on the firm's restricted list?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity


class Restricted:
    """A restricted symbol is not bought, and its sale waits for compliance. No cause is told.

    The words are the same whatever the cause. A sale is a finding here, and goes on as the client's own idea
    alone, which whoever submits it says; its proposal is of tier 3, where compliance decides beside the
    principal. The firm's plans leave it as it is.

    Source: Securities Exchange Act section 15(g); Investment Advisers Act section 204A (policies against
    the misuse of non-public information).
    """

    code: ClassVar[str] = "restricted"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        if leg.symbol not in intent.market.restricted:
            return None
        if intent.buys:
            severity, says = Severity.HARD, f"purchases of {leg.symbol} are not available at this time"
        else:
            severity, says = Severity.SOFT, f"sales of {leg.symbol} are decided by compliance at this time"
        return at_most(
            self.code, severity, before=None, observed=leg.quantity, limit=NONE, unit="shares", says=says
        )
