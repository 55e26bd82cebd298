"""Periods as filings and people write them: "Three Months Ended June 30, 2025", "December 31, 2024", "2024".

Rule 1: a period is told by its last day and its length in months; 0 months is a day. What a text does not say
    stays unknown (None) and is never guessed here.
Rule 2: a year alone is a label. Which day it ends on depends on the issuer, and is told by `Fiscal`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH: Final = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
MONTH_DAY: Final = re.compile(rf"\b({_MONTH})\s+(\d{{1,2}})\b,?", re.IGNORECASE)
YEAR: Final = re.compile(r"\b((?:19|20)\d\d)\b")
ISO: Final = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
SPAN: Final = re.compile(
    r"\b(?:(?P<months>three|six|nine|twelve)[ -]months?(?: periods?)?|(?P<weeks>13|26|39|52|53)[ -]weeks?"
    r"|(?P<quarter>(?:(?:first|second|third|fourth)\s+)?(?:fiscal\s+)?quarters?)"
    r"|(?P<year>(?:full[ -])?(?:fiscal\s+)?years?))\s+end(?:ed|ing)\b",
    re.IGNORECASE,
)
LENGTH: Final[Mapping[str, int]] = MappingProxyType(
    {"three": 3, "six": 6, "nine": 9, "twelve": 12, "13": 3, "26": 6, "39": 9, "52": 12, "53": 12}
)
_FILLER: Final = re.compile(
    r"\b(?:at|as of|as|of|for|the|and|fiscal|years?|ended|ending|quarters?|months?|periods?|unaudited"
    r"|first|second|third|fourth|through|to)\b|[^\w%$]+",
    re.IGNORECASE,
)
NEAR: Final = timedelta(days=8)  # 52 and 53 weeks end on the same weekday, not on the same day


@dataclass(frozen=True, slots=True)
class Period:
    """`ends` None: only `year` is known, as a label. `months` None: a text does not say a day or a span."""

    year: int
    ends: date | None
    months: int | None

    @property
    def says(self) -> str:
        """In words."""
        if self == CLOSING:
            return "as of the document's closing day"
        if self.ends is None:
            return f"{'the year ' if self.months == 12 else ''}{self.year}"
        day = f"{self.ends:%B} {self.ends.day}, {self.ends.year}"
        if self.months == 0:
            return f"as of {day}"
        length = "the period" if self.months is None else _SAID.get(self.months, f"{self.months} months")
        return f"{length} ended {day}"


CLOSING: Final = Period(0, None, 0)  # the day on which the document's own period ends
_SAID: Final[Mapping[int, str]] = MappingProxyType(
    {3: "three months", 6: "six months", 9: "nine months", 12: "the year"}
)


@dataclass(frozen=True, slots=True)
class Fiscal:
    """How an issuer names its years: on which day they end, and how far the label is from that day's year.

    `annual`: this document is of a whole year, so that a bare year in it is one.
    """

    ends: date
    label_less: int
    annual: bool

    def day(self, label: int) -> date:
        """About when the year of that label ends."""
        year = label + self.label_less
        last = 28 if (self.ends.month, self.ends.day) == (2, 29) else self.ends.day
        return self.ends.replace(year=year, day=last)


def month_day(text: str) -> tuple[int, int] | None:
    """The first month and day that stand in it."""
    found = MONTH_DAY.search(text)
    return (_month(found[1]), int(found[2])) if found else None


def length(text: str) -> int | None:
    """How many months a span in it has; None: it names no span."""
    found = SPAN.search(text)
    if not found:
        return None
    if found["months"] or found["weeks"]:
        return LENGTH[(found["months"] or found["weeks"]).lower()]
    return 3 if found["quarter"] else 12


def day_of(year: int, month: int, day: int) -> date | None:
    """That day; None where no calendar has it."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def is_period(cell: str) -> bool:
    """The cell says a period and nothing else."""
    if not (YEAR.search(cell) or MONTH_DAY.search(cell) or SPAN.search(cell)):
        return cell.strip().lower() in ("fiscal", "fiscal year", "year ended", "years ended")
    return not _FILLER.sub("", YEAR.sub("", MONTH_DAY.sub("", SPAN.sub("", cell))))


def asked(text: str) -> Period | None:
    """The period that a question names. None: none, or one that is not clear."""
    days = [day_of(int(y), int(m), int(d)) for y, m, d in ISO.findall(text)]
    if not days:
        days = written(text)
    if days:
        ends = days[-1]
        if ends is None:
            return None
        if len(days) == 2 and days[0] is not None:
            return Period(ends.year, ends, max(1, ((ends - days[0]).days + 16) * 12 // 365))
        return Period(ends.year, ends, length(text) or 0) if len(days) == 1 else None
    years = set(YEAR.findall(text))
    return Period(int(years.pop()), None, length(text) or None) if len(years) == 1 else None


def same(column: Period, wanted: Period, fiscal: Fiscal | None) -> bool:
    """The column is of that very period. Bare years count in an annual document alone."""
    if column == CLOSING:
        return fiscal is not None and fiscal.annual and wanted == Period(fiscal.ends.year, fiscal.ends, 0)
    if wanted.ends is None:
        return _labelled(column, wanted, fiscal)
    if column.ends is not None:
        if column.ends != wanted.ends:
            return False
        if column.months is None:
            return fiscal is not None and fiscal.annual and wanted.months == 12
        return column.months == wanted.months
    if fiscal is None or not fiscal.annual or wanted.months not in (0, 12):
        return False
    near = abs(fiscal.day(column.year) - wanted.ends) <= NEAR
    return near and column.months in (None, wanted.months)


def _labelled(column: Period, wanted: Period, fiscal: Fiscal | None) -> bool:
    """A year was asked for by its label: the whole year, or the day on which it ends."""
    if fiscal is None or not fiscal.annual or column.months not in (None, 0, 12):
        return False
    if column.ends is None:
        return column.year == wanted.year
    return abs(fiscal.day(wanted.year) - column.ends) <= NEAR


def written(text: str) -> list[date | None]:
    """Every day that stands in it with its year; None for one that no calendar has."""
    found = []
    for match in MONTH_DAY.finditer(text):
        year = YEAR.match(text, match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip()))
        if year:
            found.append(day_of(int(year[1]), _month(match[1]), int(match[2])))
    return found


def _month(word: str) -> int:
    start = word.lower().rstrip(".")[:3]
    return next(n for n, month in enumerate(MONTHS, 1) if month.startswith(start))
