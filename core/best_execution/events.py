"""The events of how venues are chosen.

Streams: `routing`; `order/<order>` for what one choice rested on.

Rule 1: a version is the whole set: what is not changed is said again, so that a version reads by itself.
Rule 2: the digest binds the set, the written reasons and the business day. A confirmation names the digest.
Rule 3: no field can carry what a venue pays for orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

import rfc8785
from pydantic import Field

from core.fact import Amount, Fact, Sealed
from core.ids import CustodianId, Digest, OrderId, VenueName
from core.orders.events import Part

WeightName = Literal[
    "failure_bps",
    "half_life_hours",
    "latency_bps",
    "load_bps",
    "most_of_size",
    "score_fees",
    "score_fill_quality",
    "score_latency",
    "score_load",
    "score_spread",
    "score_success",
    "trust_after",
    "unfilled_bps",
]


class WeightSet(Part):
    """Every number of `core.routing.rules.Weights`."""

    latency_bps: Amount = Field(ge=0, le=1000)
    failure_bps: Amount = Field(ge=0, le=1000)
    load_bps: Amount = Field(ge=0, le=1000)
    unfilled_bps: Amount = Field(ge=0, le=1000)
    trust_after: int = Field(ge=1, le=100_000)
    half_life_hours: int = Field(ge=1, le=10_000)
    most_of_size: int = Field(ge=1, le=1_000)
    score_fees: int = Field(ge=0, le=100)
    score_spread: int = Field(ge=0, le=100)
    score_latency: int = Field(ge=0, le=100)
    score_success: int = Field(ge=0, le=100)
    score_load: int = Field(ge=0, le=100)
    score_fill_quality: int = Field(ge=0, le=100)


class FeeTable(Part):
    """The firm's own table for a venue: it stands before what the venue publishes."""

    venue: VenueName
    taker_per_share: Amount = Field(ge=0)
    maker_per_share: Amount = Field(ge=0)
    taker_bps: Amount = Field(ge=0)
    maker_bps: Amount = Field(ge=0)


class TradeAway(Part):
    """Dollars an order that a custodian charges for one that is executed at that venue."""

    custodian: CustodianId
    venue: VenueName
    dollars: Amount = Field(ge=0)


class RoutingSet(Part):
    """A version in full. `beside`: venues that are ranked and recorded, and get no order yet."""

    weights: WeightSet
    fees: tuple[FeeTable, ...]
    trade_away: tuple[TradeAway, ...]
    beside: tuple[VenueName, ...]


class WeightReason(Part):
    """Why a weight is what it is, in writing. Sealed under whoever wrote it."""

    weight: WeightName
    text: Sealed


class RoutingProposed(Fact):
    """A principal or compliance proposes another set. From now on it decides beside the one in force."""

    routing: RoutingSet
    reasons: tuple[WeightReason, ...]  # one for each weight that differs from the set in force
    effective_on: str  # ISO date of a business day: the one that runs, or a later one
    digest: Digest  # of all three: `digest_of`


class RoutingConfirmed(Fact):
    """Another person who may confirms it. From then on it is a version."""

    digest: Digest


class RoutingWithdrawn(Fact):
    """The proposed set is taken back, or another person says no to it."""

    digest: Digest


class RouteRecorded(Fact):
    """Everything that the choice of a venue rested on: quotes, costs, scores, and what decided beside."""

    order: OrderId
    venue: VenueName
    choice: int = Field(ge=1)  # before anything is sent it may be made again
    version: int = Field(ge=0)
    routing: Digest  # of the version
    evidence: str  # JSON text of `core.routing.evidence.Evidence`


def digest_of(routing: RoutingSet, reasons: Sequence[WeightReason], effective_on: str) -> Digest:
    """sha256 of the RFC 8785 text of all three. The append computes it again."""
    text = rfc8785.dumps(
        {
            "effective_on": effective_on,
            "reasons": [one.model_dump(mode="json") for one in reasons],
            "routing": routing.model_dump(mode="json"),
        }
    )
    return Digest(sha256(text).hexdigest())
