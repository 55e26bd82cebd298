"""The draft of a request for a cancel. It stops nothing: the advisor asks, on a card, in her own session.

Rule 1: what is to be cancelled is read from words that stand in the advisor's message, and must be one order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pydantic import Field

from core.book.views import OrderView, ProposalView
from core.fact import Amount
from core.ids import HouseholdId, OrderId
from core.orders.events import Span
from core.orders.negation import negated
from core.orders.order import ENDED, NEVER_OUT
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool
from tools.trading import WORDS, span_of

CANCELLING: Final = re.compile(r"\b(?:cancel\w*|call off|pull|stop|kill|scrap)\b", re.IGNORECASE)
OVER: Final = frozenset(status.value for status in ENDED | NEVER_OUT)


class ProposeCancelAsk(Ask):
    order_words: str = Field(max_length=60, description=f"the order's id, its symbol or its account, {WORDS}")


class CancelDrafted(Sourced):
    """A draft of a request: nothing is stopped, and the order may still be executed."""

    draft: str
    order: OrderId
    side: str
    quantity: Amount
    symbol: str
    status: str
    filled: Amount


async def propose_cancel(ask: ProposeCancelAsk, call: Call) -> CancelDrafted:
    """Draft the request to cancel one live order, named by its id or by the symbol that it trades.

    Pass the advisor's own words. This only drafts: it cancels and stops nothing. She sees a card with a
    button, and asks herself.
    """
    turn = call.turn
    asked = _asked(call)
    words = ask.order_words.strip()
    if span_of("order", words, call.said) is None:
        raise Refusal(f"{words!r} does not stand in the advisor's message; copy her words", code="not_said")
    order = _one(words, live_orders(await turn.desk.proposals(), turn.household))
    draft = await turn.desk.draft_cancel(
        order.order,
        asked=asked,
        thread=turn.thread,
        agent=call.agent,
        trace=turn.trace,
        key=call.key("cancel"),
    )
    return CancelDrafted(
        source="draft of a request, asked by nobody yet",
        as_of=turn.clock.now(),
        draft=draft,
        order=order.order,
        side=order.side,
        quantity=order.quantity,
        symbol=order.symbol,
        status=order.status,
        filled=order.filled,
    )


def live_orders(views: Sequence[ProposalView], household: HouseholdId | None) -> tuple[OrderView, ...]:
    """Orders that are not over; of the thread's household alone, where it has one."""
    return tuple(
        order
        for view in views
        if household in (None, view.household)
        for order in view.orders
        if order.status not in OVER
    )


def _one(words: str, live: Sequence[OrderView]) -> OrderView:
    found = [o for o in live if words.casefold() in (o.order, o.symbol.casefold(), o.account.casefold())]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refusal(
            f'no order that is out is called {words!r}; "open orders" lists those that are at work',
            code="not_found",
        )
    which = "; ".join(f"{o.side} {o.quantity:f} {o.symbol} in {o.account}: {o.order}" for o in found[:5])
    raise Refusal(f"which one? Ask her to write its id: {which}", code="ambiguous")


def _asked(call: Call) -> Span:
    """Where she asks for a cancel, in her newest message that does."""
    for one in call.said:
        found = CANCELLING.search(one.text)
        if found and not negated(one.text, *found.span()):
            return Span(field="kind", message=one.message, start=found.start(), end=found.end())
    raise Refusal("the advisor's message does not ask for a cancel; ask her to write it", code="not_said")


PROPOSE_CANCEL: Final = Tool("propose_cancel", ProposeCancelAsk, Effect.PROPOSE, propose_cancel)
