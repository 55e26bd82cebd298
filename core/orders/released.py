"""Proof, in a type, that people decided and that the journal accepted the release."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.ids import AccountId, CustodianId, Digest, OrderId, ProposalId, Symbol, TraceId
from core.orders.events import OrderType, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class Member:
    """An order that goes as a part of a block."""

    order: OrderId
    proposal: ProposalId
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReleasedOrder:
    """One order that may go to a venue.

    Routers and venues accept nothing else. Only `core.gate.release` makes one, from an
    `OrderReleased` entry that the journal's append accepted.
    """

    id: OrderId
    proposal: ProposalId
    leg: int
    digest: Digest
    trace: TraceId
    account: AccountId
    custodian: CustodianId
    symbol: Symbol
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    time_in_force: TimeInForce
    scopes: frozenset[str]  # what a halt may name to stop it, the venue aside
    replaces: OrderId | None = None  # a live order whose place it takes
    executed_before: Decimal | None = None  # shares that had been executed of that one
    members: tuple[Member, ...] = ()  # of a block, which goes as one order of all their shares
