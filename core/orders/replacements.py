"""The events of an order that takes a live one's place at a venue.

Streams: `order/<order>`, as every order's. The gate let the new one out; here it is carried.
Rule 1: what the old one executed after the new one's release is taken off the new one: the whole stays.
Rule 2: what is left is written once the old one has ended, and only then is it known.
"""

from __future__ import annotations

from pydantic import Field

from core.fact import Amount, Fact
from core.ids import OrderId, VenueName


class ReplaceRequested(Fact):
    """The order's venue is about to be asked for another in its place. FIX 4.4 OrdStatus (39) = E."""

    order: OrderId
    by: OrderId


class OrderReplaced(Fact):
    """Its venue took it off and took the other in its place, in one step. Every execution is recorded."""

    order: OrderId
    venue: VenueName
    by: OrderId
    executed: Amount = Field(ge=0, description="shares that were executed of it, in all")


class ReplaceRefused(Fact):
    """It stays as it is: its venue refused the other, or the other has ended meanwhile."""

    order: OrderId
    by: OrderId
    reason: str


class ReplacementSized(Fact):
    """The order whose place it takes has ended with that many shares executed: this many are left for it."""

    order: OrderId
    replaces: OrderId
    executed: Amount = Field(ge=0)
    quantity: Amount = Field(gt=0)
