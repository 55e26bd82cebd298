"""Would what must stay in cash still be there?"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from core.orders.cost import worst_cash
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_least
from core.risk.policy import Breach, Severity


class CashFloor:
    """After all legs at their worst, what is due can be paid and the IPS's floor stays in cash. Soft.

    Withdrawals, fees and required minimum distributions that are due within the firm's horizon are paid from
    money that can be spent; held deposits count toward the floor alone.

    Source: the account's investment policy statement; 17 CFR 240.15l-1(a)(2)(ii)(B) and (b)(2) (liquidity
    needs are part of the customer's investment profile); 26 USC 401(a)(9) and 408(a)(6) (what must leave an
    IRA each year).
    """

    code: ClassVar[str] = "cash_floor"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        custodian, account = intent.standing.custodian, intent.account
        if not intent.buys or custodian is None:
            return None
        due = NONE
        if account.outflows:
            until = intent.market.session + limits.outflow_horizon
            due = sum((flow.amount for flow in account.outflows if flow.due_on <= until), NONE)
        floor = account.ips.cash_floor if account.ips else NONE
        if floor == NONE == due:
            return None  # what can be spent at all is another policy's question
        before = intent.standing.available
        after = before + _moved(intent, custodian.ticket_fee)
        held = account.cash.held
        needed = max(due, due + floor - held)
        if after >= needed:
            return None
        says = f"${after:,.2f} would be left to spend; ${due:,.2f} is due and the floor is ${floor:,.2f}"
        return at_least(
            self.code, Severity.SOFT, before=before, observed=after, limit=needed, unit="USD", says=says
        )


def _moved(intent: Intent, ticket_fee: Decimal) -> Decimal:
    if len(intent.own) == 1 and intent.worst_cash is not None:
        return intent.worst_cash
    return sum((worst_cash(leg, ticket_fee) for leg in intent.own), NONE)
