"""Does the account own what it sells?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.orders.events import Side
from core.risk.policy import Breach, Intent, Limits, Severity


class ShortSale:
    """No account sells more shares than it holds: accounts are long only, and no order reverses through zero.

    Sales of the symbol are added up in order of their legs.

    Source: 17 CFR 242.200(a) and 242.203(b)(1) (Regulation SHO: what a short sale is and what it needs).
    """

    code: ClassVar[str] = "short_sale"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        if leg.side is Side.BUY:
            return None
        sold = sum(
            (
                other.quantity
                for other in intent.legs
                if other.side is Side.SELL
                and (other.account, other.symbol) == (leg.account, leg.symbol)
                and other.leg <= leg.leg
            ),
            Decimal(0),
        )
        held = intent.account.shares(leg.symbol)
        if sold <= held:
            return None
        says = (
            f"{sold:f} shares of {leg.symbol} would be sold and {held:f} are held: shorts are not traded here"
        )
        return Breach(self.code, Severity.HARD, sold, held, "shares", says)
