"""Stopping trading and resuming it; alerts that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from agents.governance import TABLE as GOVERNED
from core.errors import BadInput
from core.halts.beside import Stopped
from core.halts.door import InScope, Standing
from core.halts.scope import Scope, in_words, scope
from core.ids import PersonId
from tools.catalog import HELD
from ui.api.doors import At, Key, Ticket
from ui.api.fields import Amount, Ask, Line, PathId, Told

router = APIRouter(tags=["halts"])

Named = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Halt(Ask):
    """`scope` is `all`, or a kind and an id as `venue:ARCADIA`. The reason is sealed under you."""

    scope: Named
    reason: Line | None = None


class Of(Ask):
    scope: Named


class Halted(Told):
    """What is stopped now. `by` is who stopped it; none where no person did: `cause` says what then."""

    halt: str
    scope: str
    says: str
    cause: str
    by: str | None
    by_name: str | None
    alert: str | None
    reason: str | None
    since: datetime


class Alert(Told):
    """What waits for a person. A critical one that nobody acknowledges halts `scope`."""

    alert: str
    severity: str
    scope: str
    says: str
    kind: str
    order: str | None
    venue: str | None
    raised_at: datetime
    halted: bool


class OpenOrder(Told):
    """Out, and not ended. UNKNOWN: sent, and no answer that can be read; it is looked up and may be live."""

    order: str
    account: str
    symbol: str
    side: str
    quantity: Amount
    filled: Amount
    status: str
    venue: str | None


class CashDue(Told):
    """A client's own money that is due today: a halt does not hold it back."""

    account: str
    what: str
    amount: Amount


class Left(Told):
    """What a halt leaves in its scope."""

    orders: tuple[OpenOrder, ...]
    cash_due: tuple[CashDue, ...]


class Answer(Told):
    """The halt is on record, on disk, and held by every live worker: no further send begins.

    `silent_workers` gave no word in time; the file holds for them too. `on_the_way` are sends that had begun
    before and have no answer yet. `answered_after_ms` is from the record's word to the last worker's.
    """

    halt: str
    scope: str
    seq: int
    repeated: bool
    workers: int
    silent_workers: tuple[str, ...]
    on_the_way: int
    answered_after_ms: int
    says: str
    left: Left


class Done(Told):
    seq: int
    repeated: bool


class Halts(Told):
    """As far as the asker is shown it: what names an account, to its advisor and to those who supervise."""

    halts: tuple[Halted, ...]
    alerts: tuple[Alert, ...]


@router.get("/v1/halts", response_model=Halts, summary="What is stopped now, and which alerts wait")
async def standing(at: At, ticket: Ticket) -> Halts:
    """The widest first, then the oldest."""
    found = await at.halting.standing(ticket)
    names = await at.intake.colleagues(ticket)
    return Halts(
        halts=tuple(_halted(one, names) for one in found),
        alerts=tuple(_alert(row) for row in await at.halting.alerts(ticket)),
    )


@router.post("/v1/halts", status_code=201, response_model=Answer, summary="Stop trading")
async def stop(ask: Halt, at: At, ticket: Ticket, key: Key) -> Answer:
    """New orders alone: cancels, look-ups and bookings go on. Another person resumes it."""
    about = _known(scope(ask.scope))
    halt, recorded, stopped = await at.halting.halt(ticket, about, ask.reason, key=key)
    left = await at.halting.in_scope(ticket, about)
    return Answer(
        halt=halt,
        scope=about,
        seq=recorded.seq,
        repeated=recorded.duplicate,
        workers=stopped.workers,
        silent_workers=stopped.silent,
        on_the_way=stopped.on_the_way,
        answered_after_ms=int(stopped.took.total_seconds() * 1000),
        says=_says(about, stopped),
        left=_left(left),
    )


@router.post("/v1/halts/resume", response_model=Done, summary="Resume trading")
async def resume(ask: Of, at: At, ticket: Ticket) -> Done:
    """Another person than those who stopped it: a registered principal, compliance or operations."""
    recorded = await at.halting.resume(ticket, scope(ask.scope))
    return Done(seq=recorded.seq, repeated=recorded.duplicate)


@router.get("/v1/halts/left", response_model=Left, summary="Open orders and cash due in a scope")
async def left(at: At, ticket: Ticket, named: Annotated[str, Query(alias="scope", max_length=100)]) -> Left:
    return _left(await at.halting.in_scope(ticket, scope(named)))


@router.post("/v1/alerts/{alert}/acknowledge", response_model=Done, summary="Acknowledge an alert")
async def acknowledge(alert: PathId, at: At, ticket: Ticket) -> Done:
    """You have seen it and answer for it: then it halts nothing."""
    recorded = await at.halting.acknowledge(ticket, alert)
    return Done(seq=recorded.seq, repeated=recorded.duplicate)


def _known(about: Scope) -> Scope:
    """Raises BadInput where no agent or tool of ours has that name: who mistypes would believe it stopped."""
    kind, _, named = about.partition(":")
    ours = {
        "agent": [*GOVERNED],
        "tool": sorted({tool.name for tools in HELD.values() for tool in tools}),
    }
    if named not in ours.get(kind, [named]):
        raise BadInput(
            f"there is no {kind} {named!r}", fix=f"choose one of {', '.join(ours[kind])}", field="scope"
        )
    return about


def _says(about: Scope, stopped: Stopped) -> str:
    if stopped.silent:
        return (
            f"Trading is stopped for {in_words(about)}. {len(stopped.silent)} worker gave no word in time; "
            "it reads the halt before each order that it sends"
        )
    if not stopped.workers:
        return f"Trading is stopped for {in_words(about)}. No worker is running: nothing can leave"
    return f"Trading is stopped for {in_words(about)}. No further order leaves"


def _halted(one: Standing, names: Mapping[PersonId, str]) -> Halted:
    return Halted(
        halt=one.halt,
        scope=one.scope,
        says=in_words(one.scope),
        cause=one.cause,
        by=one.person,
        by_name=names.get(one.person) if one.person else None,
        alert=one.alert,
        reason=one.reason,
        since=one.halted_at,
    )


def _alert(row: dict[str, Any]) -> Alert:
    about = row["order_id"] or row["venue"] or in_words(row["scope"])
    says = {
        "order_in_trouble": f"Order {about} cannot go on: somebody must look at it",
        "venue_contradicts": f"{row['venue'] or 'A venue'} contradicts itself about order {row['order_id']}",
    }[row["kind"]]
    return Alert(
        alert=row["alert"],
        severity=row["severity"],
        scope=row["scope"],
        says=says,
        kind=row["kind"],
        order=row["order_id"],
        venue=row["venue"],
        raised_at=row["raised_at"],
        halted=row["halted"],
    )


def _left(found: InScope) -> Left:
    orders = [
        OpenOrder(
            order=one.order,
            account=one.account,
            symbol=one.symbol,
            side=one.side,
            quantity=one.quantity,
            filled=one.filled,
            status=one.status,
            venue=one.venue,
        )
        for one in found.orders
    ]
    cash = [CashDue(account=one.account, what=one.what, amount=one.amount) for one in found.cash_due]
    return Left(orders=tuple(orders), cash_due=tuple(cash))
