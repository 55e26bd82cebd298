"""Would one position be too large?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.orders.events import Side
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity


class PositionSize:
    """What an account holds of one symbol after the proposal is worth at most the firm's limit.

    After all its legs, at the market's price; without one nothing is measured here.

    Source: 17 CFR 240.15c3-5(c)(1)(i) (thresholds for each customer, finer by sector, security or otherwise
    as appropriate).
    """

    code: ClassVar[str] = "position_size"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        price = intent.price
        if not intent.buys or price is None:
            return None
        symbol = intent.leg.symbol
        held = intent.standing.shares.get(symbol, NONE)
        observed, limit = (held + _traded(intent)) * price, limits.position_size
        if observed <= limit:
            return None
        return at_most(
            self.code,
            Severity.HARD,
            before=held * price,
            observed=observed,
            limit=limit,
            unit="USD",
            says=f"the account would hold ${observed:,.2f} of {symbol}; the limit is ${limit:,.2f}",
        )


def _traded(intent: Intent) -> Decimal:
    """Shares of the symbol that the proposal's legs bring into the account."""
    own = intent.own
    if len(own) == 1:
        return intent.leg.quantity
    same = (leg for leg in own if leg.symbol == intent.leg.symbol)
    return sum((leg.quantity if leg.side is Side.BUY else -leg.quantity for leg in same), NONE)
