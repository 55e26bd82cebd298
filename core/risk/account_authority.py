"""May the household's advisor trade this account, in this capacity?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Final

from core.risk.policy import Breach, Intent, Limits, Severity

CAPACITIES: Final = frozenset({"advisory", "brokerage"})


class AccountAuthority:
    """The account is of the household's own advisor, its capacity is known, and discretion is advisory.

    The firm takes discretion only under an advisory contract: a brokerage account trades on consent.

    Source: FINRA Rule 3260(b) (no discretion without written authority accepted by the firm); the
    firm accepts none for brokerage accounts.
    """

    code: ClassVar[str] = "account_authority"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        account = intent.account
        if account.advisor != intent.picture.household.advisor:
            return self._breach("the account is another advisor's")
        if account.capacity not in CAPACITIES:
            return self._breach(f"the account's capacity {account.capacity!r} is not one that trades here")
        if account.capacity == "brokerage" and account.discretionary:
            return self._breach("a brokerage account is not traded at discretion")
        return None

    def _breach(self, says: str) -> Breach:
        return Breach(self.code, Severity.HARD, Decimal(1), Decimal(0), "blocks", says)
