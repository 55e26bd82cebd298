"""Does the account own what it sells?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.orders.events import Side
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity


class ShortSale:
    """No account sells more shares than it holds: accounts are long only, and no order reverses through
    zero.

    Sales of the symbol are added up in order of their legs.

    Source: 17 CFR 242.200(a) and 242.203(b)(1) (Regulation SHO: what a short sale is and what it needs).
    """

    code: ClassVar[str] = "short_sale"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if intent.buys:
            return None
        symbol = intent.leg.symbol
        sold, held = _sold(intent), intent.standing.shares.get(symbol, NONE)
        if sold <= held:
            return None
        says = f"{sold:f} shares of {symbol} would be sold and {held:f} are held: shorts are not traded here"
        return at_most(
            self.code, Severity.HARD, before=None, observed=sold, limit=held, unit="shares", says=says
        )


def _sold(intent: Intent) -> Decimal:
    if len(intent.upto) == 1:
        return intent.leg.quantity
    same = (leg for leg in intent.upto if leg.side is Side.SELL and leg.symbol == intent.leg.symbol)
    return sum((leg.quantity for leg in same), NONE)
