"""Are the lots that a sale names there, and free?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.ids import LotId
from core.orders.events import Side
from core.risk.policy import Breach, Intent, Limits, Severity

ZERO = Decimal(0)


class LotReserved:
    """A sale names lots of its own symbol that add up to its quantity, none promised to another order.

    What several legs of the proposal take from one lot is added up in order of the legs.

    Source: 26 CFR 1.1012-1(c) (adequate identification of the lot that is sold).
    """

    code: ClassVar[str] = "lot_reserved"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        leg = intent.leg
        if leg.side is Side.BUY:
            return None
        named = sum((choice.quantity for choice in leg.lots), ZERO)
        if named != leg.quantity:
            says = f"the chosen lots hold {named:f} free shares of the {leg.quantity:f} to be sold"
            return Breach(self.code, Severity.HARD, leg.quantity, named, "shares", says)
        for choice in leg.lots:
            taken, free = _taken(intent, choice.lot), _free(intent, choice.lot)
            if taken > free:
                says = f"lot {choice.lot} has {free:f} shares free, and {taken:f} would be taken"
                return Breach(self.code, Severity.HARD, taken, free, "shares", says)
        return None


def _taken(intent: Intent, lot: LotId) -> Decimal:
    return sum(
        (
            choice.quantity
            for leg in intent.legs
            if leg.account == intent.leg.account and leg.leg <= intent.leg.leg
            for choice in leg.lots
            if choice.lot == lot
        ),
        ZERO,
    )


def _free(intent: Intent, lot: LotId) -> Decimal:
    found = next(
        (own for own in intent.account.lots if own.id == lot and own.symbol == intent.leg.symbol), None
    )
    return found.quantity - intent.account.reserved_lots.get(lot, ZERO) if found else ZERO
