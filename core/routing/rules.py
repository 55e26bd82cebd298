"""What decides between venues: weights, fee tables, and who only decides beside. A version of them. Pure.

Rule 1: a version is one value: what decides one order comes from one version, named with its digest.
Rule 2: a fee table of the firm's stands before what a venue publishes; without one the venue's word counts.
Rule 3: a venue that decides beside is ranked, and gets nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from core.ids import CustodianId, Digest, VenueName
from core.venues.fees import FeeSchedule

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each thing counts.

    `latency_bps` is basis points of the order's value for a second, `failure_bps` for certain failure,
    `load_bps` for a hundred open orders, `unfilled_bps` for an order that is certain not to be executed.
    `trust_after` is the count at which what we have seen counts half, `half_life` when it has faded to half.
    `most_of_size` is how many times the shown size an order may be. `score_...` weigh the parts of the score.
    """

    latency_bps: Decimal
    failure_bps: Decimal
    load_bps: Decimal
    unfilled_bps: Decimal
    trust_after: int
    half_life: timedelta
    most_of_size: int
    score_fees: int
    score_spread: int
    score_latency: int
    score_success: int
    score_load: int
    score_fill_quality: int


@dataclass(frozen=True, slots=True)
class Rules:
    """One version. `trade_away` is dollars an order, by custodian and venue."""

    version: int
    digest: Digest
    weights: Weights
    fees: Mapping[VenueName, FeeSchedule] = field(default_factory=lambda: MappingProxyType({}))
    trade_away: Mapping[tuple[CustodianId, VenueName], Decimal] = field(
        default_factory=lambda: MappingProxyType({})
    )
    beside: frozenset[VenueName] = frozenset()

    def fees_at(self, venue: VenueName, published: FeeSchedule) -> FeeSchedule:
        """The firm's own table for it, or what it publishes."""
        return self.fees.get(venue, published)

    def trade_away_at(self, custodian: CustodianId, venue: VenueName) -> Decimal:
        """What the custodian charges for an order that is executed there; nothing where no table says so."""
        return self.trade_away.get((custodian, venue), _ZERO)


@dataclass(frozen=True, slots=True)
class InForce:
    """The version that decides, and the set that waits for a second person and decides beside it."""

    rules: Rules
    waiting: Rules | None = None


def firm_fees(
    *,
    version: int,
    taker_per_share: Decimal,
    maker_per_share: Decimal,
    taker_bps: Decimal,
    maker_bps: Decimal,
) -> FeeSchedule:
    """A fee table of the firm's own, under the number of its version."""
    return FeeSchedule(version, taker_per_share, maker_per_share, taker_bps, maker_bps)


RulesOf = Callable[[], Awaitable[InForce]]
"""Asked at each routing."""

WEIGHTS: Final = Weights(
    latency_bps=Decimal("2"),
    failure_bps=Decimal("20"),
    load_bps=Decimal("0.5"),
    unfilled_bps=Decimal("10"),
    trust_after=20,
    half_life=timedelta(hours=120),
    most_of_size=40,
    score_fees=25,
    score_spread=25,
    score_latency=10,
    score_success=15,
    score_load=5,
    score_fill_quality=20,
)
BUILT_IN: Final = Rules(
    version=0,
    digest=Digest("3adbe0cf62448164c799f0c7ebb9fc7ea64381eb189aa89b50ae41fe68a673d8"),
    weights=WEIGHTS,
)
"""What the product brings: nobody set it."""


def always(rules: Rules) -> RulesOf:
    """The same version at every routing: where no database holds others."""

    async def told() -> InForce:
        return InForce(rules)

    return told
