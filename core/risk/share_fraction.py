"""Is the quantity one that the custodian can book?"""

from __future__ import annotations

from typing import ClassVar

from core.money import whole_shares_down
from core.risk.policy import Breach, Intent, Limits, Severity


class ShareFraction:
    """More than nothing, and whole shares where the custodian keeps no fractions."""

    code: ClassVar[str] = "share_fraction"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        quantity = intent.leg.quantity
        whole = whole_shares_down(quantity)
        if quantity <= 0:
            says = f"{quantity:f} shares is not a quantity to trade"
            return Breach(self.code, Severity.HARD, quantity, whole_shares_down(quantity), "shares", says)
        custodian = intent.market.custodians.get(intent.account.custodian)
        if quantity == whole or (custodian is not None and custodian.fractional_shares):
            return None
        says = f"{quantity:f} shares: the account's custodian keeps whole shares only"
        return Breach(self.code, Severity.HARD, quantity, whole, "shares", says)
