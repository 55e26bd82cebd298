"""Cash of an account: a pure fold of deposits, executions and settlements.

Rule 1: an execution moves unsettled cash; settlement moves exactly that much from unsettled to settled.
Rule 2: a deposit with a date is held until that date and settled from it on.
Rule 3: a deposit, an execution, a correction or a settlement that appears twice counts once. A correction
    moves unsettled cash, however late: a second settlement of the trade moves the difference.
Rule 4: what is reserved is the append's to say; it comes in beside the fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from core.book import picture
from core.book.counted import NONE_COUNTED, Counted
from core.errors import IntegrityLost
from core.fact import Fact, is_of
from core.firm.events import CashDeposited
from core.ids import AccountId
from core.orders.corrections import Correction
from core.orders.events import OrderFilled, TradeSettled
from core.orders.trade import CORRECTIONS, Change, Execution, TradeKey, change_of, execution_of, trade_key

ZERO: Final = Decimal(0)


class Deposit(NamedTuple):
    amount: Decimal
    held_until: date | None


class CashBook(msgspec.Struct, frozen=True, gc=False):
    """One account, dollars. `unsettled` is by trade: what sales bring and purchases take when they settle."""

    deposits: Mapping[str, Deposit]
    settled: Decimal  # of trades
    unsettled: Mapping[TradeKey, Decimal]
    settlements: Counted  # trades
    counted: Counted  # executions


NO_CASH: Final = CashBook(
    deposits={}, settled=ZERO, unsettled={}, settlements=NONE_COUNTED, counted=NONE_COUNTED
)


def apply(book: CashBook, fact: Fact) -> CashBook:
    """One account's cash after one of its facts; facts that move no money change nothing.

    Raises:
        IntegrityLost: a settlement is not what the trade's executions left unsettled. Nothing is changed.
    """
    if type(fact) is CashDeposited:
        return _deposit(book, fact)
    if type(fact) is OrderFilled:
        return execute(book, execution_of(fact))
    if is_of(fact, CORRECTIONS):
        return correct(book, change_of(fact))
    if type(fact) is TradeSettled:
        return _settle(book, fact)
    return book


def execute(book: CashBook, execution: Execution) -> CashBook:
    """One account's cash after one of its fills."""
    return _move(book, execution.name, execution.trade, execution.moved)


def correct(book: CashBook, change: Change) -> CashBook:
    """One account's cash after one correction of a fill."""
    return _move(book, change.name, change.trade, change.moved)


def fold(facts: Iterable[Fact]) -> Mapping[AccountId, CashBook]:
    """Every account's cash after these facts, in this order.

    Raises:
        IntegrityLost: as `apply`.
    """
    books: dict[AccountId, CashBook] = {}
    for fact in facts:
        if isinstance(fact, CashDeposited | OrderFilled | Correction | TradeSettled):
            books[fact.account] = apply(books.get(fact.account, NO_CASH), fact)
    return books


def on(book: CashBook, day: date, *, reserved: Decimal) -> picture.Cash:
    """The account's cash on a business day, with what the append has reserved."""
    held = sum((d.amount for d in book.deposits.values() if d.held_until and day < d.held_until), ZERO)
    deposited = sum((d.amount for d in book.deposits.values()), ZERO)
    return picture.Cash(
        settled=deposited - held + book.settled,
        unsettled=sum(book.unsettled.values(), ZERO),
        held=held,
        reserved=reserved,
    )


def awaits(book: CashBook, day: date) -> bool:
    """Whether a deposit is not good yet on that day."""
    return any(d.held_until is not None and day < d.held_until for d in book.deposits.values())


def _move(book: CashBook, name: str, trade: TradeKey, dollars: Decimal) -> CashBook:
    counted = book.counted.adding(name)
    if counted is book.counted:
        return book
    unsettled = {**book.unsettled, trade: book.unsettled.get(trade, ZERO) + dollars}
    return CashBook(book.deposits, book.settled, unsettled, book.settlements, counted)


def _deposit(book: CashBook, fact: CashDeposited) -> CashBook:
    if fact.deposit in book.deposits:
        return book
    until = date.fromisoformat(fact.held_until) if fact.held_until else None
    return replace(book, deposits={**book.deposits, fact.deposit: Deposit(fact.amount, until)})


def _settle(book: CashBook, fact: TradeSettled) -> CashBook:
    trade = trade_key(fact.order, fact.trade_date)
    due = book.unsettled.get(trade)
    if trade in book.settlements and due is None:
        return book
    if due != fact.net_amount:
        raise IntegrityLost(
            f"order {fact.order!r} of {fact.trade_date} settled {fact.net_amount:f}, and {due} was unsettled",
            fix="stop and reconcile with the custodian",
        )
    left = dict(book.unsettled)
    del left[trade]
    return replace(
        book, settled=book.settled + due, unsettled=left, settlements=book.settlements.adding(trade)
    )
