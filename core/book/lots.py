"""Tax lots: a pure fold of what was received, bought and sold.

Rule 1: a sale closes the lots that people decided on, in their order, and no others. There is no fallback:
a sale without a choice, or beyond it, is lost integrity.
Rule 2: an execution or an opening lot that appears twice counts once.
Rule 3: a purchase opens one lot an execution; its id is derived, its cost includes the fee.
Rule 4: shares and cents are conserved: what a sale's lots bring adds up to what the sale brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from typing import Final

import msgspec

from core.book.counted import NONE_COUNTED, Counted
from core.book.gains import Realised
from core.book.picture import Lot
from core.errors import IntegrityLost
from core.fact import Fact
from core.firm.events import LotReceived
from core.ids import AccountId, LotId, OrderId, Symbol
from core.money import tidy, to_cents
from core.orders.content import Content, LotChoice, content_read
from core.orders.events import OrderFilled, ProposalAssessed, Side
from core.orders.trade import Execution, execution_of

ZERO: Final = Decimal(0)
SELL: Final = Side.SELL
COST_STEP: Final = Decimal("0.000001")
Choices = Mapping[OrderId, Sequence[LotChoice]]


class Closed(msgspec.Struct, frozen=True, gc=False):
    """Shares that one execution sold out of one lot."""

    lot: LotId
    symbol: Symbol
    order: OrderId
    execution: str
    sale: Realised


class Lots(msgspec.Struct, frozen=True, gc=False):
    """One account. `open` is in the order that lots came; `counted` are opening lots and executions;
    `sold` is how far each order has gone through its choices."""

    open: tuple[Lot, ...]
    closed: tuple[Closed, ...]
    counted: Counted
    sold: Mapping[OrderId, Decimal]


NO_LOTS: Final = Lots(open=(), closed=(), counted=NONE_COUNTED, sold={})


def lot_id_for(order: OrderId, execution: str) -> LotId:
    """The lot that a purchase opens. Same order and execution, same id: a second copy is no second lot."""
    return LotId("lot-" + sha256(f"{order}/{execution}".encode()).hexdigest()[:24])


def choices_in(facts: Iterable[Fact]) -> Choices:
    """The lots that each sale uses, from the texts that people decided on."""
    assessed = (fact for fact in facts if isinstance(fact, ProposalAssessed))
    contents = (content_read(fact.content) for fact in assessed)
    return {order: chosen for content in contents for order, chosen in choices_of(content).items()}


def choices_of(content: Content) -> Mapping[OrderId, tuple[LotChoice, ...]]:
    """The lots that each sale of one proposal uses."""
    return {leg.order: leg.lots for leg in content.legs if leg.side is Side.SELL}


def choices_left(choices: Sequence[LotChoice], sold: Decimal) -> tuple[LotChoice, ...]:
    """What is still promised of these choices after `sold` shares went through them in order."""
    return tuple(LotChoice(lot=part.lot, quantity=tidy(part.quantity)) for part in _promised(choices, sold))


def apply(lots: Lots, fact: Fact, choices: Choices) -> Lots:
    """One account's lots after one of its facts; facts that move no shares change nothing.

    Raises:
        IntegrityLost: a sale has no lots chosen, or the chosen ones do not hold what was sold. The lots
            are unchanged.
    """
    if type(fact) is LotReceived:
        return _receive(lots, fact)
    if type(fact) is OrderFilled:
        return execute(lots, execution_of(fact), choices)
    return lots


def execute(lots: Lots, execution: Execution, choices: Choices) -> Lots:
    """One account's lots after one of its fills. Raises as `apply`."""
    counted = lots.counted.adding(execution.name)
    if counted is lots.counted:
        return lots
    if execution.fill.side is SELL:
        return _sell(lots, execution, counted, choices)
    return _buy(lots, execution, counted)


def fold(facts: Iterable[Fact], choices: Choices) -> Mapping[AccountId, Lots]:
    """Every account's lots after these facts, in this order.

    Raises:
        IntegrityLost: as `apply`.
    """
    book: dict[AccountId, Lots] = {}
    for fact in facts:
        if isinstance(fact, LotReceived | OrderFilled):
            book[fact.account] = apply(book.get(fact.account, NO_LOTS), fact, choices)
    return book


