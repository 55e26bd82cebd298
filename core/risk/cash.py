"""Can the account pay for it?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.orders.content import Leg
from core.orders.cost import worst_cash
from core.orders.events import Side
from core.risk.policy import Breach, Intent, Limits, Severity


class CashCovers:
    """Every buy is paid for, at its worst price with fees, by the account's own money.

    That is settled cash and unsettled sale proceeds, less what is reserved; held deposits do not count.
    The proposal's own sells of the account add what they bring at worst. Buys are added up in order of
    their legs, so the first that is not covered is named. A sale is never denied for want of cash.

    Source: 12 CFR 220.8(a) (cash account: sufficient funds before a purchase); 17 CFR 240.15c3-5(c)(1)(i).
    """

    code: ClassVar[str] = "cash"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if intent.leg.side is Side.SELL:
            return None
        account = intent.account
        custodian = intent.market.custodians.get(account.custodian)
        if custodian is None:
            says = f"the fees of custodian {account.custodian} are not known"
            return Breach(self.code, Severity.HARD, Decimal(1), Decimal(0), "blocks", says)
        own = [leg for leg in intent.legs if leg.account == account.id]
        proceeds = _added(own, Side.SELL, custodian.ticket_fee, up_to=None)
        cost = -_added(own, Side.BUY, custodian.ticket_fee, up_to=intent.leg.leg)
        power = account.cash.available + max(proceeds, Decimal(0))
        if cost <= power:
            return None
        says = f"buys up to this one can take ${cost:,.2f}; cash and its own sells cover ${power:,.2f}"
        return Breach(self.code, Severity.HARD, cost, power, "USD", says)


def _added(legs: list[Leg], side: Side, ticket_fee: Decimal, *, up_to: int | None) -> Decimal:
    counted = [leg for leg in legs if leg.side is side and (up_to is None or leg.leg <= up_to)]
    return sum((worst_cash(leg, ticket_fee) for leg in counted), Decimal(0))
