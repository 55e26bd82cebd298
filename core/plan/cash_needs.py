"""How much cash an account must keep.

Rule 1: an outflow that is due, or overdue, is paid from money that can be spent: held deposits do not count.
Rule 2: money that is due is no drift: an account is measured against its model without it.
Rule 3: the floor of the investment policy statement stands after the outflows; held deposits count toward it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from core.book.picture import Account


@dataclass(frozen=True, slots=True)
class CashNeed:
    """Dollars."""

    due: Decimal
    floor: Decimal


def cash_need(account: Account, *, session: date, horizon: timedelta) -> CashNeed:
    """What is due by the end of the horizon, and what must stay after it."""
    due = sum((flow.amount for flow in account.outflows if flow.due_on <= session + horizon), Decimal(0))
    return CashNeed(due=due, floor=account.ips.cash_floor if account.ips else Decimal(0))


def spare_cash(account: Account, need: CashNeed) -> Decimal:
    """Dollars that may be spent. Negative: what must be raised."""
    available = account.cash.available
    return min(available - need.due, available + account.cash.held - need.due - need.floor)


def lasting(account: Account, need: CashNeed) -> Account:
    """The account once what is due has left: what it should be compared with its model by."""
    if not need.due:
        return account
    return replace(account, cash=replace(account.cash, settled=account.cash.settled - need.due))
