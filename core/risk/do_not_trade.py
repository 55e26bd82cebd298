"""Did the client say not to?"""

from __future__ import annotations

from typing import ClassVar

from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity


class DoNotTrade:
    """What the client instructed us not to trade in this account is neither bought nor sold.

    Source: the client's instruction; 17 CFR 270.3a-4(a)(3) (reasonable restrictions on the management).
    """

    code: ClassVar[str] = "do_not_trade"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        if leg.symbol not in intent.account.do_not_trade:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=None,
            observed=leg.quantity,
            limit=NONE,
            unit="shares",
            says=f"the client's instruction: {leg.symbol} is not traded in this account",
        )
