"""Telling simulated venues which business day it is. Real venues know; only a simulation has to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from core.errors import WorldFailed
from core.venues.simulated.day import Day

WITHIN: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a simulated venue listens, and the key that it knows us by."""

    name: str
    url: str
    key: str


async def tell_day(venues: Iterable[Address], day: Day) -> None:
    """Move every venue to that day. The same day again changes nothing.

    Raises:
        WorldFailed: a venue did not answer; those before it have moved. Tell them again.
    """
    async with httpx.AsyncClient(timeout=WITHIN.total_seconds(), trust_env=False) as client:
        for venue in venues:
            try:
                answer = await client.post(
                    f"{venue.url}/simulation",
                    json={"day": day.as_json()},
                    headers={"authorization": f"Bearer {venue.key}"},
                )
                answer.raise_for_status()
            except httpx.HTTPError as bad:
                raise WorldFailed(
                    f"the simulated venue {venue.name} was not told the day", fix="it is told again"
                ) from bad
