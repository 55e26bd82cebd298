"""The rows that a fold says: what `follow` writes, and what `rebuild` compares the stored ones with.

Rule 1: pure. A row is a dict by column, without the sequence that it was last changed by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from core.book import cash, lots
from core.book.picture import Lot
from core.ids import AccountId, OrderId
from core.orders.events import Side
from core.projections.folded import Folded
from core.projections.references import Reference

Row = Mapping[str, Any]


def reference_row(folded: Folded, reference: Reference) -> Row:
    return {
        "kind": reference.kind,
        "id": reference.id,
        "advisor": folded.advisors.get(reference.account or reference.household or ""),
        "household": reference.household,
        "account": reference.account,
        "state": reference.state,
    }


def lot_rows(folded: Folded, account: AccountId) -> Iterator[Row]:
    """Open lots, in the order that they came."""
    return (lot_row(folded, account, lot) for lot in folded.lots.get(account, lots.NO_LOTS).open)


def lot_row(folded: Folded, account: AccountId, lot: Lot) -> Row:
    return {
        "lot": lot.id,
        "account": account,
        "advisor": folded.advisors[account],
        "symbol": lot.symbol,
        "quantity": lot.quantity,
        "cost_per_share": lot.cost_per_share,
        "acquired_on": lot.acquired_on,
    }


def position_rows(folded: Folded, account: AccountId) -> Iterator[Row]:
    """By symbol."""
    for symbol, quantity in sorted(folded.shares(account).items()):
        yield {
            "account": account,
            "symbol": symbol,
            "advisor": folded.advisors[account],
            "quantity": quantity,
        }


def cash_row(folded: Folded, account: AccountId) -> Row:
    """On the fold's own business day. What is reserved is the append's to say."""
    book = folded.cash.get(account, cash.NO_CASH)
    dollars = cash.on(book, folded.session or date.min, reserved=cash.ZERO)
    return {
        "account": account,
        "advisor": folded.advisors[account],
        "settled": dollars.settled,
        "unsettled": dollars.unsettled,
        "held": dollars.held,
    }


def order_row(folded: Folded, order_id: OrderId) -> Row:
    order = folded.orders[order_id]
    routed = folded.routed.get(order_id)
    average = order.average_price
    book, sells = folded.lots.get(order.account, lots.NO_LOTS), order.side is Side.SELL
    state = {
        **msgspec.to_builtins(order),
        "executions": sorted(order.executions),
        "corrections": sorted(order.corrections),
        "average_price": None if average is None else format(average, "f"),
        "scores": [score.model_dump(mode="json") for score in routed.scores] if routed else [],
        "says": folded.says.get(order_id, ""),
        "sold": [_sold(closed) for closed in book.closed if closed.order == order_id] if sells else [],
    }
    return {
        "order_id": order.id,
        "proposal": order.proposal,
        "leg": order.leg,
        "account": order.account,
        "advisor": folded.advisors[order.account],
        "status": order.status.value,
        "state": state,
    }


def _sold(closed: lots.Closed) -> Row:
    """What one lot's part of a sale came to: what a wash sale is told by."""
    sale = closed.sale
    return {
        "quantity": f"{sale.quantity:f}",
        "proceeds": f"{sale.proceeds:f}",
        "cost": f"{sale.cost:f}",
        "acquired_on": sale.acquired_on.isoformat(),
    }
