"""A meeting brief: what the portfolio tools say of one household, and what the library says of what it holds.

Rule 1: nothing is computed here. Each part is another tool's own answer, with its source and day.
Rule 2: a passage is quoted beside the figures and never explains them.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from tools.analytics import Taxes, taxes
from tools.clients import About, Overview, overview
from tools.concentration import Concentrations, concentration
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool
from tools.portfolio import CashLines, Drifts, Holdings, NeedLine, cash, drift, holdings, needs_of
from tools.research import PassageFound, SearchAsk, search_library

MOST_NAMES: Final = 3
PASSAGES_EACH: Final = 1


class BriefAsk(Ask):
    household: str | None = Field(
        default=None,
        max_length=120,
        description="name as the advisor writes it, or id; empty for the thread's",
    )


class Brief(Sourced):
    overview: Overview
    drift: Drifts
    cash: CashLines
    holdings: Holdings
    largest: tuple[str, ...]  # the holdings that passages were looked for
    needs: tuple[NeedLine, ...] = ()  # its rows of the worklist
    weighs: Concentrations | None = None
    taxes: Taxes | None = None
    passages: tuple[PassageFound, ...]
    without: tuple[str, ...]  # of these the library does not say


async def meeting_brief(ask: BriefAsk, call: Call) -> Brief:
    """Put together what an advisor needs before she meets a household of her book.

    Gives the overview, its rows of the worklist, drift, cash, what weighs most, gains and losses, and
    holdings as the portfolio tools say them, and passages of the firm's library on the companies that weigh
    most (cite `passage/<id>`). It recommends nothing and changes nothing.
    """
    about = About(household=ask.household)
    accounts = await overview(about, call)
    held = await holdings(about, call)
    weighs = await concentration(about, call)
    companies = [str(one.symbol) for one in weighs.positions if not one.fund]
    largest = tuple((companies or [str(one.symbol) for one in weighs.positions])[:MOST_NAMES])
    passages: list[PassageFound] = []
    without: list[str] = []
    for symbol in largest:
        found = await _about(symbol, call)
        passages.extend(one for one in found if one.passage not in {p.passage for p in passages})
        if not found:
            without.append(symbol)
    return Brief(
        source=f"{accounts.source}; the firm's library",
        as_of=accounts.as_of,
        overview=accounts,
        drift=await drift(about, call),
        cash=await cash(about, call),
        holdings=held,
        largest=largest,
        needs=await needs_of(about, call),
        weighs=weighs,
        taxes=await taxes(about, call),
        passages=tuple(passages),
        without=tuple(without),
    )


async def _about(symbol: str, call: Call) -> tuple[PassageFound, ...]:
    """Passages that name it; none where the library has none, or no index."""
    try:
        found = await search_library(SearchAsk(question=f"What does research say about {symbol}?"), call)
    except Refusal:
        return ()
    return tuple(one for one in found.passages if symbol in one.text.split() or symbol in one.title)[
        :PASSAGES_EACH
    ]


MEETING_BRIEF: Final = Tool("meeting_brief", BriefAsk, Effect.READ, meeting_brief)
