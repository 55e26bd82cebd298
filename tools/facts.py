"""Figures from filings: one by its name and period, or several beside each other.

Rule 1: what is answered is a row of a stored passage, told with the passage and where the row stands in it.
    Nothing is computed but the scale ("in millions") and the way round that the name asks.
Rule 2: where no row says it the library does not say; where rows differ none is chosen, and all are named.
Rule 3: an issuer is one whose own name, initials or symbol on a document's cover is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from pydantic import Field

from core.book.views import Passage
from core.fact import Amount
from core.library import periods
from core.library.figures import Unit
from core.library.find import Filing, Said, covers, filing, find
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool

COVER: Final = "exact name of registrant"
MOST_COVERS: Final = 200
MOST_PASSAGES: Final = 6_000
MOST_CELLS: Final = 24


class FigureAsk(Ask):
    issuer: str = Field(min_length=1, max_length=80, description="the company, as a filing's cover names it")
    label: str = Field(min_length=2, max_length=240, description="the figure's name: 'gross profit'")
    period: str = Field(
        min_length=4,
        max_length=80,
        description="with the last day and the length: 'for the year ended December 31, 2024'",
    )
    as_of: date | None = Field(default=None, description="see nothing that is dated later than this day")


class RowFound(Ask):
    passage: int  # cite as passage/<id>
    title: str
    dated: str
    later_than_market_day: bool  # say so beside what is quoted
    row: str  # as it stands in the passage
    starts: int  # where the row begins in the passage's text
    ends: int
    label: str
    printed: str
    value: Amount  # in units: dollars, shares; a percentage as a share of one
    unit: Unit
    scale: int  # powers of ten that the printed figure is in
    period: str


class FigureFound(Sourced):
    issuer: str
    label: str
    period: str
    found: RowFound | None
    candidates: tuple[RowFound, ...]  # rows that fit and differ: none is chosen
    says: str


class CompareAsk(Ask):
    issuers: tuple[str, ...] = Field(min_length=1, max_length=8)
    label: str = Field(min_length=2, max_length=240)
    periods: tuple[str, ...] = Field(min_length=1, max_length=6)
    as_of: date | None = None


class Compared(Sourced):
    label: str
    cells: tuple[FigureFound, ...]  # issuer by issuer, in the order of the periods


async def find_figure(ask: FigureAsk, call: Call) -> FigureFound:
    """Find one reported figure of an issuer in the firm's stored filings, by its name and period.

    Gives the value with unit and scale, the passage's id and the very row that contains it (cite
    `passage/<id>`); or says that the library does not say; or names the rows that differ. It computes
    nothing and fetches nothing from outside.
    """
    return _told(ask.issuer, ask.label, ask.period, await _filings(call, ask.issuer, ask.as_of), call)


async def compare(ask: CompareAsk, call: Call) -> Compared:
    """Compare one reported figure over several issuers or periods, from the firm's stored filings.

    Gives a cell for each issuer and period, each with its own passage and row; a cell that the library does
    not say stays empty. It computes no difference, growth or ranking.
    """
    if len(ask.issuers) * len(ask.periods) > MOST_CELLS:
        raise Refusal(f"at most {MOST_CELLS} cells at once; ask for fewer", code="too_many_cells")
    cells: list[FigureFound] = []
    for issuer in ask.issuers:
        filings = await _filings(call, issuer, ask.as_of)
        cells.extend(_told(issuer, ask.label, period, filings, call) for period in ask.periods)
    source = "filings in the firm's library"
    return Compared(source=source, as_of=call.turn.clock.now(), label=ask.label, cells=tuple(cells))


async def _filings(call: Call, issuer: str, as_of: date | None) -> tuple[Filing, ...]:
    """What the asker may read of that issuer's filings."""
    found = await call.turn.desk.quoting(COVER, limit=MOST_COVERS, as_of=as_of)
    documents = {p.document for p in found if covers(issuer, p)}
    if not documents:
        return ()
    read = await call.turn.desk.passages_of(sorted(documents), limit=MOST_PASSAGES)
    return tuple(filing(list(each)) for _, each in groupby(read, key=_document))


def _document(passage: Passage) -> str:
    return passage.document


def _told(issuer: str, label: str, period: str, filings: Sequence[Filing], call: Call) -> FigureFound:
    wanted = periods.asked(period)
    if wanted is None:
        raise Refusal(
            "say the period with its last day: 'for the year ended December 31, 2024'", code="unclear_period"
        )
    answer = find(label, wanted, filings)
    if answer.said:
        says = "found"
    elif answer.candidates:
        says = "the library has rows that fit and differ; none is chosen"
    else:
        says = "the library does not say" if filings else f"the library has no filing of {issuer}"
    return FigureFound(
        source="filings in the firm's library",
        as_of=call.turn.clock.now(),
        issuer=filings[0].issuer if filings else issuer,
        label=label,
        period=wanted.says,
        found=_row(answer.said) if answer.said else None,
        candidates=tuple(_row(one) for one in answer.candidates[:MOST_CELLS]),
        says=says,
    )


def _row(said: Said) -> RowFound:
    told, passage = said.told, said.passage
    return RowFound(
        passage=passage.id,
        title=passage.title,
        dated=passage.dated.isoformat(),
        later_than_market_day=passage.later_than_market_day,
        row=passage.text[told.row.start : told.row.end],
        starts=told.row.start,
        ends=told.row.end,
        label=re.sub(r"\s+", " ", told.row.label),
        printed=told.digits,
        value=said.amount if said.amount else Decimal(0),
        unit=told.unit,
        scale=told.scale,
        period=told.period.says,
    )


FIND_FIGURE: Final = Tool("find_figure", FigureAsk, Effect.READ, find_figure)
COMPARE: Final = Tool("compare", CompareAsk, Effect.READ, compare)
