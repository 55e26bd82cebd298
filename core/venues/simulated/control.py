"""Steering simulated venues from outside: their day, their quotes, their faults. No real venue has this.

Rule 1: only what runs a simulation uses it: the worker when the demo firm's day moves, demo, evals, tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core.errors import BadInput, WorldFailed
from core.ids import VenueName
from core.venues.address import venue_at
from core.venues.asking import Ask, NoAnswer
from core.venues.simulated.day import Day

WITHIN: Final = timedelta(seconds=2)
OK: Final = 200
BAD_REQUEST: Final = 400


@dataclass(frozen=True, slots=True)
class Address:
    """Where a simulated venue listens, and the key that it knows us by."""

    name: str
    url: str
    key: str


async def tell_day(venues: Iterable[Address], day: Day) -> None:
    """Move every venue to that day. The same day again changes nothing; a closed one expires day orders.

    Raises:
        WorldFailed: a venue did not answer; those before it have moved. Tell them again.
    """
    for venue in venues:
        await tell(venue, {"day": day.as_json()})


async def shift_quotes(venue: Address, percent: Mapping[str, str]) -> None:
    """Move the quotes of these symbols away from the walk by so many percent; "0" takes it back.

    Raises:
        WorldFailed: the venue did not answer. Tell it again.
    """
    await tell(venue, {"faults": {"shift": dict(percent)}})


async def tell(venue: Address, control: Mapping[str, Any]) -> Mapping[str, Any]:
    """One control message (`faults`, `day`, `step`), and where the simulation stands after it.

    Raises:
        BadInput: the control cannot be used; nothing changed.
        WorldFailed: the venue did not answer. Tell it again.
    """
    ask = Ask("simulation", of=control)
    try:
        async with venue_at(VenueName(venue.name), venue.url, key=venue.key) as there:
            answer = await there.carried(ask, timeout=WITHIN)
    except (WorldFailed, NoAnswer) as bad:
        raise WorldFailed(
            f"the simulated venue {venue.name} was not told: {bad}", fix="it is told again"
        ) from bad
    told = answer.said if isinstance(answer.said, dict) else {}
    if answer.status == BAD_REQUEST:
        raise BadInput(f"{venue.name} refused {dict(control)!r}: {told.get('reason')}", fix="correct it")
    if answer.status != OK or told.get("belongs_to") != "simulation":
        raise WorldFailed(f"{venue.name} is no simulation that we may steer", fix="check its address and key")
    return told
