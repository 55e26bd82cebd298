"""Drafts of trades, in the advisor's own words, and what became of them.

Rule 1: a tool drafts. It cannot submit, consent, approve, release or send, and no argument makes it.
Rule 2: every chosen field is read here from words that stand in the advisor's message; a model passes the
    words, not the value. What the message does not say cannot be asked for.
Rule 3: figures of a proposal are those that were assessed without a model. A draft has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from pydantic import Field

from core.book.picture import Picture
from core.ids import AccountId, HouseholdId, ProposalId, Symbol
from core.orders.events import OrderType, Request, Side, Span
from core.orders.provenance import (
    SIDES,
    Known,
    name_words,
    number_said,
    says_household,
    side_said,
    unproven,
)
from tools.clients import Named, account_in, book, by_name, which
from tools.contract import Ask, Call, Effect, Refusal, Said, Sourced, Tool

WORDS: Final = "copied letter by letter from the advisor's message"


class ProposeRebalanceAsk(Ask):
    household_words: str | None = Field(
        default=None, max_length=120, description=f"who, {WORDS}; empty: the thread's"
    )
    account_words: tuple[str, ...] = Field(
        default=(), max_length=12, description=f"accounts, if named, {WORDS}"
    )


class ProposeOrderAsk(Ask):
    account_words: str = Field(
        max_length=120, description=f"the account's id, or its kind with whose, {WORDS}"
    )
    side_words: str = Field(max_length=20, description=f"buy or sell, {WORDS}")
    quantity_words: str = Field(max_length=30, description=f"the number of shares, {WORDS}")
    symbol_words: str = Field(max_length=12, description=f"the symbol, {WORDS}")
    limit_words: str | None = Field(default=None, max_length=20, description=f"limit price, if any, {WORDS}")


class Drafted(Sourced):
    """A draft waits for assessment: it has no figures yet, reserves nothing and reaches nobody."""

    proposal: ProposalId
    household: HouseholdId
    name: str
    kind: str
    asked: str


async def propose_rebalance(ask: ProposeRebalanceAsk, call: Call) -> Drafted:
    """Draft a rebalance of one household, or of named accounts of it, back to their model portfolios.

    Pass the advisor's own words. This only drafts: it submits, approves and sends nothing, and nobody can
    make it do so. The core chooses shares and lots.
    """
    households = await book(call.turn)
    spans = list(_spans("accounts", ask.account_words, call.said))
    named = _whose(ask.household_words, ask.account_words, households, call)
    picture = await call.turn.desk.picture(named.household)
    accounts = tuple(_account(words, named, picture, call) for words in ask.account_words)
    if ask.household_words and not accounts:
        spans.extend(_spans("household", [ask.household_words], call.said))
    spans.extend(_wish(call.said))
    request = Request(kind="rebalance", household=named.household, accounts=accounts)
    return await _draft(request, spans, named, picture, call)


async def propose_order(ask: ProposeOrderAsk, call: Call) -> Drafted:
    """Draft one order: buy or sell a number of shares of one symbol in one account, at market or a limit.

    Pass the advisor's own words for every field. This only drafts: it submits, approves and sends nothing,
    and nobody can make it do so. Long only; listed US shares and ETFs.
    """
    households = await book(call.turn)
    named = _whose(None, [ask.account_words], households, call)
    picture = await call.turn.desk.picture(named.household)
    limit = None if ask.limit_words is None else _number("limit price", ask.limit_words)
    request = Request(
        kind="order",
        household=named.household,
        accounts=(_account(ask.account_words, named, picture, call),),
        symbol=_symbol(ask.symbol_words, picture),
        side=_side(ask.side_words),
        quantity=_number("quantity", ask.quantity_words),
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=limit,
    )
    words = {
        "accounts": ask.account_words,
        "symbol": ask.symbol_words,
        "side": ask.side_words,
        "quantity": ask.quantity_words,
        **({"limit_price": ask.limit_words} if ask.limit_words else {}),
    }
    spans = [span for field, said in words.items() for span in _spans(field, [said], call.said)]
    return await _draft(request, spans, named, picture, call)


async def _draft(
    request: Request, spans: Sequence[Span], named: Named, picture: Picture, call: Call
) -> Drafted:
    turn = call.turn
    kinds = {account.id: account.kind for account in picture.household.accounts}
    texts = {said.message: said.text for said in call.said}
    missing = unproven(request, spans, texts, Known(named.household, named.names, kinds, turn.household))
    if missing:
        raise Refusal(
            f"the advisor's message does not say {', '.join(missing)}; ask her to write it", code="not_said"
        )
    proposal = await turn.desk.draft(
        request,
        provenance=tuple(spans),
        thread=turn.thread,
        agent=call.agent,
        trace=turn.trace,
        key=call.key("draft"),
    )
    return Drafted(
        source="draft, not yet assessed",
        as_of=picture.market.now,
        proposal=proposal,
        household=named.household,
        name=named.name,
        kind=request.kind,
        asked=_asked(request),
    )


def _asked(request: Request) -> str:
    if request.kind == "rebalance":
        return f"rebalance {', '.join(request.accounts) or 'all accounts'}"
    at = f"at a limit of {request.limit_price}" if request.limit_price is not None else "at market"
    return f"{request.side} {request.quantity} {request.symbol} in {request.accounts[0]} {at}"


def _whose(
    household_words: str | None, account_words: Sequence[str], households: Sequence[Named], call: Call
) -> Named:
    """Which household a draft is for: strictly as written, and the thread's own where it is pinned."""
    pinned = next((h for h in households if h.household == call.turn.household), None)
    ids = {words.strip().casefold() for words in account_words}
    holding = [h for h in households if ids & {account.casefold() for account in h.accounts}]
    if household_words:
        named = _exactly(household_words, households, pinned)
    elif holding:
        named = holding[0]
    elif pinned is not None:
        named = pinned
    elif account_words:
        named = _exactly(account_words[0], households, pinned)
    else:
        raise Refusal("whose? Name the household or the account", code="not_named")
    if pinned is not None and named.household != pinned.household:
        raise Refusal(
            f"this conversation is about {pinned.name}; open a new one for {named.name}", code="other_thread"
        )
    return named


