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
from core.library.equity import wholes
from core.library.figures import Told, figures, labelled, stated
from core.library.labels import Name, named, plain, statement, way
from core.library.periods import Fiscal, Period

_COVER_YEAR: Final = re.compile(
    r"\bfor the fiscal year ended:?\s+([A-Z][a-z]+ \d{1,2}, \d{4})", re.IGNORECASE
)
_COVER_QUARTER: Final = re.compile(
    r"\bfor the quarter(?:ly period)? ended:?\s+([A-Z][a-z]+ \d{1,2}, \d{4})", re.I
)
_REGISTRANT: Final = re.compile(r"([^\n\t]{2,80})\n\(?\s*\(?exact name of registrant", re.IGNORECASE)
_FORMS: Final = frozenset(
    {"the", "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "plc", "llc", "and", "com"}
)
_ENDING: Final = re.compile(r"\b(?:end|ending|march 31|june 30|september 30|december 31)\b")
_BEGINNING: Final = re.compile(r"\b(?:beginning|january 1)\b")
_DEFERRED_TAX: Final = re.compile(
    r"\bdeferred (?:income )?tax", re.IGNORECASE
)  # parts of it bear others' names
_DEFERRED_NAME: Final = re.compile(r"deferred tax (?:assets|liabilities)\b")
_MARKED: Final = re.compile(r"\(\d\)\s*$")  # of cash flows: a footnote says what else the line holds
_AMOUNT: Final = re.compile(r"amount|dollars?|\$", re.IGNORECASE)
_PERCENT: Final = re.compile(r"percent(?:age)?|rate|%", re.IGNORECASE)
_FLOWS: Final = re.compile(
    r"(?:gross )?(?:increase|decrease|addition|reduction|settlement|lapse|expiration)s?\b", re.IGNORECASE
)
_FIRST: Final = re.compile(r"\bcurrent$|\bassets net$")
_SECOND: Final = re.compile(r"\bnoncurrent$|\btax liabilities net$")
LEAST_WORDS: Final = 4  # fewer fit rows that mean something else
_LITTLE: Final = frozenset({"of", "the", "and", "in", "for", "on", "to", "a", "an", "from", "total"})
_OUTGOING: Final = ("payments", "repayments", "purchases", "repurchases")


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure, the passage and the kind of statement that it stands in, and its row's plain label."""

    passage: Passage
    told: Told
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Filing:
    """One document: who filed it, how its years are named, and the figures in its passages."""

    document: str
    issuer: str
    fiscal: Fiscal | None
    printed: tuple[Printed, ...]


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
    scale = next(filter(None, (stated(passage.text) for passage in ordered)), None)
    printed = tuple(
        Printed(passage, told, statement(told.row.title), plain(told.row.label))
        for passage in ordered
        for told in figures(passage.text, scale)
    ) + tuple(
        Printed(passage, told, "B", name)
        for passage in ordered
        for name, told in labelled(passage.text)
        if statement(told.row.title) == "B"
    )
    printed += tuple(
        Printed(passage, told, "E", plain(told.row.label))
        for passage in ordered
        for told in wholes(passage.text)
    )
    issuer = found[1].strip() if found else ""
    return Filing(ordered[0].document, issuer, _fiscal(cover, printed), printed)


def covers(asked: str, passage: Passage) -> bool:
    """The passage is the cover of a filing by that issuer: by name, initials, or symbol in capitals."""
    found = _REGISTRANT.search(passage.text)
    if not found:
        return False
    name = [word for word in plain(found[1]).split() if word not in _FORMS]
    wanted = [word for word in plain(asked).removesuffix(" s").split() if word not in _FORMS]
    if not wanted:
        return False
    if set(wanted) <= set(name) or wanted == ["".join(word[0] for word in name)]:
        return True
    symbol = asked.strip()
    return symbol.isupper() and bool(re.search(rf"\t{re.escape(symbol)}\t", passage.text))


def find(asked: str, period: Period, filings: Sequence[Filing]) -> Answer:
    """The figure of that name and period."""
    names: tuple[Name | None, ...] = named(asked) or (None,)
    for tier in _tiers(_where(names)):
        said = [one for each in filings for one in _in_filing(each, names, asked, period, tier)]
        if tier.endswith("&") and len({one.kind for one in said}) == 1:
            return Answer(None, tuple(said))
        if said:
            return _agreed(said)
    return Answer(None)


def _where(names: Sequence[Name | None]) -> str:
    """Where the ways of printing the name are looked for."""
    told = [name.where for name in names if name]
    if not told:
        return "ICBOEN"
    return told[0] if told[0].endswith("&") else "".join(dict.fromkeys("".join(told).replace("&", "")))


def _tiers(where: str) -> Iterator[str]:
    """Statements together, then notes; with & both at once: two kinds must agree."""
    if where.endswith("&"):
        yield where
        return
    if statements := where.replace("N", ""):
        yield statements
    if "N" in where:
        yield "N"


def _in_filing(
    each: Filing, names: Sequence[Name | None], asked: str, period: Period, tier: str
) -> list[Said]:
    """Of the ways in which the name is printed, the first that this document uses."""
    rows = [one for one in each.printed if one.kind in tier]
    for name in names:
        here = [one for one in rows if one.kind in name.where] if name else rows
        if name and not _company(name, here):
            continue
        fits = _fits_name(name, here, each.fiscal) if name else _fits_words(asked, rows)
        if fits:
            sign = name.sign if name else _guess(asked)
            turned = [(one, _turned(sign, one.told)) for one in fits if _of_period(one, period, each.fiscal)]
            said = [
                Said(one.passage, one.told, amount, one.kind) for one, amount in turned if amount is not None
            ]
            return _of_two(name, said) if name and name.where == "B" else said
    return []


def _of_two(name: Name, said: list[Said]) -> list[Said]:
    """A balance sheet that prints one label twice: current before the rest, assets before liabilities."""
    ordered = sorted(said, key=lambda one: (one.passage.ordinal, one.told.start))
    amounts = list(dict.fromkeys(one.amount for one in ordered))
    if len(amounts) != 2 or len({plain(one.told.row.label) for one in said}) > 1:
        return said
    at = 1 if _SECOND.search(name.name) else 0 if _FIRST.search(name.name) else None
    return said if at is None else [one for one in said if one.amount == amounts[at]]


def _fits_name(name: Name, rows: Sequence[Printed], fiscal: Fiscal | None) -> list[Printed]:
    """The rows of the first label that this document uses at all; of any, where all are to agree."""
    if name.where.endswith("&"):
        rows = [one for one in rows if _column(name, one.told)]
        found = [one for one in rows if any(label.fullmatch(one.label) for label in name.labels)]
        return [one for one in found if one.told.unit == name.unit and _near(name, one.told)]
    for label in name.labels:
        bare = _years_ahead(label, fiscal)
        found = [
            one
            for one in rows
            if bare.fullmatch(one.label) and _column(name, one.told) and _near(name, one.told)
        ]
        if found:
            return [one for one in found if one.told.unit == name.unit]
    return []


def _years_ahead(label: re.Pattern[str], fiscal: Fiscal | None) -> re.Pattern[str]:
    """A label of a year to come ("+2"), as this document writes it."""
    if not label.pattern.startswith("\\+"):
        return label
    year = fiscal.ends.year - fiscal.label_less + int(label.pattern[2:]) if fiscal else 0
    return re.compile(rf"(?:fiscal (?:year )?)?{year}")


def _column(name: Name, told: Told) -> bool:
    """The figure stands under what the name asks for, and no other of its row and period does."""
    if name.column is None:
        return not told.column or _by_unit(told)
    under = [
        one
        for one in told.row.figures
        if one.period == told.period and name.column.search(one.column) and one.column
    ]
    return len(under) == 1 and under[0].start == told.start


def _by_unit(told: Told) -> bool:
    """Its column says no more than that it is the amount, or the rate."""
    plain_unit = _AMOUNT if told.unit == "dollars" else _PERCENT
    return bool(plain_unit.fullmatch(told.column))


def _company(name: Name, rows: Sequence[Printed]) -> bool:
    """The rows that the name wants beside it are printed, and those that it does not are not."""
    labels = {one.label for one in rows}
    wanted = name.beside is None or any(name.beside.fullmatch(label) for label in labels)
    return wanted and not (name.without and any(name.without.fullmatch(label) for label in labels))


def _near(name: Name, told: Told) -> bool:
    row = told.row
    if _MARKED.search(row.label) and statement(row.title) == "C":
        return False
    if "(liabilit" in row.label.lower() and "liabilit" not in name.name:
        return False
    if _DEFERRED_TAX.search(row.section) and "tax" not in name.name:
        return False
    if name.section is None:
        return True
    if (
        not (row.section or name.anywhere)
        and _DEFERRED_NAME.match(name.name)
        and _DEFERRED_TAX.search(f"{row.title}\n{row.units}")
    ):
        return told.value > 0 if name.name.startswith("deferred tax assets") else told.value < 0
    text = f"{row.section}\n{row.title}\n{row.units}" if name.anywhere else row.section
    return bool(name.section.search(text))


def _fits_words(asked: str, rows: Sequence[Printed]) -> list[Printed]:
    wanted = _words(asked)
    return [
        one
        for one in rows
        if len(wanted) >= LEAST_WORDS and _words(one.label) == wanted and not one.told.column
    ]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in plain(text).split() if word not in _LITTLE)


