"""Steering a simulated venue from outside: its day, its faults, its quotes. No real venue has this.

Rule 1: only what runs a simulation uses it: the worker when the demo firm's day moves, demo, evals, tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import httpx

from core.errors import BadInput, WorldFailed
from core.venues.simulated.day import Day

PATIENCE: Final = timedelta(seconds=5)


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
    for venue in venues:
        await tell(venue.url, key=venue.key, control={"day": day.as_json()})


async def move_day(url: str, *, key: str, session: date, at: datetime, is_open: bool) -> None:
    """Let the venue stand in that session. Closing it, or opening another, expires its day orders.

    Raises:
        WorldFailed: the venue did not answer; the same call may be made again.
    """
    await tell(url, key=key, control={"day": Day(session, at, is_open).as_json()})


async def shift_quotes(url: str, *, key: str, percent: Mapping[str, str]) -> None:
    """Move the quotes of these symbols away from the walk by so many percent; "0" takes it back."""
    await tell(url, key=key, control={"faults": {"shift": dict(percent)}})


async def tell(url: str, *, key: str, control: Mapping[str, Any]) -> Mapping[str, Any]:
    """One control message (`faults`, `day`, `step`), and where the simulation stands after it.

    Raises:
        BadInput: the venue says that the control cannot be used; nothing changed.
        WorldFailed: it did not answer; the same call may be made again.
    """
    headers = {"authorization": f"Bearer {key}"}
    seconds = PATIENCE.total_seconds()
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(seconds)) as client,
        ):
            response = await client.post(f"{url}/simulation", json=control, headers=headers)
            told: Any = response.json()
    except (httpx.HTTPError, TimeoutError, ValueError) as bad:
        raise WorldFailed(f"the venue at {url} cannot be steered: {bad}", fix="try again later") from bad
    if response.status_code == httpx.codes.BAD_REQUEST:
        raise BadInput(f"the simulation refused {control!r}: {told.get('reason')}", fix="correct it")
    if response.status_code != httpx.codes.OK or told.get("belongs_to") != "simulation":
        raise WorldFailed(f"the venue at {url} is not a simulation that we may steer", fix="check its key")
    found: Mapping[str, Any] = told
    return found
