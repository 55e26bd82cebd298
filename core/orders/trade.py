"""The life of a trade: an order's executions of one account and trade date, whatever became of the order.

Rule 1: a step not in `STEPS` cannot happen.
Rule 2: an execution that appears twice counts once; one that comes after the allocation reopens it.
Rule 3: the allocation, and the money at settlement, are what the executions add up to, or it is no step.
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
from core.orders.cost import cash_moved
from core.orders.events import OrderFilled, Side, TradeAllocated, TradeConfirmed, TradeSettled

ZERO: Final = Decimal(0)
PRICE_STEP: Final = Decimal("0.000001")


class Status(StrEnum):
    EXECUTED = "EXECUTED"
    ALLOCATED = "ALLOCATED"
    CONFIRMED = "CONFIRMED"
    SETTLED = "SETTLED"


STEPS: Final[Mapping[tuple[Status | None, str], Status]] = {
    (None, "OrderFilled"): Status.EXECUTED,
    (Status.EXECUTED, "OrderFilled"): Status.EXECUTED,
    (Status.EXECUTED, "TradeAllocated"): Status.ALLOCATED,
    (Status.ALLOCATED, "OrderFilled"): Status.EXECUTED,  # a late fill of the same day
    (Status.ALLOCATED, "TradeConfirmed"): Status.CONFIRMED,
    (Status.CONFIRMED, "TradeSettled"): Status.SETTLED,
}

TradeKey = NewType("TradeKey", str)
TradeEvent = OrderFilled | TradeAllocated | TradeConfirmed | TradeSettled
TRADE_EVENTS: Final[frozenset[type[TradeEvent]]] = frozenset(get_args(TradeEvent))


class Trade(msgspec.Struct, frozen=True, gc=False):
    """`net_amount` is dollars into the account: what a sale brought or a purchase took, fees included."""

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

    @property
    def average_price(self) -> Decimal:
        """Dollars per share at six decimals, half to even."""
        return (self.paid / self.quantity).quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN)


def trade_key(order: OrderId, trade_date: str) -> TradeKey:
    """What tells one trade from every other: the order and the trade date, as its stream has them."""
    return TradeKey(f"{order}/{trade_date}")


def evolve(trade: Trade | None, event: TradeEvent) -> Trade:
    """Apply one event.

    Raises:
        IllegalTransition: `STEPS` has no such step, the event is of another trade, or its figures are not
            what the executions add up to. The trade is unchanged.
    """
    if trade is not None:
        _same(trade, event)
        if type(event) is OrderFilled and event.execution in trade.executions:
            return trade
    status = _step(trade, event)
    if type(event) is OrderFilled:
        return _executed(trade, status, event)
    return replace(_adding_up(trade, event), status=status)


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
        order=trade.order, account=trade.account, trade_date=trade.trade_date, net_amount=trade.net_amount
    )


def _step(trade: Trade | None, event: TradeEvent) -> Status:
    before = trade.status if trade else None
    try:
        return STEPS[before, event.event_type()]
    except KeyError:
        raise IllegalTransition(
            f"{event.event_type()} cannot follow {before or 'nothing'}",
            fix="a trade that is confirmed changes by a correction only",
        ) from None


def _same(trade: Trade, event: TradeEvent) -> None:
    theirs = (event.order, event.account, event.trade_date)
    if theirs != (trade.order, trade.account, trade.trade_date):
        raise IllegalTransition(
            f"{event.event_type()} of {theirs!r} came to trade {trade.order!r} of {trade.trade_date}",
            fix="fold each trade by itself",
        )


def _executed(trade: Trade | None, status: Status, event: OrderFilled) -> Trade:
    before = trade or Trade(
        order=event.order,
        account=event.account,
        symbol=event.symbol,
        side=event.side,
        trade_date=event.trade_date,
        settles_on=event.settles_on,
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
        quantity=before.quantity + event.quantity,
        paid=before.paid + event.quantity * event.price,
        fees=before.fees + event.fee,
        net_amount=before.net_amount + cash_moved(event),
        executions=before.executions | {event.execution},
    )


def _says(event: TradeEvent) -> tuple[object, ...]:
    """What the event says beside which trade it is of."""
    if type(event) is TradeAllocated:
        figures = (event.quantity, event.average_price, event.fees)
        return (*figures, event.symbol, event.side, event.settles_on)
    return (event.net_amount,) if type(event) is TradeSettled else ()


def _adds_up_to(trade: Trade, event: TradeEvent) -> tuple[object, ...]:
    """What an event of that kind must say of this trade."""
    if type(event) is TradeAllocated:
        figures = (trade.quantity, trade.average_price, trade.fees)
        return (*figures, trade.symbol, trade.side, trade.settles_on)
    return (trade.net_amount,) if type(event) is TradeSettled else ()


def _adding_up(trade: Trade | None, event: TradeEvent) -> Trade:
    if trade is not None and _says(event) == _adds_up_to(trade, event):
        return trade
    raise IllegalTransition(
        f"{event.event_type()} of order {event.order!r} is not what its executions add up to",
        fix="reconcile with the custodian before booking it",
    )