def _guess(asked: str) -> str:
    return "out" if asked.lower().startswith(_OUTGOING) else "unsure"


def _turned(sign: str, told: Told) -> Decimal | None:
    """The amount the way round that is asked; None: it cannot be told."""
    if sign == "unsure":
        return told.amount if told.value >= 0 else None
    if sign == "abs":
        return abs(told.amount)
    if sign == "out" and told.value > 0:
        return None
    if sign == "expense" and told.value < 0 and "benefit" not in told.row.label.lower():
        return None  # a benefit, or a cost in brackets: the label does not say which
    turn = way(sign, told.row.label)
    return told.amount * turn if turn else None


def _of_period(one: Printed, wanted: Period, fiscal: Fiscal | None) -> bool:
    column, label = one.told.period, one.label
    annual = fiscal is not None and fiscal.annual
    if (column.months != 0 or (annual and _BEGINNING.search(label))) and wanted.months in (0, None):
        if _ENDING.search(label):
            column = Period(column.year, column.ends, 0)
        elif _BEGINNING.search(label):
            return _begins(column, wanted, fiscal)
    if column.months == 0 and wanted.months == 12 and annual and _FLOWS.match(label):
        column = Period(column.year, column.ends, 12)  # a year's changes, under the day on which it ends
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


def _fiscal(cover: str, printed: Sequence[Printed]) -> Fiscal | None:
    year = _COVER_YEAR.search(cover)
    found = periods.asked((year or _COVER_QUARTER.search(cover) or [""])[0])
    if found is None or found.ends is None:
        return None
    return Fiscal(found.ends, _label_less(found.ends, printed) if year else 0, annual=bool(year))


def _label_less(ends: date, printed: Sequence[Printed]) -> int:
    """How far the labels of its years are behind the years in which they end: told by its newest columns."""
    if ends.month > 2:
        return 0
    newest: dict[tuple[int, int], int] = {}
    for one in printed:
        if one.told.period.ends is None:
            row = (one.passage.id, one.told.row.start)
            newest[row] = max(newest.get(row, 0), one.told.period.year)
    years = list(newest.values())
    before, same = years.count(ends.year - 1), years.count(ends.year)
    return 1 if before >= 5 and before > 3 * same else 0
