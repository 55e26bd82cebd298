"""What each column of a table is, where it is no period alone: "Before-Tax Amount", "Finance Leases".

    Three Months Ended June 27, 2025<tab>Before-Tax Amount<tab>Income Tax<tab>After-Tax Amount

Rule 1: names are read only where there are exactly as many as the row has figures, wrapped words joined.
Rule 2: their period is one that stands beside or above them, or the only day in the sentence that leads in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.library import periods
from core.library.periods import Period

MOST_LINES: Final = 8
MOST_NAME: Final = 70
_UNIT: Final = re.compile(
    r"^\(?(?:u\.?s\.? )?(?:dollars |shares |amounts |\$ )?(?:are )?in (?:millions|thousands)[^)\t]*\)?\s*",
    re.I,
)
_BALANCE: Final = re.compile(r"(?:goodwill,? )?(?:[-–—] )?(?:balances?,?)?(?: (?:as of|at))?", re.I)
_YEAR_ALONE: Final = re.compile(r"(?:19|20)\d\d")
_FIGURE: Final = re.compile(r"[\s$(]*[\d,.]+[\s)%]*")


@dataclass(frozen=True, slots=True)
class Column:
    """What stands over a figure, and the period that holds for it; None: none is told."""

    name: str
    period: Period | None


def named(head: Sequence[str], lead: str, count: int) -> tuple[Column, ...] | None:
    """The columns of a head whose last lines name them. None: they cannot be told surely."""
    lines = [line.strip().replace("\n", "\t") for line in head]
    while lines and _UNIT.fullmatch(lines[-1]):
        lines.pop()
    below = ""
    if lines and "\t" not in lines[-1] and _period(lines[-1]):
        below = lines.pop()
    found = _names(lines, count)
    if found is None:
        return None
    names, beside, above = found
    said = _spread(above, count) if not (below or beside) else None
    one = _period(below) or _period(beside) or (None if said else _only(lead))
    return tuple(Column(name, said[n] if said else one) for n, name in enumerate(names))


def _names(lines: Sequence[str], count: int) -> tuple[list[str], str, Sequence[str]] | None:
    """The names, a period that stands in their line, and the lines above them."""
    for k in range(1, min(MOST_LINES, len(lines)) + 1):
        cells = [cell.strip() for cell in " ".join(lines[-k:]).split("\t") if cell.strip()]
        beside = ""
        if len(cells) == count + 1 and _period(cells[0]):
            beside, cells = cells[0], cells[1:]
        elif len(cells) == count + 1 and _UNIT.fullmatch(cells[0]):
            cells = cells[1:]
        if len(cells) > count:
            return None
        if len(cells) == count > 1 and all(map(_is_name, cells)):
            while k < len(lines) and not beside and _begins(lines[-k - 1]):
                k += 1
                cells[0] = f"{lines[-k]} {cells[0]}"
            if k < len(lines) and "\t" in lines[-k - 1] and not any(map(_period, lines[-k - 1].split("\t"))):
                return None  # the names may begin above
            cells[0] = _UNIT.sub("", cells[0]) or cells[0]
            return cells, beside, lines[:-k]
    return None


def _is_name(cell: str) -> bool:
    return len(cell) <= MOST_NAME and not _FIGURE.fullmatch(cell) and not periods.is_period(cell)


def _begins(line: str) -> bool:
    """A short line that the first name was wrapped from."""
    return "\t" not in line and len(line) < 25 and line[-1:].isalpha() and not periods.is_period(line)


def _spread(above: Sequence[str], count: int) -> list[Period] | None:
    """The nearest line of periods, shared out evenly."""
    for line in reversed(above):
        told = [_period(cell) for cell in line.split("\t") if cell.strip()]
        said = [one for one in told if one]
        if said:
            each = count // len(said)
            return [said[n // each] for n in range(count)] if len(said) * each == count else None
    return None


def _period(text: str) -> Period | None:
    """The period that a cell says, and nothing else: with its last day, or a year by its label."""
    if not periods.is_period(text) or len(periods.YEAR.findall(text)) != 1:
        return None
    said = periods.asked(text)
    if said and said.ends is None:
        return said if _YEAR_ALONE.fullmatch(text.strip()) else None
    return said


def day(label: str) -> Period | None:
    """The day of which a row says its balance."""
    said = (
        periods.asked(label)
        if _BALANCE.match(label.strip()) and len(periods.YEAR.findall(label)) == 1
        else None
    )
    return Period(said.ends.year, said.ends, 0) if said and said.ends else None


def _only(lead: str) -> Period | None:
    """The one day that a sentence names."""
    said = periods.asked(lead) if len(periods.YEAR.findall(lead)) == 1 else None
    return said if said and said.ends else None
