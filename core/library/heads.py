"""What period each column of a table is of, as the lines of its head say.

Rule 1: a head that can be read in two ways is read in none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeVar

from core.library import periods
from core.library.periods import Period

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_MONTHS: Final = re.compile(r"\b(?:three|six|nine|twelve) months\b", re.IGNORECASE)
_Said = TypeVar("_Said")


def is_unit(text: str) -> bool:
    return bool(re.search(r"\bin (?:millions|thousands|billions)\b|\bmillions\b", text, re.IGNORECASE))


def columns(head: list[list[str]]) -> tuple[Period | None, ...] | None:
    """What each column is of; None for one that is no period. None: the head cannot be read surely."""
    lines = _beside(_rejoined(head))
    if any(_MONTHS.search(cell) and not periods.SPAN.search(cell) for line in lines for cell in line):
        return None
    at = max((i for i, line in enumerate(lines) if any(_one_year(c) for c in line)), default=None)
    if at is None or any(len(line) > 1 for line in lines[at + 1 :]):
        return None
    own = lines[at]
    first = next(i for i, cell in enumerate(own) if _one_year(cell))
    if first > 1 and not all(is_unit(c) or periods.is_period(c) for c in own[:first]):
        return None
    if first and not (periods.is_period(own[0]) or is_unit(own[0])) and len(own) - first > 1:
        own = own[first:]
        above = lines[:at]
    else:
        above = [*lines[:at], own[:first]]
        own = own[first:]
    years = sum(_one_year(cell) for cell in own)
    if years != len(own) and any(len(line) > 1 for line in lines[:at]):
        above = [line for line in above if len(line) == 1 or years % max(len(line), 1) == 0]
    if years == 1 and not (periods.SPAN.search(own[0]) or periods.MONTH_DAY.search(own[0])):
        return None
    months = _spread([[periods.length(c) for c in line] for line in above], years)
    days = _spread([[periods.month_day(c) for c in line] for line in above], years)
    if months is None or days is None:
        return None
    each = _days_of_years(above)
    across = periods.month_day(own[0]) if all(map(_YEAR.fullmatch, own[1:])) else None
    found: list[Period | None] = []
    n = 0
    for cell in own:
        if not _one_year(cell):
            found.append(None)
            continue
        year = int(periods.YEAR.findall(cell)[0])
        span = periods.length(cell) or months[n]
        day = periods.month_day(cell) or across or each.get(year) or days[n]
        ends = periods.day_of(year, *day) if day else None
        found.append(Period(year, ends, span if span else 0 if ends else None))
        n += 1
    return tuple(found)


def _days_of_years(above: Sequence[Sequence[str]]) -> dict[int, tuple[int, int]]:
    """Of the nearest cell with several whole days, each year's own: "At June 29, 2024 and June 30, 2023"."""
    for line in reversed(above):
        for cell in line:
            days = periods.written(cell)
            years = {day.year: (day.month, day.day) for day in days if day}
            if len(days) > 1:
                return years if len(years) == len(days) else {}
    return {}


def _one_year(cell: str) -> bool:
    return periods.is_period(cell) and len(periods.YEAR.findall(cell)) == 1


def _rejoined(head: list[list[str]]) -> list[list[str]]:
    """Lines of cells, where a cell that was wrapped over two lines is one again."""
    lines: list[list[str]] = []
    for line in head:
        across = lines and len(lines[-1]) == len(line) > 1 and all(map(_YEAR.fullmatch, line))
        if lines and line and not across and _goes_on(lines[-1][-1], line[0]):
            lines[-1] = [*lines[-1][:-1], f"{lines[-1][-1]} {line[0]}", *line[1:]]
        elif line:
            lines.append(list(line))
    return lines


def _beside(lines: list[list[str]]) -> list[list[str]]:
    """Whole days that were written one a line are the columns of one line."""
    found: list[list[str]] = []
    for line in lines:
        last = found[-1] if found else []
        day = len(line) == 1 and _one_year(line[0]) and bool(periods.MONTH_DAY.search(line[0]))
        if (
            day
            and last
            and all(_one_year(c) and periods.MONTH_DAY.search(c) for c in last)
            and line[0] not in last
        ):
            found[-1] = [*last, line[0]]
        else:
            found.append(line)
    return found


def _goes_on(cell: str, following: str) -> bool:
    if _YEAR.fullmatch(following):
        alone = periods.is_period(cell) and not periods.SPAN.search(cell)
        return alone and bool(periods.MONTH_DAY.search(cell)) and not periods.YEAR.search(cell)
    return following[:1].islower() and not is_unit(following) and not is_unit(cell) and len(cell) < 30


def _spread(lines: Sequence[Sequence[_Said | None]], years: int) -> list[_Said | None] | None:
    """What the nearest line that says any says of each column. None: it cannot be shared out evenly."""
    for line in reversed(lines):
        said = [one for one in line if one is not None]
        if said:
            if years % len(said):
                return None
            return [said[n // (years // len(said))] for n in range(years)]
    return [None] * years
