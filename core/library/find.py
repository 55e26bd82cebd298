"""A figure in filings: which row of which passage says it, or that none does, or that rows differ.

Rule 1: pure: passages in, one answer out. What is answered stands in one row of one passage.
Rule 2: statements go before notes. In each, all rows that fit must agree, to the rounding of the coarser one;
    else nothing is answered and the rows are named.
Rule 3: a figure without a told period, unit or scale is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.book.views import Passage
from core.library import periods
from core.library.figures import Told, figures
from core.library.labels import Name, named, plain, statement, turned
from core.library.periods import Fiscal, Period

_COVER_YEAR: Final = re.compile(
    r"\bfor the fiscal year ended:?\s+([A-Z][a-z]+ \d{1,2}, \d{4})", re.IGNORECASE
)
_COVER_QUARTER: Final = re.compile(
    r"\bfor the quarter(?:ly period)? ended:?\s+([A-Z][a-z]+ \d{1,2}, \d{4})", re.I
)
_REGISTRANT: Final = re.compile(r"([^\n\t]{2,80})\n\(?\s*\(?exact name of registrant", re.IGNORECASE)
_ENDING: Final = re.compile(r"\b(?:end|ending|december 31)\b")
_BEGINNING: Final = re.compile(r"\b(?:beginning|january 1)\b")
_LITTLE: Final = frozenset({"of", "the", "and", "in", "for", "on", "to", "a", "an", "from", "total"})
_OUTGOING: Final = ("payments", "repayments", "purchases", "repurchases")


@dataclass(frozen=True, slots=True)
class Filing:
    """One document: who filed it, how its years are named, and its passages."""

    document: str
    issuer: str
    fiscal: Fiscal | None
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A row that says the figure. `amount` is in units, the way round that the name asks."""

    passage: Passage
    told: Told
    amount: Decimal
    kind: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`said` None: nothing is answered; `candidates` are the rows that differ, if there are any."""

    said: Said | None
    candidates: tuple[Said, ...] = ()


def filing(passages: Sequence[Passage]) -> Filing:
    """A document's passages, in order, as a filing."""
    ordered = tuple(sorted(passages, key=lambda passage: passage.ordinal))
    cover = "\n".join(passage.text for passage in ordered[:4])
    found = _REGISTRANT.search(cover)
    return Filing(ordered[0].document, found[1].strip() if found else "", _fiscal(cover, ordered), ordered)


def find(asked: str, period: Period, filings: Sequence[Filing]) -> Answer:
    """The figure of that name and period."""
    name = named(asked)
    tiers = name.where if name else "ICBOEN"
    for tier in _tiers(tiers):
        said = [one for each in filings for one in _in_filing(each, name, asked, period, tier)]
        if said:
            return _agreed(said)
    return Answer(None)


def _tiers(where: str) -> Iterator[str]:
    """Statements together, then notes."""
    if statements := where.replace("N", ""):
        yield statements
    if "N" in where:
        yield "N"


def _in_filing(each: Filing, name: Name | None, asked: str, period: Period, tier: str) -> Iterator[Said]:
    rows = [
        (passage, told, kind)
        for passage in each.passages
        for told in figures(passage.text)
        if (kind := statement(told.row.title)) in tier
    ]
    fits = _fits_name(name, rows) if name else _fits_words(asked, rows)
    for passage, told, kind in fits:
        if _of_period(told, period, each.fiscal):
            amount = _turned(name.sign if name else _guess(asked), told)
            if amount is not None:
                yield Said(passage, told, amount, kind)


_Rows = list[tuple[Passage, Told, str]]


def _fits_name(name: Name, rows: _Rows) -> _Rows:
    """The rows of the first label that this document uses at all."""
    for label in name.labels:
        found = [row for row in rows if label.fullmatch(plain(row[1].row.label)) and _near(name, row[1])]
        if found:
            return [row for row in found if row[1].unit == name.unit]
    return []


def _near(name: Name, told: Told) -> bool:
    if name.section is None:
        return True
    row = told.row
    text = f"{row.section}\n{row.title}\n{row.units}" if name.anywhere else row.section
    return bool(name.section.search(text))


def _fits_words(asked: str, rows: _Rows) -> _Rows:
    wanted = _words(asked)
    return [row for row in rows if wanted and _words(row[1].row.label) == wanted]


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(text).split()) - _LITTLE


def _guess(asked: str) -> str:
    return "out" if asked.lower().startswith(_OUTGOING) else "unsure"


def _turned(sign: str, told: Told) -> Decimal | None:
    """The amount the way round that is asked; None: it cannot be told."""
    if sign == "unsure":
        return told.amount if told.value >= 0 else None
    turn = turned(sign, told.row.label)
    if turn is None:
        return abs(told.amount)
    if sign == "out":
        return -told.amount if told.value <= 0 else None
    return -told.amount if turn else told.amount


def _of_period(told: Told, wanted: Period, fiscal: Fiscal | None) -> bool:
    column = told.period
    label = plain(told.row.label)
    if column.months != 0 and wanted.months in (0, None):
        if _ENDING.search(label):
            column = Period(column.year, column.ends, 0)
        elif _BEGINNING.search(label):
            return _begins(column, wanted, fiscal)
    return periods.same(column, wanted, fiscal)


def _begins(column: Period, wanted: Period, fiscal: Fiscal | None) -> bool:
    """The day before the column's span begins, to within a week, is the day asked for."""
    if wanted.ends is None:
        return False
    months = column.months if column.months else 12 if fiscal and fiscal.annual else 0
    ends = column.ends or (fiscal.day(column.year) if fiscal else None)
    if not months or ends is None:
        return False
    month = ends.year * 12 + ends.month - 1 - months
    before = date(month // 12, month % 12 + 1, 28)
    return abs((wanted.ends - before).days - (ends.day - 28)) <= 8


def _agreed(said: list[Said]) -> Answer:
    """One answer where all rows agree: the one that is printed with most digits, from the newest document."""
    best = max(said, key=lambda one: (-_step(one), one.passage.dated, -one.passage.id, -one.told.start))
    if all(
        abs(one.amount - best.amount) * 2 <= _step(one) - _step(best) or one.amount == best.amount
        for one in said
    ):
        return Answer(best)
    distinct = {one.amount: one for one in said}
    return Answer(None, tuple(distinct[amount] for amount in sorted(distinct)))


def _step(one: Said) -> Decimal:
    """The smallest difference that its printing can show."""
    exponent = one.told.value.as_tuple().exponent
    return Decimal(1).scaleb(one.told.scale + int(exponent))


def _fiscal(cover: str, passages: Sequence[Passage]) -> Fiscal | None:
    year = _COVER_YEAR.search(cover)
    found = periods.asked((year or _COVER_QUARTER.search(cover) or [""])[0])
    if found is None or found.ends is None:
        return None
    return Fiscal(found.ends, _label_less(found.ends, passages) if year else 0, annual=bool(year))


def _label_less(ends: date, passages: Sequence[Passage]) -> int:
    """How far the labels of its years are behind the years in which they end: told by its newest columns."""
    if ends.month > 2:
        return 0
    newest = [max(told.period.year for told in row) for passage in passages for row in _bare(passage.text)]
    before, same = newest.count(ends.year - 1), newest.count(ends.year)
    return 1 if before >= 5 and before > 3 * same else 0


def _bare(text: str) -> Iterator[list[Told]]:
    """Rows whose columns are told by years alone."""
    rows: dict[int, list[Told]] = {}
    for told in figures(text):
        if told.period.ends is None:
            rows.setdefault(told.row.start, []).append(told)
    return iter(rows.values())
