"""What happened to orders, in the form that other systems read: of one order, or of all as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from core.feed.record import Page
from core.ids import OrderId
from core.orders.external import External
from core.orders.ticket import Ticket as OrderTicket
from ui.api.chosen import OfOrders, Resumed, first_of_feed
from ui.api.doors import At, Doors, Ticket
from ui.api.feed import STREAM, FeedResponse, Feeds, Following, feeds_of, followed
from ui.api.fields import PathId
from ui.sse import Event

router = APIRouter(tags=["orders"])


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
