"""Corrections: orders that operations drafts about an order that went wrong, or was allocated otherwise.

Rule 1: the draft decides nothing. It is assessed, submitted by the account's advisor, and approved by a
    principal and compliance, whatever its dollars.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from core.ids import OrderId
from core.orders.events import Request
from ui.api.doors import At, Key, Ticket
from ui.api.fields import Ask, AskedAmount, Id, Text
from ui.api.proposals import Draft, Drafted, request_of

router = APIRouter(tags=["trade proposals"])


class Correct(Ask):
    """One order in one account, about the order that it `corrects`; `cause` says what went wrong."""

    exception: Literal["error_correction", "allocation_exception"]
    corrects: Id
    cause: Text
    household: Id
    account: Id
    symbol: Id
    side: Literal["buy", "sell"]
    quantity: AskedAmount
    order_type: Literal["market", "limit"] = "market"
    limit_price: AskedAmount | None = None


@router.post("/v1/corrections", status_code=201, response_model=Drafted, summary="Draft a correction")
async def correct(ask: Correct, at: At, ticket: Ticket, key: Key) -> Drafted:
    """By operations. The same key is the same proposal."""
    drafted = at.intake.corrections.draft(
        ticket, _request(ask), ask.exception, OrderId(ask.corrects), ask.cause, key=key
    )
    return Drafted(proposal=await drafted)


def _request(ask: Correct) -> Request:
    whole = Draft.model_construct(  # its fields were read a moment ago
        kind="order",
        household=ask.household,
        accounts=(ask.account,),
        symbol=ask.symbol,
        side=ask.side,
        quantity=ask.quantity,
        order_type=ask.order_type,
        limit_price=ask.limit_price,
        supersedes=None,
    )
    return request_of(whole)
