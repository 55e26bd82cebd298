"""The watch list, for compliance alone: what is watched, and what was proposed and traded in it.

Rule 1: to everybody else these routes say the same whatever the list holds: that it is for compliance.
"""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import Field

from core.ids import Symbol
from ui.api.doors import At, Ticket
from ui.api.fields import Amount, Ask, PathId, Text, Told

router = APIRouter(tags=["watch list"])


class Watch(Ask):
    """The cause is sealed for compliance."""

    symbol: str = Field(pattern=r"^[A-Z0-9.]{1,24}$")
    cause: Text


class Watched(Told):
    watch: str
    symbol: str
    cause: str
    listed_by: str
    since: datetime
    until: datetime | None


class Hit(Told):
    symbol: str
    proposal: str
    order: str
    account: str
    advisor: str
    side: str
    quantity: Amount
    filled: Amount
    status: str
    session: date
    assessed_at: datetime


class Report(Told):
    """Every order, or planned order, in what is watched now, newest first."""

    watched: tuple[Watched, ...]
    hits: tuple[Hit, ...]


class Step(Told):
    watch: str
    seq: int


@router.get("/v1/watch", response_model=Report, summary="What is watched, and what happened in it")
async def report(at: At, ticket: Ticket) -> Report:
    watched, hits = await at.approval.watch.report(ticket)
    return Report(
        watched=tuple(
            Watched(
                watch=one.watch,
                symbol=one.symbol,
                cause=one.cause,
                listed_by=one.listed_by,
                since=one.since,
                until=one.until,
            )
            for one in watched
        ),
        hits=tuple(
            Hit(
                symbol=one.symbol,
                proposal=one.proposal,
                order=one.order,
                account=one.account,
                advisor=one.advisor,
                side=one.side,
                quantity=one.quantity,
                filled=one.filled,
                status=one.status,
                session=one.session,
                assessed_at=one.assessed_at,
            )
            for one in hits
        ),
    )


@router.post("/v1/watch", status_code=201, response_model=Step, summary="Watch a symbol")
async def watch(ask: Watch, at: At, ticket: Ticket) -> Step:
    named, recorded = await at.approval.watch.list_(ticket, Symbol(ask.symbol), ask.cause)
    return Step(watch=named, seq=recorded.seq)


@router.post("/v1/watch/{watch}/end", response_model=Step, summary="Watch it no more")
async def end(watch: PathId, at: At, ticket: Ticket) -> Step:
    recorded = await at.approval.watch.unlist(ticket, watch)
    return Step(watch=watch, seq=recorded.seq)
