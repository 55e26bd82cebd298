"""Three demo venues that differ where it counts, so that a score can differ: fees, speed, depth, improvement.

Every figure is made up for the demo. None describes a real venue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from core.errors import BadInput
from core.venues.fees import FeeSchedule


@dataclass(frozen=True, slots=True)
class Character:
    """How one venue behaves.

    `depth_bps` is the displayed size as basis points of average daily volume; `improvement_percent` the share
    of executions that get a better price, by `improvement_fraction` of the half spread; `parts` the most
    pieces that a small order is done in. `latency` runs from receipt to the first execution, `interval`
    between executions. `takes_etfs`, `takes_fractions` and `replaces` (in one step) are capabilities.
    """

    fees: FeeSchedule
    latency: timedelta
    interval: timedelta
    depth_bps: Decimal
    spread_factor: Decimal
    improvement_percent: int
    improvement_fraction: Decimal
    parts: int
    takes_etfs: bool
    takes_fractions: bool
    replaces: bool


def _milliseconds(count: int) -> timedelta:
    return timedelta(milliseconds=count)


CHARACTERS: Final[Mapping[str, Character]] = {
    # Deep and quick, and charges takers for it.
    "ARCADIA": Character(
        fees=FeeSchedule(1, Decimal("0.0030"), Decimal("0.0010"), Decimal(0), Decimal(0)),
        latency=_milliseconds(8),
        interval=_milliseconds(120),
        depth_bps=Decimal("3.0"),
        spread_factor=Decimal("1.00"),
        improvement_percent=10,
        improvement_fraction=Decimal("0.2"),
        parts=3,
        takes_etfs=True,
        takes_fractions=False,
        replaces=True,
    ),
    # Cheap, slow and thin; shares only, and a change is a cancel and a new order.
    "BOREAL": Character(
        fees=FeeSchedule(1, Decimal("0.0007"), Decimal("0.0002"), Decimal(0), Decimal(0)),
        latency=_milliseconds(45),
        interval=_milliseconds(300),
        depth_bps=Decimal("0.4"),
        spread_factor=Decimal("1.35"),
        improvement_percent=5,
        improvement_fraction=Decimal("0.1"),
        parts=4,
        takes_etfs=False,
        takes_fractions=False,
        replaces=False,
    ),
    # Charges by value, often improves the price, takes fractions.
    "CORTLAND": Character(
        fees=FeeSchedule(1, Decimal(0), Decimal(0), Decimal("0.25"), Decimal("0.10")),
        latency=_milliseconds(20),
        interval=_milliseconds(180),
        depth_bps=Decimal("1.2"),
        spread_factor=Decimal("1.05"),
        improvement_percent=60,
        improvement_fraction=Decimal("0.5"),
        parts=2,
        takes_etfs=True,
        takes_fractions=True,
        replaces=True,
    ),
}


def character(name: str) -> Character:
    """Raises BadInput for a name that has no character."""
    try:
        return CHARACTERS[name]
    except KeyError:
        raise BadInput(
            f"there is no simulated venue {name!r}", fix=f"use one of {', '.join(CHARACTERS)}", field="name"
        ) from None
