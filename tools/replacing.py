"""The draft of an order that takes a live one's place. It changes nothing: she submits it, and people decide.

Rule 1: the order is named by its id, copied from the advisor's message, and so are the shares and the limit.
    Account, security and side are that order's own; the append refuses any other.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from core.book.views import OrderView
from core.orders.events import OrderType, Request, Side
from tools.cancelling import live_orders
from tools.clients import book
from tools.contract import Ask, Call, Effect, Refusal, Tool
from tools.trading import WORDS, Drafted, drafted, number_of, spans_of

REPLACING: Final = re.compile(
    r"\b(?:replac\w*|chang\w*|amend\w*|modif\w*|mov\w*|re-?pric\w*)\b", re.IGNORECASE
)
NAMED: Final = 5  # orders in a question which one


class ProposeReplaceAsk(Ask):
    order_words: str = Field(max_length=60, description=f"the id of the live order, {WORDS}")
    quantity_words: str = Field(max_length=30, description=f"shares from now on, {WORDS}")
    limit_words: str | None = Field(default=None, max_length=20, description=f"limit price, if any, {WORDS}")


async def propose_replace(ask: ProposeReplaceAsk, call: Call) -> Drafted:
    """Draft an order that takes the place of one live order: other shares, another limit, or at market.

    Pass the advisor's own words for every field; the order by its id. This only drafts: the live order stays
    as it is until she has submitted it and people have decided.
    """
    turn = call.turn
    if not any(REPLACING.search(one.text) for one in call.said):
        raise Refusal("the advisor's message does not ask for a change; ask her to write it", code="not_said")
    order = _named(ask.order_words, live_orders(await turn.desk.proposals(), turn.household))
    named = next((one for one in await book(turn) if order.account in one.accounts), None)
    if named is None:
        raise Refusal(f"no order of this book is called {order.order!r}", code="not_found")
    limit = None if ask.limit_words is None else number_of("limit price", ask.limit_words)
    request = Request(
        kind="order",
        household=named.household,
        accounts=(order.account,),
        symbol=order.symbol,
        side=Side(order.side),
        quantity=number_of("quantity", ask.quantity_words),
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=limit,
        replaces=order.order,
    )
    words = {
        "replaces": ask.order_words,
        "quantity": ask.quantity_words,
        **({"limit_price": ask.limit_words} if ask.limit_words else {}),
    }
    spans = [span for field, said in words.items() for span in spans_of(field, [said], call.said)]
    picture = await turn.desk.picture(named.household)
    return await drafted(request, spans, named, picture, call)


def _named(words: str, live: tuple[OrderView, ...]) -> OrderView:
    found = next((one for one in live if one.order == words.strip().casefold()), None)
    if found is not None:
        return found
    near = [one for one in live if one.symbol.casefold() == words.strip().casefold()] or live
    which = "; ".join(f"{o.side} {o.quantity:f} {o.symbol} in {o.account}: {o.order}" for o in near[:NAMED])
    if not which:
        raise Refusal("no order is out that could be replaced", code="not_found")
    raise Refusal(f"which one? Ask her to write its id: {which}", code="ambiguous")


PROPOSE_REPLACE: Final = Tool("propose_replace", ProposeReplaceAsk, Effect.PROPOSE, propose_replace)