_NOT_NAMES: Final = re.compile(
    r"\b(?:this|her|his|their|them|it|that|account|accounts|acct|roth|ira|trust|joint|taxable|individual)\b",
    re.I,
)


def _exactly(words: str, households: Sequence[Named], pinned: Named | None) -> Named:
    rest = _NOT_NAMES.sub(" ", words)
    by_id = [h for h in households if h.household.casefold() == words.strip().casefold()]
    found = by_id or [h for h in households if says_household(rest, h.names)]
    if len(found) == 1:
        return found[0]
    if found:
        whole = [h for h in found if says_household(h.name, (rest,))]
        if len(whole) == 1:
            return whole[0]
        raise which(words, found)
    if pinned is not None and not name_words(rest):
        return pinned
    near = by_name(rest, households)
    raise Refusal(
        f"nobody is called exactly {words!r}; do you mean {near.name}? Write the name", code="not_found"
    )


def _account(words: str, named: Named, picture: Picture, call: Call) -> AccountId:
    return account_in(words, named, picture, pinned=call.turn.household)


def _symbol(words: str, picture: Picture) -> Symbol:
    symbol = Symbol(words.strip().upper())
    instrument = picture.market.instruments.get(symbol)
    if instrument is None:
        raise Refusal(
            f"{words!r} is not a symbol that this firm knows; write its symbol", code="unknown_symbol"
        )
    if not instrument.tradable:
        raise Refusal(
            f"{symbol} is a {instrument.kind.replace('_', ' ')}: it can be held and shown, not traded here; "
            "only listed US shares and ETFs are traded",
            code="not_traded",
        )
    return symbol


def _side(words: str) -> Side:
    side = side_said(words)
    if side is None:
        raise Refusal(
            f"{words!r} is neither buying nor selling; write one of {', '.join(SIDES)}", code="unread"
        )
    return side


def _number(what: str, words: str) -> Decimal:
    number = number_said(words)
    if number is None or number <= 0:
        raise Refusal(f"{words!r} is not a {what}; write a number above zero", code="unread")
    return number


REBALANCING: Final = re.compile(
    r"\b(?:re-?balanc\w*|re-?align\w*|back (?:to|in|into|on|within)|in(?:to)? line|true up|restore)\b",
    re.IGNORECASE,
)


def _wish(said: Sequence[Said]) -> Iterator[Span]:
    """Where she asks for a rebalance at all."""
    for one in said:
        found = REBALANCING.search(one.text)
        if found:
            yield Span(field="kind", message=one.message, start=found.start(), end=found.end())
            return
    raise Refusal("the advisor's message does not ask for a rebalance; ask her to write it", code="not_said")


def _spans(field: str, words: Sequence[str], said: Sequence[Said]) -> Iterator[Span]:
    for one in words:
        span = span_of(field, one, said)
        if span is None:
            raise Refusal(f"{one!r} does not stand in the advisor's message; copy her words", code="not_said")
        yield span


def span_of(field: str, words: str, said: Sequence[Said]) -> Span | None:
    """Where `words` stand as whole words, in the newest message that has them; case does not matter."""
    wanted = words.strip()
    if not wanted:
        return None
    pattern = re.compile(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])", re.IGNORECASE)
    for one in said:
        found = pattern.search(one.text)
        if found:
            return Span(field=field, message=one.message, start=found.start(), end=found.end())
    return None


PROPOSE_REBALANCE: Final = Tool("propose_rebalance", ProposeRebalanceAsk, Effect.PROPOSE, propose_rebalance)
PROPOSE_ORDER: Final = Tool("propose_order", ProposeOrderAsk, Effect.PROPOSE, propose_order)
