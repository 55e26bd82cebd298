"""Drafts of what follows a part execution: an order in a live one's place, or the rest of one that has ended.

Rule 1: as in `tools.trading`: a tool drafts a trade proposal, and every field is read from her words or is
    what the core says is left. She submits it; people decide; the live order works on until then.
Rule 2: the rest of an order that is at work is never drafted beside it: she is told what she can ask for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from pydantic import Field

from core.book.views import OrderView
from core.orders.events import OrderType, Request, Span
from core.orders.negation import negated
from core.orders.provenance import number_said
from core.orders.rests import CHANGES, TAKES_UP, Rest, one_called
from tools.cancelling import OVER
from tools.clients import Named, book
from tools.contract import Ask, Call, Effect, Refusal, Tool
from tools.trading import NO_GO_AHEAD, WORDS, Drafted, drafted, spans_of


class ProposeReplaceAsk(Ask):
    order_words: str = Field(max_length=60, description=f"the order's id, its symbol or its account, {WORDS}")
    limit_words: str | None = Field(default=None, max_length=20, description=f"new limit, if said, {WORDS}")
    quantity_words: str | None = Field(
        default=None, max_length=30, description=f"shares beyond what is executed, if said, {WORDS}"
    )


async def propose_replace(ask: ProposeReplaceAsk, call: Call) -> Drafted:
    """Draft the request that another order takes the place of one at work: other shares, another limit.

    Pass the advisor's own words. This only drafts: the live order works on until people have decided. Shares
    are those beyond what is executed; not said, they are what is left.
    """
    return await _taken_up(ask, call, live=True)


async def propose_remainder(ask: ProposeReplaceAsk, call: Call) -> Drafted:
    """Draft an order for what is left of one that ended before all of it was executed.

    Pass the advisor's own words. This only drafts. Where the order is still at work nothing is drafted, and
    she is told what is left and what she can ask for.
    """
    return await _taken_up(ask, call, live=False)


async def _taken_up(ask: ProposeReplaceAsk, call: Call, *, live: bool) -> Drafted:
    views = await call.turn.desk.proposals()
    pinned = call.turn.household
    households = {h.household: h for h in await book(call.turn)}
    orders = [
        (order, households[view.household])
        for view in views
        if pinned in (None, view.household) and view.household in households
        for order in view.orders
        if order.filled < order.quantity and order.venue is not None
    ]
    rests = [rest_of(order) for order, _ in orders]
    rest = _one(ask.order_words, rests, live=live)
    named = next(named for order, named in orders if order.order == rest.order)
    if not live:
        _not_done_since(rest, [order for view in views for order in view.orders])
    return await _draft(ask, call, rest, rests, named)


async def _draft(
    ask: ProposeReplaceAsk, call: Call, rest: Rest, rests: Sequence[Rest], named: Named
) -> Drafted:
    limit = _number("limit price", ask.limit_words) or rest.limit_price
    quantity = _number("number of shares", ask.quantity_words) or rest.left
    if rest.live and (limit, quantity) == (rest.limit_price, rest.left):
        raise Refusal(
            f"what should change? {_told(rest)} Write the new limit, or how many more", code="not_said"
        )
    picture = await call.turn.desk.picture(named.household)
    request = Request(
        kind="order",
        household=named.household,
        accounts=(rest.account,),
        symbol=rest.symbol,
        side=rest.side,
        quantity=quantity,
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=limit,
        replaces=rest.order if rest.live else None,
    )
    words = {"order": ask.order_words, "limit_price": ask.limit_words, "quantity": ask.quantity_words}
    spans = [span for field, said in words.items() if said for span in spans_of(field, [said], call.said)]
    own = [one for one in rests if one.account in {a.id for a in picture.household.accounts}]
    return await drafted(
        request, [_asked(call, CHANGES if rest.live else TAKES_UP), *spans], named, picture, call, rests=own
    )


def rest_of(order: OrderView) -> Rest:
    """What is left of it."""
    return Rest(
        order=order.order,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        left=order.quantity - order.filled,
        limit_price=order.limit_price,
        live=order.status not in OVER,
    )


def _one(words: str, rests: Sequence[Rest], *, live: bool) -> Rest:
    of_kind = [rest for rest in rests if rest.live is live]
    rest = one_called(words, of_kind)
    if rest is not None:
        return rest
    called = [rest for rest in rests if rest.is_called(words)]
    if not live and len(called) == 1:
        raise Refusal(
            f"{_told(called[0])} It is still at work, so nothing is drafted beside it. Leave it, or write: "
            f"cancel the {called[0].symbol} order; or: change the limit of the {called[0].symbol} order",
            code="still_live",
        )
    if not called:
        raise Refusal(
            f"no order with something left is called {words!r}; ask how your proposals stand",
            code="not_found",
        )
    which = "; ".join(f"{_told(rest)} {rest.order}" for rest in called[:5])
    raise Refusal(f"which one? Write its id: {which}", code="ambiguous")


def _told(rest: Rest) -> str:
    at = "at market" if rest.limit_price is None else f"at a limit of ${rest.limit_price:,.2f}"
    left = f"{rest.left.normalize():f} {rest.symbol}"
    return f"{left} are left to {rest.side} in {rest.account} {at}."


def _not_done_since(rest: Rest, orders: Sequence[OrderView]) -> None:
    """Refuses where another order of the same kind is out: its rest may be the same shares."""
    for order in orders:
        same = (order.account, order.symbol, order.side) == (rest.account, rest.symbol, rest.side)
        if same and order.order != rest.order and order.status not in OVER:
            raise Refusal(
                f"another order to {order.side} {order.symbol} in {order.account} is at work; wait for it",
                code="still_live",
            )


def _asked(call: Call, wish: re.Pattern[str]) -> Span:
    """Where she asks for it, in her newest message that does."""
    for one in call.said:
        found = [f for f in wish.finditer(one.text) if not negated(one.text, *f.span())]
        if found:
            return Span(field="kind", message=one.message, start=found[0].start(), end=found[0].end())
        if wish.search(one.text):
            raise Refusal(NO_GO_AHEAD, code="not_said")
    raise Refusal("the advisor's message does not ask for it; ask her to write it", code="not_said")


def _number(what: str, words: str | None) -> Decimal | None:
    if words is None:
        return None
    number = number_said(words)
    if number is None or number <= 0:
        raise Refusal(f"{words!r} is not a {what}; write a number above zero", code="unread")
    return number


PROPOSE_REPLACE: Final = Tool("propose_replace", ProposeReplaceAsk, Effect.PROPOSE, propose_replace)
PROPOSE_REMAINDER: Final = Tool("propose_remainder", ProposeReplaceAsk, Effect.PROPOSE, propose_remainder)
