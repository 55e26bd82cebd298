"""Drafts of plans: cash, harvests, a position left, assets placed, a book rebalanced.

Rule 1: as in `tools.trading`: a tool drafts, and every chosen field is read from the advisor's words.
Rule 2: nothing here computes a plan: the request is assessed without a model, alternatives and all.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from pydantic import Field

from core.book.picture import Picture
from core.errors import NotFound, Refused
from core.ids import AccountId, HouseholdId, ProposalId
from core.orders.events import Request
from core.orders.planning import Planning
from core.orders.planning_said import KINDS, dollars_said, everybody_said, model_said
from core.plan.assumptions import OUTFLOW_HORIZON, assumptions_on
from core.plan.cash_needs import cash_need, spare_cash
from core.plan.drift import out_of_tolerance
from core.plan.rebalance import rebalance
from core.risk.limits import DEFAULT_LIMITS
from tools.clients import book
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool
from tools.symbols import symbol_of
from tools.trading import (
    WORDS,
    Drafted,
    account_of,
    drafted,
    spans_of,
    whose,
)

MOST_DRAFTS: Final = 20
NOBODY_NEEDED: Final = ("in tolerance", "the account has no model portfolio")
Kind = Literal["raise_cash", "invest_cash", "harvest", "exit", "locate"]


class ProposePlanAsk(Ask):
    kind: Kind = Field(description="raise_cash, invest_cash, harvest, exit (a position over time) or locate")
    kind_words: str = Field(max_length=120, description=f"where she asks for it, {WORDS}")
    household_words: str | None = Field(default=None, max_length=120, description=f"who, {WORDS}")
    account_words: str | None = Field(
        default=None, max_length=120, description=f"the account, if named, {WORDS}"
    )
    symbol_words: str | None = Field(
        default=None, max_length=12, description=f"exit or harvest: of what, {WORDS}"
    )
    dollars_words: str | None = Field(default=None, max_length=30, description=f"how much cash, {WORDS}")
    budget_words: str | None = Field(default=None, max_length=30, description=f"the most gains, {WORDS}")
    replacement_words: str | None = Field(default=None, max_length=12, description=f"what stands in, {WORDS}")


async def propose_plan(ask: ProposePlanAsk, call: Call) -> Drafted:
    """Draft one plan of a household or account: raise or invest cash, harvest losses with replacements, leave
    a position within a budget of gains, or move income to accounts that pay no tax.

    Pass the advisor's own words for every field. This only drafts: it submits, approves and sends nothing,
    and nobody can make it do so. The core chooses shares and lots, and shows alternatives beside the plan.
    """
    households = await book(call.turn)
    named = whose(ask.household_words, [ask.account_words] if ask.account_words else [], households, call)
    picture = await call.turn.desk.picture(named.household)
    how = Planning(
        dollars=_dollars(ask.dollars_words),
        gains_budget=_dollars(ask.budget_words),
        replacement=symbol_of(ask.replacement_words, picture) if ask.replacement_words else None,
    )
    account = account_of(ask.account_words, named, picture, call) if ask.account_words else None
    if account is None and ask.kind in ("raise_cash", "exit"):
        raise Refusal(f"in which account of {named.name}? Name its id or kind", code="not_named")
    request = Request(
        kind=ask.kind,
        household=named.household,
        accounts=(account,) if account else (),
        symbol=symbol_of(ask.symbol_words, picture) if ask.symbol_words else None,
        planning=None if how == Planning() else how,
    )
    words = {
        "kind": _asked_for(ask),
        "accounts": ask.account_words,
        "household": None if account else ask.household_words,
        "symbol": ask.symbol_words,
        "dollars": ask.dollars_words,
        "gains_budget": ask.budget_words,
        "replacement": ask.replacement_words,
    }
    spans = [span for field, said in words.items() if said for span in spans_of(field, [said], call.said)]
    return await drafted(request, spans, named, picture, call)


class SetRow(Ask):
    """`ready`: a draft that waits to be assessed. Otherwise why it is set aside."""

    household: HouseholdId
    name: str
    ready: bool
    proposal: ProposalId | None
    says: str


class SetDrafted(Sourced):
    """`short_of_cash`: households in tolerance, and so not among them, whose plan would raise what is due."""

    rows: tuple[SetRow, ...]
    ready: int
    set_aside: int
    households_looked_at: int
    short_of_cash: tuple[str, ...]


class ProposeSetAsk(Ask):
    set_words: str = Field(
        max_length=120, description=f"'all ... out of tolerance' or 'all ... on the X model', {WORDS}"
    )


async def propose_set(ask: ProposeSetAsk, call: Call) -> SetDrafted:
    """Draft a rebalance for every household of her book that has an account out of tolerance, or of its
    accounts on one named model: a row for each household, ready or set aside with the reason.

    Only where she asks for all of them in so many words. It only drafts; each draft is hers to submit.
    """
    if call.turn.household is not None:
        raise Refusal(
            "this conversation is about one household; open one without a client", code="other_thread"
        )
    model = model_said(ask.set_words)
    if model is None and not everybody_said(ask.set_words):
        raise Refusal(
            f"{ask.set_words!r} does not say all that are out of tolerance, or all on a named model",
            code="unread",
        )
    spans = [*spans_of("accounts" if model else "household", [ask.set_words], call.said)]
    pictures = await call.turn.desk.pictures()
    names = {named.household: named for named in await book(call.turn)}
    rows: list[SetRow] = []
    short: list[str] = []
    for picture in pictures:
        household = picture.household.id
        named, accounts, outside = names[household], _on_model(picture, model), out_of_tolerance(picture)
        if model and not accounts:
            continue
        if not model and not outside:
            short += [named.name] if _is_short(picture) else []
            continue
        try:
            plan = rebalance(picture, accounts, assumptions_on(picture.market.session, DEFAULT_LIMITS))
            told = {
                a: w for a, w in plan.set_aside.items() if a in outside or not w.startswith(NOBODY_NEEDED)
            }
            aside = "; ".join(f"{account}: {why}" for account, why in sorted(told.items()))
            if not plan.trades:
                rows += [_row(household, named.name, None, aside)] if told else []
                continue
            if sum(row.ready for row in rows) >= MOST_DRAFTS:
                rows.append(
                    _row(household, named.name, None, f"{MOST_DRAFTS} are drafted; ask again for the rest")
                )
                continue
            request = Request(kind="rebalance", household=household, accounts=accounts)
            made = await drafted(request, spans, named, picture, call, part=household)
            rows.append(_row(household, named.name, made.proposal, aside))
        except (Refusal, Refused, NotFound) as no:
            rows.append(_row(household, named.name, None, str(no)))
    ready = sum(row.ready for row in rows)
    return SetDrafted(
        source=f"book at entry {max((p.as_of_seq for p in pictures), default=0)}",
        as_of=pictures[0].market.now if pictures else call.turn.clock.now(),
        rows=tuple(rows),
        ready=ready,
        set_aside=len(rows) - ready,
        households_looked_at=len(pictures),
        short_of_cash=tuple(short),
    )


def _is_short(picture: Picture) -> bool:
    """Whether a managed account of the household has less than what is due soon and its floor."""
    session, horizon = picture.market.session, OUTFLOW_HORIZON
    managed = (account for account in picture.household.accounts if account.model)
    return any(spare_cash(a, cash_need(a, session=session, horizon=horizon)) < 0 for a in managed)


def _on_model(picture: Picture, model: str | None) -> tuple[AccountId, ...]:
    """The accounts of the household that follow it; none where no model is named."""
    return tuple(
        a.id for a in picture.household.accounts if model and a.model and a.model.name.casefold() == model
    )


def _row(household: HouseholdId, name: str, proposal: ProposalId | None, says: str) -> SetRow:
    return SetRow(household=household, name=name, ready=proposal is not None, proposal=proposal, says=says)


def _asked_for(ask: ProposePlanAsk) -> str:
    if KINDS[ask.kind].fullmatch(ask.kind_words.strip()) is None:
        raise Refusal(
            f"{ask.kind_words!r} does not ask to {ask.kind.replace('_', ' ')}; copy her words",
            code="not_said",
        )
    return ask.kind_words


def _dollars(words: str | None) -> Decimal | None:
    if words is None:
        return None
    amount = dollars_said(words)
    if amount is None or amount < 0:
        raise Refusal(f"{words!r} is not an amount of dollars; write it like $50,000", code="unread")
    return amount


PROPOSE_PLAN: Final = Tool("propose_plan", ProposePlanAsk, Effect.PROPOSE, propose_plan)
PROPOSE_SET: Final = Tool("propose_set", ProposeSetAsk, Effect.PROPOSE, propose_set)
