"""May the household's advisor trade this account, in this capacity?"""

from __future__ import annotations

from typing import ClassVar, Final

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import blocked
from core.risk.policy import Breach, Severity

CAPACITIES: Final = frozenset({"advisory", "brokerage"})


class AccountAuthority:
    """The account is of the household's own advisor, its capacity is known, and discretion is advisory.

    The firm takes discretion only under an advisory contract: a brokerage account trades on consent.

    Source: FINRA Rule 3260(b) (no discretion without written authority accepted by the firm); the firm
    accepts none for brokerage accounts.
    """

    code: ClassVar[str] = "account_authority"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        account = intent.account
        if account.advisor != intent.ground.household.advisor:
            return self._blocked("the account is another advisor's")
        if account.capacity not in CAPACITIES:
            return self._blocked(f"the account's capacity {account.capacity!r} is not one that trades here")
        if account.discretionary and account.capacity == "brokerage":
            return self._blocked("a brokerage account is not traded at discretion")
        return None

    def _blocked(self, says: str) -> Breach:
        return blocked(self.code, Severity.HARD, says)
