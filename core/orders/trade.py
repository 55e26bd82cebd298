"""The life of a trade: an order's executions of one account and trade date, whatever became of the order.

Rule 1: a step not in `STEPS` cannot happen. The append holds the same table (`gatehouse.trade_step`).
Rule 2: an execution or a correction that appears twice counts once; one that comes after the allocation
    reopens it. What comes after the confirmation makes the trade `CORRECTED`: a new confirmation is due.
Rule 3: a trade of which nothing is left is `BUSTED`. Whoever was told of it is told that it was taken back.
Rule 4: the allocation, and the money at settlement, are what the executions add up to, or it is no step. A
    settlement after a correction moves what is not settled yet, and no more.
Rule 5: a trade that is stepped out or given up settles by another broker. Its figures stay ours.
Rule 6: executions and corrections may come in any order in which each correction follows what it names: the
    figures are the same.
The diagram in `docs/trade-life.md` is drawn from `STEPS`; a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final, NewType, get_args

import msgspec
from msgspec.structs import replace

from core.errors import IllegalTransition
from core.fact import Fact, is_of
from core.ids import AccountId, OrderId, Symbol
from core.orders.allocations import TradeGivenUp, TradeSteppedOut
from core.orders.blocks import BlockChange, BlockCorrected
from core.orders.corrections import Correction, TradeBusted, TradeCorrected, TradeFailedToSettle
from core.orders.cost import cash_moved, dollars_moved
from core.orders.events import OrderFilled, Side, TradeAllocated, TradeConfirmed, TradeSettled

ZERO: Final = Decimal(0)
PRICE_STEP: Final = Decimal("0.000001")


class Status(StrEnum):
    EXECUTED = "EXECUTED"
    ALLOCATED = "ALLOCATED"
    CONFIRMED = "CONFIRMED"
    SETTLED = "SETTLED"
    CORRECTED = "CORRECTED"
    BUSTED = "BUSTED"
    FAILED_TO_SETTLE = "FAILED_TO_SETTLE"
    STEPPED_OUT = "STEPPED_OUT"
    GIVEN_UP = "GIVEN_UP"


EXECUTIONS: Final = ("OrderFilled", "TradeCorrected", "TradeBusted")
NOT_TOLD: Final = (Status.EXECUTED, Status.ALLOCATED)
PASSED_ON: Final = (Status.STEPPED_OUT, Status.GIVEN_UP)
TOLD: Final = (Status.CONFIRMED, Status.SETTLED, Status.CORRECTED, Status.FAILED_TO_SETTLE, *PASSED_ON)

STEPS: Final[Mapping[tuple[Status | None, str], Status]] = {
    (None, "OrderFilled"): Status.EXECUTED,
    **{(status, event): Status.EXECUTED for status in NOT_TOLD for event in EXECUTIONS},
    **{(status, event): Status.CORRECTED for status in TOLD for event in EXECUTIONS},
    (Status.BUSTED, "OrderFilled"): Status.EXECUTED,  # the venue printed it anew
    (Status.EXECUTED, "TradeAllocated"): Status.ALLOCATED,
    (Status.CORRECTED, "TradeAllocated"): Status.ALLOCATED,
    (Status.ALLOCATED, "TradeConfirmed"): Status.CONFIRMED,
    (Status.BUSTED, "TradeConfirmed"): Status.BUSTED,  # that it was taken back
    (Status.CONFIRMED, "TradeSteppedOut"): Status.STEPPED_OUT,
    (Status.CONFIRMED, "TradeGivenUp"): Status.GIVEN_UP,
    **{(status, "TradeFailedToSettle"): Status.FAILED_TO_SETTLE for status in PASSED_ON},
    **{(status, "TradeSettled"): Status.SETTLED for status in PASSED_ON},
    (Status.CONFIRMED, "TradeFailedToSettle"): Status.FAILED_TO_SETTLE,
    (Status.FAILED_TO_SETTLE, "TradeFailedToSettle"): Status.FAILED_TO_SETTLE,  # another day
    (Status.CONFIRMED, "TradeSettled"): Status.SETTLED,
    (Status.FAILED_TO_SETTLE, "TradeSettled"): Status.SETTLED,
    (Status.BUSTED, "TradeSettled"): Status.BUSTED,  # what had settled goes back
}
AGAIN: Final = (Status.EXECUTED, Status.CORRECTED)
"""Rule 2, for the diagram: the second instead of the first where the trade was confirmed before."""
UNDONE: Final = (Status.EXECUTED, Status.CORRECTED), Status.BUSTED
"""Rule 3, for the diagram: instead of either, when nothing is left."""

TradeKey = NewType("TradeKey", str)
TradeEvent = (
    OrderFilled
    | TradeCorrected
    | TradeBusted
    | TradeAllocated
    | TradeConfirmed
    | TradeFailedToSettle
    | TradeSettled
    | TradeSteppedOut
    | TradeGivenUp
)
TRADE_EVENTS: Final[frozenset[type[TradeEvent]]] = frozenset(get_args(TradeEvent))
CORRECTIONS: Final[frozenset[type[Correction]]] = frozenset(get_args(Correction))


_NEXT: Final[Mapping[type[TradeEvent], Mapping[Status | None, Status]]] = {
    kind: {before: after for (before, event), after in STEPS.items() if event == kind.event_type()}
    for kind in TRADE_EVENTS
}
"""`STEPS` by the kind of the event."""


class Execution(msgspec.Struct, frozen=True, gc=False):
    """A fill, with what several folds need of it. `name` tells it from every other; `moved` is dollars into
    the account, fees included."""

    fill: OrderFilled
    name: str
    trade: TradeKey
    moved: Decimal


class Change(msgspec.Struct, frozen=True, gc=False):
    """What one correction adds to what was booked. `name` tells it from every other; `moved` is dollars into
    the account, fees included."""

    of: Correction
    name: str
    trade: TradeKey
    shares: Decimal
    paid: Decimal
    fees: Decimal
    moved: Decimal


class Trade(msgspec.Struct, frozen=True, gc=False):
    """`net_amount` is dollars into the account: what a sale brought or a purchase took, fees included.

    `settled` of it has changed hands. `told` is how many executions and corrections the newest confirmation
    speaks of; 0: there is none."""

    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    trade_date: str
    settles_on: str
    status: Status
    quantity: Decimal
    paid: Decimal  # dollars of all executions, before fees and unrounded
    fees: Decimal
    net_amount: Decimal
    executions: frozenset[str]
    corrections: frozenset[str] = frozenset()  # as `execution/revision`
    settled: Decimal = ZERO
    told: int = 0
    failed_on: str | None = None  # the last business day on which the custodian did not settle it
    passed_to: str | None = None  # the broker that settles it in our stead

    @property
    def changes(self) -> int:
        """Executions and corrections so far."""
        return len(self.executions) + len(self.corrections)

    @property
    def due(self) -> Decimal:
        """Dollars that have not changed hands yet."""
        return self.net_amount - self.settled

    @property
    def average_price(self) -> Decimal:
        """Dollars per share at six decimals, half to even."""
        return (self.paid / self.quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN)


def trade_key(order: OrderId, trade_date: str) -> TradeKey:
    """What tells one trade from every other: the order and the trade date, as its stream has them."""
    return TradeKey(f"{order}/{trade_date}")


def execution_of(fill: OrderFilled) -> Execution:
    """What one fill says, worked out once."""
    order = fill.order
    return Execution(fill, f"{order}/{fill.execution}", trade_key(order, fill.trade_date), cash_moved(fill))


def difference(changed: Correction | BlockChange) -> tuple[Decimal, Decimal, Decimal]:
    """By how much shares, dollars before fees and fees are more than they were booked as."""
    was = changed.was
    shares, paid, fees = -was.quantity, -was.quantity * was.price, -was.fee
    if type(changed) is TradeCorrected or type(changed) is BlockCorrected:
        now = changed.now
        return shares + now.quantity, paid + now.quantity * now.price, fees + now.fee
    return shares, paid, fees


def change_of(correction: Correction) -> Change:
    """What one correction changes, worked out once."""
    order = correction.order
    shares, paid, fees = difference(correction)
    moved = -dollars_moved(correction.side, correction.was)
    if type(correction) is TradeCorrected:
        moved += dollars_moved(correction.side, correction.now)
    return Change(
        of=correction,
        name=f"{order}/{correction.execution}/{correction.revision}",
        trade=trade_key(order, correction.trade_date),
        shares=shares,
        paid=paid,
        fees=fees,
        moved=moved,
    )


def evolve(trade: Trade | None, event: TradeEvent) -> Trade:
    """Apply one event.

    Raises:
        IllegalTransition: `STEPS` has no such step, the event is of another trade, or its figures are not
            what the executions add up to. The trade is unchanged.
    """
    if type(event) is OrderFilled:
        return execute(trade, execution_of(event))
    if is_of(event, CORRECTIONS):
        return correct(trade, change_of(event))
    if trade is not None:
        _same(trade, event)
    status = _step(trade, event)
    known = _adding_up(trade, event)
    if type(event) is TradeConfirmed:
        return replace(known, status=status, told=known.changes)
    if type(event) is TradeSettled:
        return replace(known, status=status, settled=known.net_amount)
    if type(event) is TradeFailedToSettle:
        return replace(known, status=status, failed_on=event.session)
    if type(event) is TradeSteppedOut or type(event) is TradeGivenUp:
        return replace(known, status=status, passed_to=event.broker)
    return replace(known, status=status)


def execute(trade: Trade | None, execution: Execution) -> Trade:
    """Apply one fill. Raises as `evolve`."""
    fill = execution.fill
    if trade is not None:
        _same(trade, fill)
        if fill.execution in trade.executions:
            return trade
    status = _step(trade, fill)
    if trade is not None and trade.told:
        status = AGAIN[1]
    before = trade or Trade(
        order=fill.order,
        account=fill.account,
        symbol=fill.symbol,
        side=fill.side,
        trade_date=fill.trade_date,
        settles_on=fill.settles_on,
        status=status,
        quantity=ZERO,
        paid=ZERO,
        fees=ZERO,
        net_amount=ZERO,
        executions=frozenset(),
    )
    return replace(
        before,
        status=status,
        quantity=before.quantity + fill.quantity,
        paid=before.paid + fill.quantity * fill.price,
        fees=before.fees + fill.fee,
        net_amount=before.net_amount + execution.moved,
        executions=before.executions | {fill.execution},
    )


def correct(trade: Trade | None, change: Change) -> Trade:
    """Apply one correction. Raises as `evolve`."""
    event = change.of
    name = f"{event.execution}/{event.revision}"
    if trade is not None:
        _same(trade, event)
        if name in trade.corrections:
            return trade
    status = _step(trade, event)
    if trade is None or event.execution not in trade.executions:
        raise IllegalTransition(
            f"{event.event_type()} of execution {event.execution!r}, which order {event.order!r} never had",
            fix="book the execution first",
        )
    left = trade.quantity + change.shares
    if not left:
        status = UNDONE[1]
    elif trade.told:
        status = AGAIN[1]
    return replace(
        trade,
        status=status,
        quantity=left,
        paid=trade.paid + change.paid,
        fees=trade.fees + change.fees,
        net_amount=trade.net_amount + change.moved,
        corrections=trade.corrections | {name},
    )


def apply(trades: Mapping[TradeKey, Trade], fact: Fact) -> Mapping[TradeKey, Trade]:
    """All trades after one fact; facts of other lives change nothing.

    Raises:
        IllegalTransition: as `evolve`. Nothing is changed.
    """
    if not is_of(fact, TRADE_EVENTS):
        return trades
    key = trade_key(fact.order, fact.trade_date)
    return {**trades, key: evolve(trades.get(key), fact)}


def fold(facts: Iterable[Fact]) -> Mapping[TradeKey, Trade]:
    """All trades after these facts, in this order."""
    trades: Mapping[TradeKey, Trade] = {}
    for fact in facts:
        trades = apply(trades, fact)
    return trades


def allocated(trade: Trade) -> TradeAllocated:
    """The allocation of these executions at their average price."""
    return TradeAllocated(
        order=trade.order,
        account=trade.account,
        symbol=trade.symbol,
        side=trade.side,
        quantity=trade.quantity,
        average_price=trade.average_price,
        fees=trade.fees,
        trade_date=trade.trade_date,
        settles_on=trade.settles_on,
    )


def confirmed(trade: Trade) -> TradeConfirmed:
    return TradeConfirmed(order=trade.order, account=trade.account, trade_date=trade.trade_date)


def settled(trade: Trade) -> TradeSettled:
    return TradeSettled(
        order=trade.order, account=trade.account, trade_date=trade.trade_date, net_amount=trade.due
    )


def failed(trade: Trade, *, session: str, reason: str) -> TradeFailedToSettle:
    return TradeFailedToSettle(
        order=trade.order, account=trade.account, trade_date=trade.trade_date, session=session, reason=reason
    )


def _step(trade: Trade | None, event: TradeEvent) -> Status:
    before = None if trade is None else trade.status
    status = _NEXT[type(event)].get(before)
    if status is None:
        raise IllegalTransition(
            f"{event.event_type()} cannot follow {before or 'nothing'}",
            fix="read the trade again: it has gone on, or it is not there yet",
        )
    return status


def _same(trade: Trade, event: TradeEvent) -> None:
    same = trade.order == event.order and trade.account == event.account
    if not same or trade.trade_date != event.trade_date:
        theirs = (event.order, event.account, event.trade_date)
        raise IllegalTransition(
            f"{event.event_type()} of {theirs!r} came to trade {trade.order!r} of {trade.trade_date}",
            fix="fold each trade by itself",
        )


def _adds_up(trade: Trade, event: TradeEvent) -> bool:
    """Whether what the event says beside which trade it is of is so."""
    if type(event) is TradeAllocated:
        figures = event.quantity == trade.quantity and event.fees == trade.fees
        same = event.symbol == trade.symbol and event.side is trade.side
        return (
            figures
            and same
            and event.settles_on == trade.settles_on
            and event.average_price == trade.average_price
        )
    if type(event) is TradeConfirmed:
        return trade.status is not Status.BUSTED or 0 < trade.told < trade.changes
    if type(event) is TradeSettled:
        return event.net_amount == trade.due and (trade.status is not Status.BUSTED or bool(trade.due))
    return True


def _adding_up(trade: Trade | None, event: TradeEvent) -> Trade:
    if trade is not None and _adds_up(trade, event):
        return trade
    raise IllegalTransition(
        f"{event.event_type()} of order {event.order!r} is not what its executions add up to",
        fix="reconcile with the custodian before booking it",
    )
