"""Is the quantity one that the custodian can book?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Final

from core.money import whole_shares_down
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, ONE, at_least, at_most
from core.risk.policy import Breach, Severity

SMALLEST: Final = Decimal("0.000001")  # shares: the smallest fraction that is booked


class ShareFraction:
    """More than nothing, and whole shares where the custodian keeps no fractions."""

    code: ClassVar[str] = "share_fraction"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        quantity = intent.leg.quantity
        custodian = intent.standing.custodian
        fractions = custodian is not None and custodian.fractional_shares
        if quantity > NONE and (fractions or quantity % ONE == NONE):
            return None
        whole = whole_shares_down(quantity)
        if quantity <= NONE:
            return at_least(
                self.code,
                Severity.HARD,
                before=None,
                observed=quantity,
                limit=SMALLEST,
                unit="shares",
                says=f"{quantity:f} shares is not a quantity to trade",
            )
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=quantity,
            limit=whole,
            unit="shares",
            says=f"{quantity:f} shares: the account's custodian keeps whole shares only",
        )
