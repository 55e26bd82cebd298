"""Venues and a record in memory, which cost as little as they can and keep what the real ones keep.

Rule 1: the record holds the journal's own texts, chained: the last check reads those and nothing else.
Rule 2: a venue accepts at once, executes whole, and tells it by a report; it takes each id once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.clock import Clock
from core.errors import IntegrityLost
from core.execution.last_check import Chained
from core.fact import Entry
from core.ids import (
    AccountId,
    CustodianId,
    Digest,
    OrderId,
    ProposalId,
    Symbol,
    TraceId,
    VenueName,
    order_id_for,
)
from core.ledger.chain import EPOCH, leaf_of, link, who_of
from core.ledger.envelope import Recorded, payload_of, text_of, written
from core.orders.events import OrderFilled, OrderType, Side, TimeInForce
from core.orders.released import ReleasedOrder
from core.venues.fees import FeeSchedule, Liquidity
from core.venues.venue import (
    EVEN,
    Accepted,
    Cancelled,
    Cancelling,
    Capabilities,
    Execution,
    Health,
    Looking,
    NotKnown,
    Page,
    Quote,
    Rejected,
    Replacing,
    Sending,
)
from evals.bench.decided import AT, GATE, recorded
from evals.unreleased import as_if_released

SESSION: Final = date(2022, 12, 29)
SYMBOLS: Final = tuple(Symbol(name) for name in ("AAPL", "MSFT", "KO", "JNJ"))
PRICE: Final = Decimal("100.00")
ACCOUNTS: Final = 500
OCCURRED_AT: Final = written(AT)
RECORDED_US: Final = (AT - EPOCH) // timedelta(microseconds=1)
BY_GATE: Final = who_of(*GATE)
FREE: Final = FeeSchedule(1, Decimal(0), Decimal(0), Decimal(0), Decimal(0))


class InMemoryRecord:
    """`done_ns` says when each order's last fill was on record."""

    def __init__(self, orders: Iterable[ReleasedOrder], clock: Clock) -> None:
        self._clock = clock
        self._open = {order.id: order.quantity for order in orders}
        self._chains = {order.id: list(recorded(order)) for order in orders}
        self._more = asyncio.Event()
        self.done_ns: list[int] = []

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        for entry in entries:
            order = OrderId(entry.stream.removeprefix("order/"))
            chain = self._chains[order]
            before = chain[-1]
            text = text_of(
                entry,
                payload_of(entry),
                event_id=UUID(int=before.seq + 1),
                stream_version=before.seq - 3,  # four entries are the proposal's
                occurred_at=OCCURRED_AT,
                mono_ns=before.seq + 1,
            )
            digest = link(before.digest, leaf_of(before.seq + 1, RECORDED_US, BY_GATE, text.encode()))
            chain.append(Chained(before.seq + 1, AT, *GATE, text, digest, before.digest))
            if isinstance(entry.fact, OrderFilled):
                self._filled(order, entry.fact.quantity)
        return tuple(Recorded(1, duplicate=False) for _ in entries)

    async def of(self, order: OrderId, _: ProposalId) -> Sequence[Chained]:
        return self._chains[order]

    async def more_done(self) -> None:
        self._more.clear()
        await self._more.wait()

    def _filled(self, order: OrderId, quantity: Decimal) -> None:
        self._open[order] -= quantity
        if not self._open[order]:
            self.done_ns.append(self._clock.monotonic_ns())
            self._more.set()


class InstantVenue:
    def __init__(self, name: VenueName) -> None:
        self.name = name
        self._bodies: dict[OrderId, bytes] = {}
        self._untold: list[Execution] = []
        self._more = asyncio.Event()
        self._told = 0

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        if self._bodies.setdefault(order.id, body) != body:
            raise IntegrityLost(f"{self.name} holds another body under {order.id!r}", fix="look it up")
        number = len(self._bodies)
        self._untold.append(
            Execution(
                id=f"{self.name}-{number}",
                order=order.id,
                quantity=order.quantity,
                price=PRICE,
                fee=Decimal(0),
                liquidity=Liquidity.TAKER,
                executed_at=AT,
                trade_date=SESSION,
            )
        )
        self._more.set()
        return Accepted(f"v-{number}")

    async def lookup(self, order: OrderId, *, timeout: timedelta) -> Looking:
        return NotKnown()

    async def lookups(self, orders: Sequence[OrderId], *, timeout: timedelta) -> Mapping[OrderId, Looking]:
        return {order: await self.lookup(order, timeout=timeout) for order in orders}

    async def cancel(self, order: OrderId, *, timeout: timedelta) -> Cancelling:
        return Cancelled()

    async def reports(self, after: str, *, wait: timedelta, timeout: timedelta) -> Page:
        if not self._untold:
            self._more.clear()
            await self._more.wait()
        told, self._untold = tuple(self._untold), []
        self._told += len(told)
        return Page(told, str(self._told))

    async def replace(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Replacing:
        return Rejected("it replaces nothing in one step")

    async def newest(self, *, timeout: timedelta) -> str:
        return "0"

    async def quotes(self, symbols: Sequence[Symbol], *, timeout: timedelta) -> Mapping[Symbol, Quote]:
        size = Decimal(1_000_000)
        return {
            symbol: Quote(self.name, symbol, PRICE, PRICE, size, size, PRICE, SESSION, AT, synthetic=True)
            for symbol in symbols
        }

    async def capabilities(self, *, timeout: timedelta) -> Capabilities:
        return Capabilities(
            symbols=frozenset(SYMBOLS),
            order_types=frozenset(OrderType),
            times_in_force=frozenset(TimeInForce),
            fractional_shares=False,
            cancels=True,
            replaces=False,
            per_second=None,
            weights=EVEN,
            fees=FREE,
            latency=timedelta(milliseconds=1),
            simulated=True,
        )

    async def health(self, *, timeout: timedelta) -> Health:
        return Health(open=True, session=SESSION, simulated=True)


def order_of(
    number: int,
    *,
    account: str | None = None,
    custodian: str = "cst-1",
    limit: Decimal = PRICE,
    side: Side | None = None,
) -> ReleasedOrder:
    """As a released one is, without a release: only the journal's own reader makes those."""
    account = account or f"acc-{number % ACCOUNTS}"
    proposal = ProposalId(f"prp-bench-{number}")
    return as_if_released(
        {
            "id": order_id_for(proposal, 0),
            "proposal": proposal,
            "leg": 0,
            "digest": Digest("0" * 64),
            "trace": TraceId(f"{number:032x}"),
            "account": AccountId(account),
            "custodian": CustodianId(custodian),
            "symbol": SYMBOLS[number % len(SYMBOLS)],
            "side": side or (Side.SELL if number % 2 else Side.BUY),
            "quantity": Decimal(number % 9 + 1),
            "order_type": OrderType.LIMIT,
            "limit_price": limit,
            "time_in_force": TimeInForce.DAY,
            "scopes": frozenset({"all", f"account:{account}"}),
        }
    )
