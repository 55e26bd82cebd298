"""How orders stand, how to ask that one be cancelled, and what happened to them as others read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from core.direct.standing import OrderLine
from core.feed.record import Page
from core.ids import OrderId
from core.orders.confirmation import Confirmation
from core.orders.events import Finding
from core.orders.external import External
from core.orders.ticket import Ticket as OrderTicket
from ui.api.chosen import OfOrders, Resumed, first_of_feed
from ui.api.doors import At, Doors, Ticket, TicketOrKey
from ui.api.feed import STREAM, FeedResponse, Feeds, Following, feeds_of, followed
from ui.api.fields import Amount, Ask, PathId, Told
from ui.sse import Event

router = APIRouter(tags=["orders"])


class WaitingTold(Told):
    """Why a released order has not gone on: halted, no_venue, in_line, venue_away, in_doubt, record_away,
    no_worker, or set_aside (operations look into it). In words too, and since when."""

    why: str
    says: str
    since: datetime | None


class OrderTold(Told):
    """`status` is HELD, RISK_APPROVED (let out), BLOCKED (a policy denies it), or what its venue said since.

    `trace_id` is the same from the request to the settlement. Dollars a share in `average_price`.
    """

    order_id: str
    proposal_id: str
    status: str
    account_id: str
    symbol: str
    side: str
    quantity: Amount
    order_type: str
    limit_price: Amount | None
    time_in_force: str
    filled: Amount
    average_price: Amount | None
    venue: str | None
    says: str
    accepted_at: datetime
    trace_id: str
    risk_decisions: tuple[Finding, ...]
    waiting: WaitingTold | None


class CancelAsked(Told):
    """`seq` is the entry in the record; `repeated` is true where it was there already."""

    order_id: str
    seq: int
    repeated: bool


class Cancel(Ask):
    pass


class CancelDraftTold(Told):
    """An agent's draft of a request: it stops nothing. A person asks at `/v1/orders/{order_id}/cancel`."""

    draft_id: str
    order_id: str
    proposal_id: str
    account_id: str
    symbol: str
    side: str
    quantity: Amount
    filled: Amount
    limit_price: Amount | None
    thread_id: str
    agent: str
    drafted_at: datetime


@router.get("/v1/cancel-drafts", response_model=tuple[CancelDraftTold, ...], summary="Drafted cancels")
async def cancel_drafts(at: At, ticket: Ticket) -> tuple[CancelDraftTold, ...]:
    """What the copilot drafted in one's book and nobody has asked for yet, newest first."""
    return tuple(
        CancelDraftTold(
            draft_id=one.draft,
            order_id=one.order,
            proposal_id=one.proposal,
            account_id=one.account,
            symbol=one.symbol,
            side=one.side,
            quantity=one.quantity,
            filled=one.filled,
            limit_price=one.limit_price,
            thread_id=one.thread,
            agent=one.agent,
            drafted_at=one.drafted_at,
        )
        for one in await at.approval.cancels.drafted(ticket)
    )


class Redriven(Told):
    """`seq` is the entry in the record."""

    order_id: str
    seq: int


@router.get("/v1/orders", response_model=tuple[OrderTold, ...], summary="Orders of one's book")
async def listed(at: At, ticket: TicketOrKey) -> tuple[OrderTold, ...]:
    """The newest 200, newest first."""
    return tuple(order_told(line) for line in await at.intake.direct.orders(ticket))


@router.get("/v1/orders/{order_id}", response_model=OrderTold, summary="One order as it stands")
async def one_order(order_id: PathId, at: At, ticket: TicketOrKey) -> OrderTold:
    return order_told(await at.intake.direct.order(ticket, OrderId(order_id)))


@router.post(
    "/v1/orders/{order_id}/redrive", response_model=Redriven, summary="Try an order again that was set aside"
)
async def redrive(order_id: PathId, ask: Cancel, at: At, ticket: Ticket) -> Redriven:
    """Operations alone. Its venue is asked first, so it never becomes a second order."""
    recorded = await at.approval.redrives.ask(ticket, OrderId(order_id))
    return Redriven(order_id=order_id, seq=recorded.seq)


@router.post("/v1/orders/{order_id}/cancel", response_model=CancelAsked, summary="Ask to cancel an order")
async def cancel(order_id: PathId, ask: Cancel, at: At, ticket: Ticket) -> CancelAsked:
    """By the account's advisor, a principal or operations. Its venue has the last word: read it again."""
    recorded = await at.approval.cancels.ask(ticket, OrderId(order_id))
    return CancelAsked(order_id=order_id, seq=recorded.seq, repeated=recorded.duplicate)


def order_told(line: OrderLine) -> OrderTold:
    return OrderTold(
        order_id=line.order,
        proposal_id=line.proposal,
        status=line.status,
        account_id=line.account,
        symbol=line.symbol,
        side=line.side,
        quantity=line.quantity,
        order_type=line.order_type,
        limit_price=line.limit_price,
        time_in_force=line.time_in_force,
        filled=line.filled,
        average_price=line.average_price,
        venue=line.venue,
        says=line.says,
        accepted_at=line.accepted_at,
        trace_id=line.trace,
        risk_decisions=line.findings,
        waiting=None
        if line.waiting is None
        else WaitingTold(why=line.waiting.why, says=line.waiting.says, since=line.waiting.since),
    )


@router.get(
    "/v1/orders/{order_id}/events", response_model=tuple[External, ...], summary="What happened to one order"
)
async def order_events(order_id: PathId, at: At, ticket: Ticket) -> tuple[External, ...]:
    """Oldest first. Empty while the order's leg is held: nobody has let it out yet."""
    return await at.intake.record.order_events(ticket, OrderId(order_id))


@router.get("/v1/orders/{order_id}/ticket", response_model=OrderTicket, summary="The order ticket")
async def order_ticket(order_id: PathId, at: At, ticket: Ticket) -> OrderTicket:
    """What the firm keeps of it: terms and every change, who recommended and decided, times, executions.

    Each entry of the record that it rests on is named in `seqs`.
    """
    return await at.intake.tickets.of(ticket, OrderId(order_id))


@router.get(
    "/v1/orders/{order_id}/confirmations",
    response_model=tuple[Confirmation, ...],
    summary="The trade confirmations",
)
async def confirmations(order_id: PathId, at: At, ticket: Ticket) -> tuple[Confirmation, ...]:
    """One for each trade date: what 17 CFR 240.10b-10 asks for. None while the day is not confirmed."""
    return await at.intake.confirmations.of(ticket, OrderId(order_id))


@router.get(
    "/v1/feed/orders", responses=STREAM, response_class=StreamingResponse, summary="Orders as they move"
)
async def feed(
    at: At, ticket: Ticket, chosen: OfOrders, begins: Resumed, feeds: Annotated[Feeds, Depends(feeds_of)]
) -> FeedResponse:
    """Events `order`, each in the external form, of one's own book: from there on and then as they happen."""
    me = await at.intake.whoami(ticket)
    first = await first_of_feed(at, ticket, chosen, begins)
    following = Following(at.intake.record, ticket, chosen, Outward(at, ticket).told)
    feeds.enter(me.person)
    return FeedResponse(feeds, me.person, followed(feeds, following, first))


class Outward:
    """Tells the orders of a page in their external form."""

    def __init__(self, at: Doors, ticket: str) -> None:
        self._at, self._ticket = at, ticket

    async def told(self, page: Page) -> Sequence[Event]:
        if not page.lines:
            return ()
        told = await self._at.intake.record.externals(self._ticket, page)
        return tuple(Event("order", event.model_dump(mode="json"), str(seq)) for seq, event in told)
