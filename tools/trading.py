"""Drafts of trades, in the advisor's own words, and what became of them.

Rule 1: a tool drafts. It cannot submit, consent, approve, release or send, and no argument makes it.
Rule 2: every chosen field is read here from words that stand in the advisor's message; a model passes the
    words, not the value. What the message does not say cannot be asked for.
Rule 3: figures of a proposal are those that were assessed without a model. A draft has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from pydantic import Field

from core.book.picture import Picture
from core.ids import AccountId, HouseholdId, ProposalId
from core.orders.events import OrderType, Request, Side, Span
from core.orders.negation import REBALANCING
from core.orders.planning import MOST_MINUTES, MOST_PARTS, Planning
from core.orders.planning_said import TAX_AWARE, dollars_said, method_said, minutes_said, parts_said
from core.orders.provenance import (
    SIDES,
    Known,
    name_words,
    number_said,
    says_household,
    side_said,
    unproven,
)
from core.orders.rests import Rest
from tools.clients import Named, account_in, book, by_name, which
from tools.contract import Ask, Call, Effect, Refusal, Said, Sourced, Tool
from tools.symbols import in_shares, symbol_of

NO_GO_AHEAD: Final = (
    "her message says no to it, or to a part of it that a draft cannot leave out; nothing is drafted. "
    "Ask her to write what she wants alone"
)
WORDS: Final = "copied letter by letter from the advisor's message"


class ProposeRebalanceAsk(Ask):
    household_words: str | None = Field(
        default=None, max_length=120, description=f"who, {WORDS}; empty: the thread's"
    )
    account_words: tuple[str, ...] = Field(
        default=(), max_length=12, description=f"accounts, if named, {WORDS}"
    )
    tax_words: str | None = Field(default=None, max_length=40, description=f"'tax-aware', if said, {WORDS}")
    budget_words: str | None = Field(default=None, max_length=30, description=f"most gains, if said, {WORDS}")


class ProposeOrderAsk(Ask):
    account_words: str = Field(
        max_length=120, description=f"the account's id, or its kind with whose, {WORDS}"
    )
    side_words: str = Field(max_length=20, description=f"buy or sell, {WORDS}")
    quantity_words: str = Field(max_length=30, description=f"the number of shares, {WORDS}")
    symbol_words: str = Field(max_length=12, description=f"the symbol, {WORDS}")
    limit_words: str | None = Field(default=None, max_length=20, description=f"limit price, if any, {WORDS}")
    lot_words: str | None = Field(default=None, max_length=40, description=f"FIFO, HIFO, if said, {WORDS}")
    time_words: str | None = Field(
        default=None, max_length=40, description=f"'over two hours', if said, {WORDS}"
    )
    parts_words: str | None = Field(default=None, max_length=30, description=f"'12 parts', if said, {WORDS}")


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
    spans = list(spans_of("accounts", ask.account_words, call.said))
    named = whose(ask.household_words, ask.account_words, households, call)
    picture = await call.turn.desk.picture(named.household)
    accounts = tuple(account_of(words, named, picture, call) for words in ask.account_words)
    if ask.household_words and not accounts:
        spans.extend(spans_of("household", [ask.household_words], call.said))
    spans.extend(_wish(call.said))
    how, said = _meant(ask.tax_words, ask.budget_words, None)
    spans += [span for field, words in said.items() for span in spans_of(field, [words], call.said)]
    request = Request(kind="rebalance", household=named.household, accounts=accounts, planning=how)
    return await drafted(request, spans, named, picture, call)


async def propose_order(ask: ProposeOrderAsk, call: Call) -> Drafted:
    """Draft one order: buy or sell a number of shares of one symbol in one account, at market or a limit, at
    once or over a time in equal parts.

    Pass the advisor's own words for every field. This only drafts: it submits, approves and sends nothing,
    and nobody can make it do so. Long only; listed US shares and ETFs.
    """
    households = await book(call.turn)
    named = whose(None, [ask.account_words], households, call)
    picture = await call.turn.desk.picture(named.household)
    limit = None if ask.limit_words is None else number_of("limit price", ask.limit_words)
    account, symbol = (
        account_of(ask.account_words, named, picture, call),
        symbol_of(ask.symbol_words, picture),
    )
    if otherwise := in_shares(ask.quantity_words, picture.account(account), symbol, picture.market):
        raise Refusal(otherwise, code="not_shares")
    request = Request(
        kind="order",
        household=named.household,
        accounts=(account,),
        symbol=symbol,
        side=_side(ask.side_words),
        quantity=number_of("quantity", ask.quantity_words),
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=limit,
        planning=_over(ask, _meant(None, None, ask.lot_words)[0]),
    )
    words = {
        "accounts": ask.account_words,
        "symbol": ask.symbol_words,
        "side": ask.side_words,
        "quantity": ask.quantity_words,
        **({"limit_price": ask.limit_words} if ask.limit_words else {}),
        **_meant(None, None, ask.lot_words)[1],
        **({"minutes": ask.time_words} if ask.time_words else {}),
        **({"parts": ask.parts_words} if ask.parts_words else {}),
    }
    spans = [span for field, said in words.items() for span in spans_of(field, [said], call.said)]
    return await drafted(request, spans, named, picture, call)


async def drafted(
    request: Request,
    spans: Sequence[Span],
    named: Named,
    picture: Picture,
    call: Call,
    *,
    part: str = "",
    rests: Sequence[Rest] = (),
) -> Drafted:
    """Put the request before the worker, where her words say all of it. `part` tells one call's drafts apart.

    Raises:
        Refusal: her words do not say a field; names it.
    """
    turn = call.turn
    kinds = {account.id: account.kind for account in picture.household.accounts}
    texts = {said.message: said.text for said in call.said}
    models = {a.id: a.model.name for a in picture.household.accounts if a.model}
    known = Known(named.household, named.names, kinds, turn.household, models, rests)
    missing = unproven(request, spans, texts, known)
    if missing:
        raise Refusal(
            NO_GO_AHEAD
            if "go_ahead" in missing
            else f"the advisor's message does not say {_in_words(missing)}; ask her to write it",
            code="not_said",
        )
    proposal = await turn.desk.draft(
        request,
        provenance=tuple(spans),
        thread=turn.thread,
        agent=call.agent,
        trace=turn.trace,
        key=call.key(f"draft/{part}" if part else "draft"),
        dollars=_dollars(request, picture),
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


FIELDS: Final[Mapping[str, str]] = {
    "accounts": "which account",
    "household": "whose",
    "symbol": "the symbol",
    "side": "whether to buy or to sell",
    "quantity": "the number of shares",
    "limit_price": "the limit price",
    "dollars": "how many dollars",
    "gains_budget": "the most gains",
    "kind": "what to draft",
    "weigh_tax": "to mind the taxes",
    "lot_method": "which lots",
    "minutes": "over how long",
    "parts": "in how many parts",
    "replacement": "what stands in",
}


def _in_words(fields: Sequence[str]) -> str:
    return ", ".join(FIELDS.get(field, field.replace("_", " ")) for field in fields)


def _dollars(request: Request, picture: Picture) -> Decimal | None:
    """What it is about, as far as her words say it; None: they say no amount."""
    if request.quantity is not None and request.symbol is not None:
        price = picture.market.prices.get(request.symbol)
        per_share = request.limit_price or (price.price if price else None)
        return None if per_share is None else request.quantity * per_share
    return request.planning.dollars if request.planning else None


def _asked(request: Request) -> str:
    where, how = ", ".join(request.accounts) or "all accounts", request.planning or Planning()
    if request.kind != "order":
        within = "" if how.gains_budget is None else f" within ${how.gains_budget:,.2f} of gains"
        cash = f"${how.dollars:,.2f}" if how.dollars is not None else "what need not stay"
        return {
            "rebalance": f"rebalance {where}{' tax-aware' if how.weigh_tax else ''}{within}",
            "raise_cash": f"raise {cash} in cash in {where}{within}",
            "invest_cash": f"invest {cash} of the cash in {where}",
            "harvest": f"harvest losses{f' in {request.symbol}' if request.symbol else ''} in {where}",
            "exit": f"leave {request.symbol} in {where}{within}",
            "locate": f"place income where no tax is paid, in {where}",
        }[request.kind]
    at = f"at a limit of {request.limit_price}" if request.limit_price is not None else "at market"
    lots = "" if how.lot_method is None else f", {how.lot_method.replace('_', ' ')} lots"
    time = "" if how.minutes is None else f", over {how.minutes} minutes in {how.parts} parts"
    place = "" if request.replaces is None else f", in the place of {request.replaces}"
    return (
        f"{request.side} {request.quantity} {request.symbol} in {request.accounts[0]} {at}{lots}{time}{place}"
    )


def _meant(
    tax: str | None, budget: str | None, lots: str | None
) -> tuple[Planning | None, Mapping[str, str]]:
    """How she means it, and the words that say so. Nothing said: None."""
    said = {f: w for f, w in (("weigh_tax", tax), ("gains_budget", budget), ("lot_method", lots)) if w}
    if not said:
        return None, said
    amount, method = dollars_said(budget or "0"), method_said(lots or "")
    if tax and TAX_AWARE.fullmatch(tax.strip()) is None:
        raise Refusal(f"{tax!r} does not ask to mind the taxes", code="unread")
    if amount is None:
        raise Refusal(f"{budget!r} is not an amount of dollars; write it like $50,000", code="unread")
    if lots and method is None:
        raise Refusal(f"{lots!r} names no method: FIFO, HIFO or minimum tax", code="unread")
    return Planning(weigh_tax=bool(tax), gains_budget=amount if budget else None, lot_method=method), said


def _over(ask: ProposeOrderAsk, how: Planning | None) -> Planning | None:
    """As she means it, with the time and the parts that she says."""
    if ask.time_words is None and ask.parts_words is None:
        return how
    minutes, parts = minutes_said(ask.time_words or ""), parts_said(ask.parts_words or "")
    if minutes is None or parts is None:
        raise Refusal(
            "an order over time needs both, as in: over two hours in 12 parts; ask her to write it",
            code="unread",
        )
    if not (MOST_MINUTES >= minutes > 0 and 2 <= parts <= MOST_PARTS):
        raise Refusal(
            f"an order goes out over {MOST_MINUTES} minutes at most, in 2 to {MOST_PARTS} parts",
            code="unread",
        )
    return (how or Planning()).model_copy(update={"minutes": minutes, "parts": parts})


def whose(
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


_FAMILYS: Final = re.compile(r"\b([A-Z][^\W_]*s)['’](?=\s|$)")
_NOT_NAMES: Final = re.compile(
    r"\b(?:this|her|his|their|them|it|that|account|accounts|acct|roth|ira|trust|joint|taxable|individual)\b",
    re.I,
)


def _exactly(words: str, households: Sequence[Named], pinned: Named | None) -> Named:
    rest = _FAMILYS.sub(r"the \1", _NOT_NAMES.sub(" ", words)).replace("the the ", "the ")
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


def account_of(words: str, named: Named, picture: Picture, call: Call) -> AccountId:
    return account_in(words, named, picture, pinned=call.turn.household)


def _side(words: str) -> Side:
    side = side_said(words)
    if side is None:
        raise Refusal(
            f"{words!r} is neither buying nor selling; write one of {', '.join(SIDES)}", code="unread"
        )
    return side


def number_of(what: str, words: str) -> Decimal:
    number = number_said(words)
    if number is None or number <= 0:
        raise Refusal(f"{words!r} is not a {what}; write a number above zero", code="unread")
    return number


def _wish(said: Sequence[Said]) -> Iterator[Span]:
    """Where she asks for a rebalance at all."""
    for one in said:
        found = REBALANCING.search(one.text)
        if found:
            yield Span(field="kind", message=one.message, start=found.start(), end=found.end())
            return
    raise Refusal("the advisor's message does not ask for a rebalance; ask her to write it", code="not_said")


def spans_of(field: str, words: Sequence[str], said: Sequence[Said]) -> Iterator[Span]:
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
