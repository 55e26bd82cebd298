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
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from core.book.counted import NONE_COUNTED, Counted
from core.book.gains import Realised
from core.book.picture import Lot
from core.errors import IntegrityLost
from core.fact import Fact
from core.firm.events import LotReceived
from core.ids import AccountId, LotId, OrderId, Symbol
from core.money import tidy, to_cents
from core.orders.content import Content, LotChoice
from core.orders.cost import cash_moved
from core.orders.events import OrderFilled, ProposalAssessed, Side

ZERO: Final = Decimal(0)
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
    contents = (Content.model_validate_json(fact.content) for fact in assessed)
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
        return _execute(lots, fact, choices)
    return lots


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


def _execute(lots: Lots, fill: OrderFilled, choices: Choices) -> Lots:
    counted = lots.counted.adding(f"{fill.order}/{fill.execution}")
    if counted is lots.counted:
        return lots
    return _buy(lots, fill, counted) if fill.side is Side.BUY else _sell(lots, fill, counted, choices)


def _receive(lots: Lots, fact: LotReceived) -> Lots:
    if fact.lot in lots.counted:
        return lots
    received = Lot(
        fact.lot, fact.symbol, fact.quantity, fact.cost_per_share, date.fromisoformat(fact.acquired_on)
    )
    return replace(lots, open=(*lots.open, received), counted=lots.counted.adding(fact.lot))


def _buy(lots: Lots, fill: OrderFilled, counted: Counted) -> Lots:
    cost = (-cash_moved(fill) / fill.quantity).quantize(COST_STEP, rounding=ROUND_HALF_EVEN)
    bought = Lot(
        id=lot_id_for(fill.order, fill.execution),
        symbol=fill.symbol,
        quantity=fill.quantity,
        cost_per_share=cost,
        acquired_on=date.fromisoformat(fill.trade_date),
    )
    return replace(lots, open=(*lots.open, bought), counted=counted)


def _sell(lots: Lots, fill: OrderFilled, counted: Counted, choices: Choices) -> Lots:
    sold = lots.sold.get(fill.order, ZERO)
    moved = cash_moved(fill)
    used = _used(fill, _promised(choices.get(fill.order, ()), sold))
    held = {lot.id: lot for lot in lots.open}
    closed = []
    left = moved
    for n, choice in enumerate(used):
        lot = held.get(choice.lot)
        if lot is None or lot.symbol != fill.symbol or lot.quantity < choice.quantity:
            raise _lost(fill, f"lot {choice.lot} does not hold {choice.quantity:f} shares of {fill.symbol}")
        last = n == len(used) - 1
        part = left if last else to_cents(moved * choice.quantity / fill.quantity)
        left -= part
        closed.append(_closed(lot, choice, fill, part))
        if lot.quantity == choice.quantity:
            del held[lot.id]
        else:
            held[lot.id] = lot.without(choice.quantity)
    return replace(
        lots,
        open=tuple(held.values()),
        closed=(*lots.closed, *closed),
        counted=counted,
        sold={**lots.sold, fill.order: sold + fill.quantity},
    )


class Part(NamedTuple):
    """Shares of one lot."""

    lot: LotId
    quantity: Decimal


def _promised(choices: Iterable[LotChoice], sold: Decimal) -> Iterator[Part]:
    """What is left of these choices after `sold` shares went through them in order."""
    for choice in choices:
        used = min(choice.quantity, sold)
        sold -= used
        if choice.quantity > used:
            yield Part(choice.lot, choice.quantity - used)


def _used(fill: OrderFilled, left: Iterable[Part]) -> tuple[Part, ...]:
    used = []
    wanted = fill.quantity
    for choice in left:
        taken = min(choice.quantity, wanted)
        if taken > 0:
            used.append(Part(choice.lot, taken))
            wanted -= taken
    if wanted > 0:
        raise _lost(fill, f"{wanted:f} of {fill.quantity:f} shares have no lot that people decided on")
    return tuple(used)


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
