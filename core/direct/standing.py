"""How orders stand, for whoever placed them: under the names that other systems know.

Rule 1: outside, what is let out is RISK_APPROVED until a venue has it, and what a policy denies is BLOCKED.
    Everything else has its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from core.database.pools import AsyncPool
from core.database.rows import rows
from core.direct.askers import SQL, reading
from core.errors import NotFound
from core.ids import AccountId, OrderId, ProposalId, Symbol, TraceId, VenueName, begun_at
from core.orders.events import Finding, Side, apart
from core.orders.order import Status

OUTSIDE: Final[Mapping[str, str]] = {Status.RELEASED: "RISK_APPROVED", Status.DENIED: "BLOCKED"}
LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a released order has not gone on, in a word and in words, and since when."""

    why: str
    says: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """`quantity` is shares of the order, or what was let out where that was fewer."""

    order: OrderId
    proposal: ProposalId
    status: str
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Decimal
    order_type: str
    limit_price: Decimal | None
    time_in_force: str
    filled: Decimal
    average_price: Decimal | None
    venue: VenueName | None
    says: str
    accepted_at: datetime
    trace: TraceId
    findings: tuple[Finding, ...]
    waiting: Waiting | None


async def order_of(pool: AsyncPool, ticket: str, order: OrderId) -> OrderLine:
    """That order, as far as this ticket or key may see it.

    Raises:
        NotFound: there is none in the book.
    """
    async with reading(pool, ticket) as (connection, _):
        found = await rows(connection, SQL["order"], {"order": order})
    if not found:
        raise NotFound(f"there is no order {order!r} in your book", fix="see `orders list`", field="order_id")
    return _line(found[0])


async def orders_of(pool: AsyncPool, ticket: str) -> tuple[OrderLine, ...]:
    """The newest of the book, newest first."""
    async with reading(pool, ticket) as (connection, _):
        return tuple(_line(row) for row in await rows(connection, SQL["orders"], {"most": LISTED}))


def _line(row: Mapping[str, Any]) -> OrderLine:
    state: Mapping[str, Any] = row["state"] or {}
    average = state.get("average_price")
    status = row["status"] or Status.HELD
    return OrderLine(
        order=row["order_id"],
        proposal=row["proposal"],
        status=OUTSIDE.get(status, status),
        account=row["account"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=row["released_quantity"] or row["quantity"],
        order_type=row["order_type"],
        limit_price=row["limit_price"],
        time_in_force=row["time_in_force"],
        filled=row["filled"],
        average_price=None if average is None else Decimal(average),
        venue=state.get("venue"),
        says=state.get("says", ""),
        accepted_at=begun_at(row["trace"]),
        trace=row["trace"],
        findings=apart(Finding.model_validate(f) for f in row["findings"]),
        waiting=Waiting(row["why"], row["wait_says"], row["since"]) if row["why"] else None,
    )
