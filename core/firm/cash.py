"""The opening cash of the demo's accounts, and what is due from it.

Rule 1: deposits are what the weights leave, to the cent; a held deposit is part of that and not yet good.
Rule 2: an advised account pays a quarter of one percent on the first business day of the year. Cash covers
what is due everywhere but in the accounts whose condition says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.firm.draw import Draw
from core.firm.events import CashDeposited, FeeScheduled, WithdrawalScheduled
from core.firm.households import Account, Authority, Condition
from core.market.calendar import next_session
from core.money import to_cents

FEE_DUE_ON: Final = date(2023, 1, 3)
GOOD_ON: Final = date(2023, 1, 4)

_QUARTERLY: Final = Decimal("0.0025")
_HUNDRED: Final = Decimal(100)
_HELD_PART: Final = Decimal("0.2")
_FIRST_WITHDRAWAL: Final = date(2023, 1, 3)


def deposits(account: Account, cash: Decimal) -> Iterator[CashDeposited]:
    """`cash` dollars in one deposit, or two where some of it came by cheque yesterday."""
    held = to_cents(cash * _HELD_PART) if account.condition is Condition.EXCESS_CASH else Decimal(0)
    good = to_cents(cash) - held
    if good:
        yield CashDeposited(account=account.id, deposit=f"dep-{_digits(account)}-1", amount=good)
    if held:
        yield CashDeposited(
            account=account.id,
            deposit=f"dep-{_digits(account)}-2",
            amount=held,
            held_until=GOOD_ON.isoformat(),
        )


def withdrawals(account: Account, cash: Decimal, draw: Draw) -> Iterator[WithdrawalScheduled]:
    """One where the condition asks for one that cash does not cover; a small one now and then elsewhere."""
    short = account.condition is Condition.SHORT_OF_CASH
    covered = account.condition is Condition.STEADY and draw.between(1, 7, "withdraws") == 1
    if not (short or covered) or account.status != "open":
        return
    part = draw.between(150, 300, "short by") if short else draw.between(15, 30, "part")
    amount = (cash * part / _HUNDRED // _HUNDRED) * _HUNDRED
    due_on = next_session(_FIRST_WITHDRAWAL + timedelta(days=draw.between(0, 9, "due")))
    if amount:
        yield WithdrawalScheduled(
            account=account.id, schedule=f"wdr-{_digits(account)}-1", amount=amount, due_on=due_on.isoformat()
        )


def fees(account: Account) -> Iterator[FeeScheduled]:
    """The advisory fee of the coming quarter, in dollars. Brokerage accounts pay by the ticket instead."""
    if account.authority is not Authority.BROKERAGE:
        yield FeeScheduled(
            account=account.id,
            schedule=f"fee-{_digits(account)}-2023q1",
            amount=to_cents(account.value * _QUARTERLY),
            due_on=FEE_DUE_ON.isoformat(),
        )


def _digits(account: Account) -> str:
    return account.id.removeprefix("acc-")
