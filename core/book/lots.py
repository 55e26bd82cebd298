"""Tax lots: a pure fold of what was received, bought and sold.

Rule 1: a sale closes the lots that people decided on, in their order, and no others. There is no fallback:
a sale without a choice, or beyond it, is lost integrity.
Rule 2: an execution or an opening lot that appears twice counts once.
Rule 3: a purchase opens one lot an execution; its id is derived, its cost includes the fee.
Rule 4: shares and cents are conserved: what a sale's lots bring adds up to what the sale brought.
Rule 5: a sale's executions go through its choices by trade date, then by the venue's own id, in whatever
    order they came: the same executions, the same lots. A correction makes the sale go through them anew.
Rule 6: a purchase that is taken back takes its lot away, even where some of it was sold since: what is then
    missing stays in the lot as less than nothing, for people to see. No later sale is left unbooked by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from core.book.counted import NONE_COUNTED, Counted
from core.book.gains import Realised
from core.book.picture import Lot
from core.errors import IntegrityLost
from core.fact import Fact, is_of
from core.firm.events import LotReceived
from core.ids import AccountId, LotId, OrderId, Symbol
from core.money import tidy, to_cents
from core.orders.content import Content, LotChoice, content_read
from core.orders.corrections import Correction, TradeCorrected
from core.orders.cost import dollars_moved
from core.orders.events import OrderFilled, ProposalAssessed, Side
from core.orders.trade import CORRECTIONS, Change, Execution, change_of, execution_of

ZERO: Final = Decimal(0)
SELL: Final = Side.SELL
COST_STEP: Final = Decimal("0.000001")
Choices = Mapping[OrderId, Sequence[LotChoice]]


class Closed(msgspec.Struct, frozen=True, gc=False):
    """Shares that one execution sold out of one lot. `cost_per_share` is the lot's own."""

    lot: LotId
    symbol: Symbol
    order: OrderId
    execution: str
    sale: Realised
    cost_per_share: Decimal


class Gone(msgspec.Struct, frozen=True, gc=False):
    """How far a sale has gone through its choices, and its last execution by trade date and id."""

    shares: Decimal
    day: date
    execution: str


class Lots(msgspec.Struct, frozen=True, gc=False):
    """One account. `open` is in the order that lots came; `counted` are opening lots, executions and
    corrections; `undone` are lots of purchases that were taken back or made smaller, without shares."""

    open: tuple[Lot, ...]
    closed: tuple[Closed, ...]
    counted: Counted
    sold: Mapping[OrderId, Gone]
    undone: Mapping[LotId, Lot] = {}


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
    if is_of(fact, CORRECTIONS):
        return correct(lots, change_of(fact), choices)
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
        if isinstance(fact, LotReceived | OrderFilled | Correction):
            book[fact.account] = apply(book.get(fact.account, NO_LOTS), fact, choices)
    return book


def correct(lots: Lots, change: Change, choices: Choices) -> Lots:
    """One account's lots after one correction of a fill. Raises as `apply`."""
    counted = lots.counted.adding(change.name)
    if counted is lots.counted:
        return lots
    if change.of.side is SELL:
        return _sell_anew(replace(lots, counted=counted), change, choices)
    return _bought_anew(replace(lots, counted=counted), change)


def _receive(lots: Lots, fact: LotReceived) -> Lots:
    counted = lots.counted.adding(fact.lot)
    if counted is lots.counted:
        return lots
    received = Lot(
        fact.lot, fact.symbol, fact.quantity, fact.cost_per_share, date.fromisoformat(fact.acquired_on)
    )
    return replace(lots, open=(*lots.open, received), counted=counted)


def _buy(lots: Lots, execution: Execution, counted: Counted) -> Lots:
    fill = execution.fill
    bought = Lot(
        id=lot_id_for(fill.order, fill.execution),
        symbol=fill.symbol,
        quantity=fill.quantity,
        cost_per_share=_cost(execution.moved, fill.quantity),
        acquired_on=date.fromisoformat(fill.trade_date),
    )
    return replace(lots, open=(*lots.open, bought), counted=counted)


def _bought_anew(lots: Lots, change: Change) -> Lots:
    """The lot of that purchase as it stands now, and what was sold of it since at its new cost."""
    fact = change.of
    name = lot_id_for(fact.order, fact.execution)
    paid = next((part.cost_per_share for part in lots.closed if part.lot == name), ZERO)
    empty = Lot(name, fact.symbol, ZERO, paid, date.fromisoformat(fact.trade_date))
    known = next((lot for lot in lots.open if lot.id == name), lots.undone.get(name, empty))
    cost = known.cost_per_share
    if type(fact) is TradeCorrected:
        cost = _cost(dollars_moved(fact.side, fact.now), fact.now.quantity)
    held = replace(known, quantity=known.quantity + change.shares, cost_per_share=cost)
    closed = tuple(_at_cost(part, cost) if part.lot == name else part for part in lots.closed)
    undone = {**lots.undone, name: replace(held, quantity=ZERO)}
    return replace(lots, open=_put(lots.open, held), closed=closed, undone=undone)


def _at_cost(part: Closed, cost: Decimal) -> Closed:
    paid = to_cents(part.sale.quantity * cost)
    return replace(part, cost_per_share=cost, sale=replace(part.sale, cost=paid))


def _put(held: Sequence[Lot], lot: Lot) -> tuple[Lot, ...]:
    """These lots with that one as it is now: where it stood, at the end if it is new, nowhere if empty."""
    if all(one.id != lot.id for one in held):
        return (*held, lot) if lot.quantity else tuple(held)
    return tuple(lot if one.id == lot.id else one for one in held if lot.quantity or one.id != lot.id)


