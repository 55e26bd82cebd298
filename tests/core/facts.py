"""Facts to arrange tests in, by keyword."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from core.firm.events import CashDeposited, LotReceived
from core.ids import AccountId, CustodianId, Digest, LotId, OrderId, Symbol, VenueName
from core.orders.batch import BatchId
from core.orders.blocks import BlockFormed, BlockPart
from core.orders.content import LotChoice
from core.orders.corrections import Booked, TradeBusted, TradeCorrected
from core.orders.events import (
    CancelRequested,
    OrderAccepted,
    OrderCancelled,
    OrderDoubted,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReleased,
    OrderRouted,
    OrderSent,
    OrderType,
    Side,
    TimeInForce,
)
from core.orders.order import Order
from tests.core.household import ACCOUNT, PROPOSAL

VENUE = VenueName("V")
DIGEST = Digest("a" * 64)


def filled(
    quantity: str | int,
    *,
    execution: str = "e1",
    order: str = "o1",
    side: Side = Side.BUY,
    price: str = "10",
    fee: str = "0",
    account: str = ACCOUNT,
    symbol: str = "AAA",
    trade_date: str = "2022-12-29",
) -> OrderFilled:
    return OrderFilled(
        order=OrderId(order),
        account=AccountId(account),
        symbol=Symbol(symbol),
        side=side,
        execution=execution,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        venue=VENUE,
        executed_at=datetime(2022, 12, 29, 15, 30, tzinfo=UTC),
        trade_date=trade_date,
        settles_on="2023-01-03",
    )


def received(lot: str, quantity: str | int, *, symbol: str = "AAA", cost: str = "8") -> LotReceived:
    return LotReceived(
        account=ACCOUNT,
        lot=LotId(lot),
        symbol=Symbol(symbol),
        quantity=Decimal(quantity),
        cost_per_share=Decimal(cost),
        acquired_on="2021-03-01",
    )


def deposited(deposit: str, amount: str, held_until: str | None = None) -> CashDeposited:
    return CashDeposited(account=ACCOUNT, deposit=deposit, amount=Decimal(amount), held_until=held_until)


def choice(lot: str, quantity: str | int | Decimal) -> LotChoice:
    return LotChoice(lot=LotId(lot), quantity=Decimal(quantity))


def released(order: Order, quantity: Decimal | None = None) -> OrderReleased:
    return OrderReleased(
        order=order.id,
        proposal=PROPOSAL,
        leg=order.leg,
        digest=DIGEST,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        quantity=quantity or order.quantity,
        order_type=OrderType.LIMIT,
        limit_price=Decimal(100),
        time_in_force=TimeInForce.DAY,
    )


def routed(order: Order) -> OrderRouted:
    return OrderRouted(order=order.id, venue=VENUE, scores=())


def sent(order: Order) -> OrderSent:
    return OrderSent(order=order.id, venue=VENUE, body_digest=DIGEST)


def accepted(order: Order) -> OrderAccepted:
    return OrderAccepted(order=order.id, venue=VENUE, venue_order="v-1")


def rejected(order: Order) -> OrderRejected:
    return OrderRejected(order=order.id, venue=VENUE, reason="no")


def doubted(order: Order) -> OrderDoubted:
    return OrderDoubted(order=order.id, venue=VENUE, waited_ms=2_000)


def cancel_requested(order: Order) -> CancelRequested:
    return CancelRequested(order=order.id)


def cancelled(order: Order) -> OrderCancelled:
    return OrderCancelled(order=order.id, venue=VENUE, reason="asked")


def expired(order: Order) -> OrderExpired:
    return OrderExpired(order=order.id, session="2022-12-29")


def fill_of(
    order: Order, quantity: str | int | Decimal, execution: str = "e1", price: str = "100"
) -> OrderFilled:
    return filled(
        str(quantity),
        execution=execution,
        order=order.id,
        side=order.side,
        account=order.account,
        symbol=order.symbol,
        price=price,
        fee="0.10",
    )


def booked(fact: OrderFilled) -> Booked:
    return Booked(quantity=fact.quantity, price=fact.price, fee=fact.fee)


def busted(fill: OrderFilled, revision: int = 1, was: Booked | None = None) -> TradeBusted:
    return TradeBusted(
        order=fill.order,
        account=fill.account,
        symbol=fill.symbol,
        side=fill.side,
        execution=fill.execution,
        revision=revision,
        was=was or booked(fill),
        venue=fill.venue,
        trade_date=fill.trade_date,
        reason="clearly erroneous",
    )


def corrected(fill: OrderFilled, now: Booked, revision: int = 1, was: Booked | None = None) -> TradeCorrected:
    whole = busted(fill, revision, was)
    return TradeCorrected(**whole.model_dump(exclude={"was"}), was=whole.was, now=now)


def block_formed(*orders: Order) -> BlockFormed:
    """These go together, on the terms of the first."""
    first = orders[0]
    return BlockFormed(
        order=OrderId(f"gh-{'b' * 24}"),
        block=f"blk-{'0' * 32}",
        batch=BatchId(f"bat-{'1' * 32}"),
        digest=DIGEST,
        formation=1,
        method="pro_rata",
        custodian=CustodianId("cst-1"),
        symbol=first.symbol,
        side=first.side,
        order_type=OrderType.MARKET,
        limit_price=None,
        time_in_force=TimeInForce.DAY,
        parts=tuple(BlockPart(order=one.id, account=one.account, quantity=one.quantity) for one in orders),
    )
