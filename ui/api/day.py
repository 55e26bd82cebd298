"""The firm's business day: operations asks, the worker closes and opens."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter

from ui.api.doors import At, Ticket
from ui.api.fields import Told

router = APIRouter(tags=["business day"])


class Day(Told):
    """`at` is where the market clock stands."""

    session: date
    at: datetime
    state: str


class Asked(Told):
    """The worker acts on it in a moment; `seq` is the request's entry."""

    seq: int
    repeated: bool


@router.get("/v1/day", response_model=Day, summary="Where the business day stands")
async def day(at: At, ticket: Ticket) -> Day:
    await at.intake.whoami(ticket)
    market = await at.intake.market_day()
    return Day(session=market.session, at=market.at, state=market.state)


@router.post("/v1/day/close", status_code=202, response_model=Asked, summary="Ask for the close")
async def close(at: At, ticket: Ticket) -> Asked:
    """What was not decided lapses."""
    recorded = await at.approval.close_day(ticket)
    return Asked(seq=recorded.seq, repeated=recorded.duplicate)


@router.post("/v1/day/open", status_code=202, response_model=Asked, summary="Ask for the next business day")
async def open_next(at: At, ticket: Ticket) -> Asked:
    recorded = await at.approval.open_day(ticket)
    return Asked(seq=recorded.seq, repeated=recorded.duplicate)