def _receive(lots: Lots, fact: LotReceived) -> Lots:
    counted = lots.counted.adding(fact.lot)
    if counted is lots.counted:
        return lots
    received = Lot(
        fact.lot, fact.symbol, fact.quantity, fact.cost_per_share, date.fromisoformat(fact.acquired_on)
    )
    return Lots((*lots.open, received), lots.closed, counted, lots.sold)


def _buy(lots: Lots, execution: Execution, counted: Counted) -> Lots:
    fill = execution.fill
    cost = (-execution.moved / fill.quantity).quantize(COST_STEP, ROUND_HALF_EVEN)
    bought = Lot(
        id=lot_id_for(fill.order, fill.execution),
        symbol=fill.symbol,
        quantity=fill.quantity,
        cost_per_share=cost,
        acquired_on=date.fromisoformat(fill.trade_date),
    )
    return Lots((*lots.open, bought), lots.closed, counted, lots.sold)


def _sell(lots: Lots, execution: Execution, counted: Counted, choices: Choices) -> Lots:
    fill, moved = execution.fill, execution.moved
    sold = lots.sold.get(fill.order, ZERO)
    used = _used(fill, _promised(choices.get(fill.order, ()), sold))
    held, closed, left = [*lots.open], [*lots.closed], moved
    for n, choice in enumerate(used, start=1):
        at = _place(held, choice, fill)
        lot = held[at]
        part = left if n == len(used) else to_cents(moved * choice.quantity / fill.quantity)
        left -= part
        closed.append(_closed(lot, choice, fill, part))
        if lot.quantity == choice.quantity:
            del held[at]
        else:
            held[at] = lot.without(choice.quantity)
    return Lots(tuple(held), tuple(closed), counted, {**lots.sold, fill.order: sold + fill.quantity})


def _place(held: Sequence[Lot], choice: Part, fill: OrderFilled) -> int:
    """Where the chosen lot stands."""
    for at, lot in enumerate(held):
        if lot.id == choice.lot:
            if lot.symbol == fill.symbol and lot.quantity >= choice.quantity:
                return at
            break
    raise _lost(fill, f"lot {choice.lot} does not hold {choice.quantity:f} shares of {fill.symbol}")


class Part(msgspec.Struct, frozen=True, gc=False):
    """Shares of one lot."""

    lot: LotId
    quantity: Decimal


def _promised(choices: Iterable[LotChoice], sold: Decimal) -> Iterator[Part]:
    """What is left of these choices after `sold` shares went through them in order."""
    for choice in choices:
        left = choice.quantity
        if sold:
            used = min(left, sold)
            sold -= used
            left -= used
        if left > ZERO:
            yield Part(choice.lot, left)


def _used(fill: OrderFilled, left: Iterable[Part]) -> tuple[Part, ...]:
    used = []
    wanted = fill.quantity
    for part in left:
        used.append(part if part.quantity <= wanted else Part(part.lot, wanted))
        wanted -= part.quantity
        if wanted <= ZERO:
            return tuple(used)
    raise _lost(fill, f"{wanted:f} of {fill.quantity:f} shares have no lot that people decided on")


def _closed(lot: Lot, choice: Part, fill: OrderFilled, proceeds: Decimal) -> Closed:
    return Closed(
        lot=lot.id,
        symbol=lot.symbol,
        order=fill.order,
        execution=fill.execution,
        sale=Realised(
            quantity=choice.quantity,
            proceeds=proceeds,
            cost=to_cents(choice.quantity * lot.cost_per_share),
            acquired_on=lot.acquired_on,
            sold_on=date.fromisoformat(fill.trade_date),
        ),
    )


def _lost(fill: OrderFilled, says: str) -> IntegrityLost:
    return IntegrityLost(
        f"execution {fill.execution!r} of order {fill.order!r}: {says}", fix="stop and compare with the venue"
    )
