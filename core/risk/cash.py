"""Can the account pay for it?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.orders.cost import worst_cash
from core.orders.events import Side
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most, blocked
from core.risk.policy import Breach, Severity


class CashCovers:
    """Every buy is paid for, at its worst price with fees, by the account's own money.

    That is settled cash and unsettled sale proceeds, less what is reserved; held deposits do not count. The
    proposal's own sells of the account add what they bring at worst. Buys are added up in order of their
    legs, so the first that is not covered is named. A sale is never denied for want of cash.

    Source: 12 CFR 220.8(a) (cash account: sufficient funds before a purchase); 17 CFR 240.15c3-5(c)(1)(i).
    """

    code: ClassVar[str] = "cash"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if not intent.buys:
            return None
        custodian, alone = intent.standing.custodian, intent.worst_cash
        if custodian is None or alone is None:
            says = f"the fees of custodian {intent.account.custodian} are not known"
            return blocked(self.code, Severity.HARD, says)
        one = len(intent.own) == 1
        cost, proceeds = (-alone, NONE) if one else _moved(intent, custodian.ticket_fee)
        power = intent.standing.available + max(proceeds, NONE)
        if cost <= power:
            return None
        says = f"buys up to this one can take ${cost:,.2f}; cash and its own sells cover ${power:,.2f}"
        return at_most(
            self.code, Severity.HARD, before=None, observed=cost, limit=power, unit="USD", says=says
        )


def _moved(intent: Intent, ticket_fee: Decimal) -> tuple[Decimal, Decimal]:
    """What the buys up to this leg take at worst, and what all sells of the account bring at worst."""
    cost = proceeds = NONE
    for leg in intent.own:
        if leg.side is Side.SELL:
            proceeds += worst_cash(leg, ticket_fee)
        elif leg.leg <= intent.leg.leg:
            cost -= worst_cash(leg, ticket_fee)
    return cost, proceeds
