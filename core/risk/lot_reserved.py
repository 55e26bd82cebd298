"""Are the lots that a sale names there, and free?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.ids import LotId
from core.orders.content import LotChoice
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_least, at_most
from core.risk.policy import Breach, Severity


class LotReserved:
    """A sale names lots of its own symbol that add up to its quantity, none sold or promised already.

    What several legs of the proposal take from one lot is added up in order of the legs.

    Source: 26 CFR 1.1012-1(c) (adequate identification of the lot that is sold).
    """

    code: ClassVar[str] = "lot_reserved"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if intent.buys:
            return None
        named = NONE
        for choice in intent.leg.lots:
            named += choice.quantity
        if named != intent.leg.quantity:
            return self._misnamed(intent.leg.quantity, named)
        for choice in intent.leg.lots:
            taken, free = _taken(intent, choice), _free(intent, choice.lot)
            if taken > free:
                says = f"lot {choice.lot} has {free:f} shares free, and {taken:f} would be taken"
                return at_most(
                    self.code,
                    Severity.HARD,
                    before=None,
                    observed=taken,
                    limit=free,
                    unit="shares",
                    says=says,
                )
        return None

    def _misnamed(self, quantity: Decimal, named: Decimal) -> Breach | None:
        measure = at_least if named < quantity else at_most
        says = f"the chosen lots hold {named:f} free shares of the {quantity:f} to be sold"
        return measure(
            self.code, Severity.HARD, before=None, observed=named, limit=quantity, unit="shares", says=says
        )


def _taken(intent: Intent, choice: LotChoice) -> Decimal:
    if len(intent.upto) == 1 and len(intent.leg.lots) == 1:
        return choice.quantity
    taken = NONE
    for leg in intent.upto:
        for other in leg.lots:
            if other.lot == choice.lot:
                taken += other.quantity
    return taken


def _free(intent: Intent, lot: LotId) -> Decimal:
    own = intent.standing.lots.get(lot)
    return intent.standing.free[lot] if own is not None and own.symbol == intent.leg.symbol else NONE
