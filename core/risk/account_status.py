"""May this account trade at all?"""

from __future__ import annotations

from typing import ClassVar, Final

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import blocked
from core.risk.policy import Breach, Severity

OPEN: Final = "open"
SAYS: Final = {"frozen": "the account is frozen", "transferring_out": "the account is transferring out"}


class AccountStatus:
    """Only an open account trades: one that is frozen, transferring out, or of any other status does not.

    Source: 12 CFR 220.8(c) (90-day freeze); FINRA Rule 11870 (an account in transfer is frozen).
    """

    code: ClassVar[str] = "account_status"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        status = intent.account.status
        if status == OPEN:
            return None
        says = SAYS.get(status, f"the account's status is {status!r}")
        return blocked(self.code, Severity.HARD, f"{says}: it does not trade")