def _sell(lots: Lots, execution: Execution, counted: Counted, choices: Choices) -> Lots:
    fill = execution.fill
    sale = Sale(fill.execution, fill.quantity, execution.moved, date.fromisoformat(fill.trade_date))
    before = lots.sold.get(fill.order)
    after = replace(lots, counted=counted)
    if before is None or (before.day, before.execution) < (sale.day, sale.execution):
        return _gone_through(after, fill, sale, choices)
    return _again(after, fill, [*_sales(lots, fill.order), sale], choices)


def _sell_anew(lots: Lots, change: Change, choices: Choices) -> Lots:
    fact = change.of
    sales = [sale for sale in _sales(lots, fact.order) if sale.execution != fact.execution]
    if type(fact) is TradeCorrected:
        brought = dollars_moved(fact.side, fact.now)
        day = date.fromisoformat(fact.trade_date)
        sales.append(Sale(fact.execution, fact.now.quantity, brought, day))
    return _again(lots, fact, sales, choices)


def _again(lots: Lots, of: OrderFilled | Correction, sales: Iterable[Sale], choices: Choices) -> Lots:
    """The account with these executions of that sale, as if they had come in their order."""
    held, closed = lots.open, list[Closed]()
    for part in lots.closed:
        if part.order != of.order:
            closed.append(part)
            continue
        bare = Lot(part.lot, part.symbol, ZERO, part.cost_per_share, part.sale.acquired_on)
        known = next((lot for lot in held if lot.id == part.lot), bare)
        held = _put(held, replace(known, quantity=known.quantity + part.sale.quantity))
    sold = {order: gone for order, gone in lots.sold.items() if order != of.order}
    after = replace(lots, open=held, closed=tuple(closed), sold=sold)
    for sale in sorted(sales, key=lambda sale: (sale.day, sale.execution)):
        after = _gone_through(after, of, sale, choices)
    return after


def _sales(lots: Lots, order: OrderId) -> list[Sale]:
    """The executions of a sale, from what they closed."""
    found: dict[str, Sale] = {}
    for part in lots.closed:
        if part.order == order:
            sale = part.sale
            known = found.get(part.execution, Sale(part.execution, ZERO, ZERO, sale.sold_on))
            found[part.execution] = known.with_part(sale.quantity, sale.proceeds)
    return list(found.values())


def _gone_through(lots: Lots, of: OrderFilled | Correction, sale: Sale, choices: Choices) -> Lots:
    before = lots.sold.get(of.order)
    sold = before.shares if before is not None else ZERO
    used = _used(of, sale, _promised(choices.get(of.order, ()), sold))
    held, closed, left = [*lots.open], [*lots.closed], sale.moved
    for n, choice in enumerate(used, start=1):
        at = _place(held, choice, of, lots.undone)
        lot = held[at]
        part = left if n == len(used) else to_cents(sale.moved * choice.quantity / sale.quantity)
        left -= part
        closed.append(_closed(lot, choice, of.order, sale, part))
        if lot.quantity == choice.quantity:
            del held[at]
        else:
            held[at] = lot.without(choice.quantity)
    gone = {**lots.sold, of.order: Gone(sold + sale.quantity, sale.day, sale.execution)}
    return Lots(tuple(held), tuple(closed), lots.counted, gone, lots.undone)


def _place(held: list[Lot], choice: Part, of: OrderFilled | Correction, undone: Mapping[LotId, Lot]) -> int:
    """Where the chosen lot stands. One that was taken back may be sold below nothing: it was promised."""
    for at, lot in enumerate(held):
        if lot.id == choice.lot:
            if lot.symbol == of.symbol and (lot.quantity >= choice.quantity or lot.id in undone):
                return at
            break
    else:
        if choice.lot in undone:
            held.append(undone[choice.lot])
            return len(held) - 1
    raise _lost(of, f"lot {choice.lot} does not hold {choice.quantity:f} shares of {of.symbol}")


def _cost(moved: Decimal, quantity: Decimal) -> Decimal:
    """Dollars per share of a purchase, its fee included."""
    return (-moved / quantity).quantize(COST_STEP, ROUND_HALF_EVEN)


class Sale(msgspec.Struct, frozen=True, gc=False):
    """One execution of a sale: its shares, what they brought after fees, and the trade date."""

    execution: str
    quantity: Decimal
    moved: Decimal
    day: date

    def with_part(self, quantity: Decimal, moved: Decimal) -> Sale:
        return Sale(self.execution, self.quantity + quantity, self.moved + moved, self.day)


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


def _used(of: OrderFilled | Correction, sale: Sale, left: Iterable[Part]) -> tuple[Part, ...]:
    used = []
    wanted = sale.quantity
    for part in left:
        used.append(part if part.quantity <= wanted else Part(part.lot, wanted))
        wanted -= part.quantity
        if wanted <= ZERO:
            return tuple(used)
    raise _lost(of, f"{wanted:f} of {sale.quantity:f} shares have no lot that people decided on")


def _closed(lot: Lot, choice: Part, order: OrderId, sale: Sale, proceeds: Decimal) -> Closed:
    return Closed(
        lot=lot.id,
        symbol=lot.symbol,
        order=order,
        execution=sale.execution,
        sale=Realised(
            quantity=choice.quantity,
            proceeds=proceeds,
            cost=to_cents(choice.quantity * lot.cost_per_share),
            acquired_on=lot.acquired_on,
            sold_on=sale.day,
        ),
        cost_per_share=lot.cost_per_share,
    )


def _lost(of: OrderFilled | Correction, says: str) -> IntegrityLost:
    return IntegrityLost(
        f"execution {of.execution!r} of order {of.order!r}: {says}", fix="stop and compare with the venue"
    )
