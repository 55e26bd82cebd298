"""Is this process alive, and is what it stands on ready, part by part."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final, Literal

import psycopg
from fastapi import APIRouter, Response

from core.errors import GatehouseError
from ui.api.doors import At, Doors
from ui.api.fields import Told

router = APIRouter(tags=["health"])

LOOKS_WITHIN: Final = timedelta(seconds=3)


class Alive(Told):
    alive: Literal[True] = True


class Part(Told):
    """One thing that we stand on. `needed` parts decide readiness; the others only narrow what works.

    `behind`: entries of the record that it has not followed yet, where it follows the record."""

    name: str
    ready: bool
    needed: bool
    says: str
    behind: int | None = None


class Ready(Told):
    ready: bool
    parts: tuple[Part, ...]


@router.get("/healthz", response_model=Alive, summary="The process answers")
async def alive() -> Alive:
    return Alive()


@router.get("/readyz", response_model=Ready, summary="What it stands on", responses={503: {"model": Ready}})
async def ready(at: At, response: Response) -> Ready:
    parts = tuple(await asyncio.gather(_database(at), _projections(at), _copilot(at)))
    is_ready = all(part.ready for part in parts if part.needed)
    response.status_code = 200 if is_ready else 503
    return Ready(ready=is_ready, parts=parts)


async def _database(at: Doors) -> Part:
    try:
        async with asyncio.timeout(LOOKS_WITHIN.total_seconds()):
            day = await at.intake.market_day()
    except (GatehouseError, psycopg.Error, TimeoutError):
        return Part(name="database", ready=False, needed=True, says="it does not answer")
    return Part(name="database", ready=True, needed=True, says=f"business day {day.session} is {day.state}")


async def _projections(at: Doors) -> Part:
    """How far what is shown has followed the record."""
    try:
        async with asyncio.timeout(LOOKS_WITHIN.total_seconds()):
            now = await at.intake.standing()
    except (GatehouseError, psycopg.Error, TimeoutError):
        return Part(name="projections", ready=False, needed=False, says="not known")
    says = f"as of entry {now.as_of_seq}, {now.behind} behind the record"
    return Part(name="projections", ready=True, needed=False, says=says, behind=now.behind)


async def _copilot(at: Doors) -> Part:
    answers = await at.copilot.healthy()
    says = "it answers" if answers else "it is not answering; proposals and decisions still work"
    return Part(name="copilot", ready=answers, needed=False, says=says)
