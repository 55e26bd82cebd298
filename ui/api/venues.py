"""How the workers see the venues now: for anybody who is signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from core.projections.venues import Seen
from ui.api.doors import At, Ticket
from ui.api.fields import Told

router = APIRouter(tags=["venues"])


class Capabilities(Told):
    """What the venue says that it takes. `per_second`: tokens; null where it says no figure. `weights`:
    what one message of each verb costs of them.
    """

    symbols: int
    order_types: tuple[str, ...]
    times_in_force: tuple[str, ...]
    fractional_shares: bool
    cancels: bool
    replaces: bool
    per_second: int | None
    weights: dict[str, int]
    latency_ms: int
    simulated: bool


class Venue(Told):
    """One venue as one worker sees it, `age_ms` ago. `open`, `capabilities`: null where it does not answer.

    `breaker` is closed (messages go), open (none go) or half open (one goes, as a probe). `per_second` is
    what the worker sends at most, `waiting` what waits for its turn or an answer. `last_report` is by the
    venue's clock.
    """

    venue: str
    worker: str
    age_ms: int
    open: bool | None
    session: str | None
    breaker: str
    per_second: int
    waiting: int
    sends: int
    answered: int
    open_orders: int
    last_report: datetime | None
    capabilities: Capabilities | None


class Venues(Told):
    """Empty: no worker has told anything for half a minute."""

    venues: tuple[Venue, ...]


@router.get("/v1/venues", response_model=Venues, summary="How the venues are, as the workers see them")
async def venues(at: At, ticket: Ticket) -> Venues:
    return Venues(venues=tuple(_venue(seen) for seen in await at.intake.venues(ticket)))


def _venue(seen: Seen) -> Venue:
    told: dict[str, Any] = {**seen.told, "venue": seen.venue, "worker": seen.worker, "age_ms": seen.age_ms}
    return Venue.model_validate(told)
