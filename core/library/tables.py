"""Reading the tables of a text: rows with their label, and what period each figure is of.

    Year Ended December 31,      <- what the columns are
    2024<tab>2023
    (In millions)                <- the scale
    Net sales:                   <- the section
    Products<tab>$<tab>294,866<tab>$<tab>298,085

Rule 1: pure, and exact: every row and figure says where it stands: `text[start:end]` is what was read.
Rule 2: a row that has not exactly as many figures as the head has columns is read without periods: empty
    cells are lost in a text, and a guess would put a figure under another year.
Rule 3: a head is read again wherever lines with several cells and no figures come; prose ends a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from core.library import periods
from core.library.columns import Column, day, named
from core.library.heads import columns, is_unit
from core.library.periods import Period

_NUMBER: Final = re.compile(r"[-−(]?\s*\$?\s*[-−(]?\s*(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)\s*\)?\s*%?\s*\)?")
_DASH: Final = re.compile(r"[$(]*\s*[—–-]\s*[)%]*")
_OPEN: Final = re.compile(r"\$?\s*\(\s*\$?\s*[\d,]*\.?\d+")
_SIGNS: Final = frozenset({"$", "%", ")", "(", "€", "£", ")%"})
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_YEAR_ROW: Final = re.compile(r"(?:fiscal (?:year )?)?20\d\d", re.IGNORECASE)
_LENGTHS: Final = re.compile(r"(?:[\d.]+ (?:years?|months?)\s*)+", re.IGNORECASE)
_FOOTNOTE: Final = re.compile(r"\(?\d\)? ?[A-Z]")
_TABLES: Final = re.compile(r"\btables\b", re.IGNORECASE)  # what leads in several holds for each
_MARKS: Final = frozenset("123456789")
_WRAPPED: Final = re.compile(r"(?:\b(?:of|to|the|and|for|in|on|by|with|from|at)|,)$", re.IGNORECASE)
_LEADS: Final = re.compile(r"\bfollow(?:s|ing)\b[^.]*:?$", re.IGNORECASE)
PROSE: Final = 160  # characters: a single cell that long is no heading
MOST_LEAD: Final = 400  # characters: of a long paragraph before a table its last sentence is kept


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the text, and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed: parentheses are negative. `value` None is a dash."""

    value: Decimal | None
    percent: bool
    dollars: bool
    period: Period | None
    start: int
    end: int
    column: str = ""  # what stands over it where its column is no period alone


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table. `head` is every line that its meaning needs, in order: lead-in, head, section."""

    label: str
    section: str
    title: str
    units: str
    figures: tuple[Figure, ...]
    start: int
    end: int
    head: tuple[Piece, ...]


@dataclass(slots=True)
class _State:
    """What holds for the next row."""

    columns: tuple[Period | None, ...] | None = None
    lead: Piece | None = None
    head: list[Piece] = field(default_factory=list)
    sections: list[Piece] = field(default_factory=list)
    waiting: list[Piece] = field(default_factory=list)  # lines since the last row
    percent: set[int] = field(default_factory=set)  # columns that were signed as percentages before
    schedule: bool = False  # rows are of years to come, seen from the document's own day


def rows(text: str) -> Iterator[Row]:
    """Every row of every table in it, in order."""
    state = _State()
    lines = list(_lines(text))
    read = [_figures(line) for line in lines]
    for n, (line, figures) in enumerate(zip(lines, read, strict=True)):
        if figures is None:
            following = read[n + 1] if n + 1 < len(read) else None
            _no_row(state, line, labels=following is not None and not following[0])
            continue
        label, found = figures
        start = line.start
        if not label and state.waiting and not _many(state.waiting[-1]):
            above = state.waiting.pop()
            label, start = above.text.strip(), above.start
        elif (
            label
            and state.waiting
            and _WRAPPED.search(state.waiting[-1].text)
            and not _many(state.waiting[-1])
        ):
            above = state.waiting.pop()
            label, start = f"{above.text.strip()} {label}", above.start
        _open(state)
        found = _still_percent(found, state.percent)
        title = " / ".join(p.text.strip() for p in state.head if not _speaks_of_periods(p.text))
        lead = [state.lead] if state.lead else []
        yield Row(
            label=label,
            section=state.sections[-1].text.strip() if state.sections else "",
            title=title,
            units="\n".join(p.text for p in (*reversed(state.head), *lead)),
            figures=_told(found, label, state, marked=_marked(found, read[n + 1 : n + 2], text)),
            start=start,
            end=line.end,
            head=(*lead, *state.head, *state.sections[-1:]),
        )


def _lines(text: str) -> Iterator[Piece]:
    """The lines that hold something. What was written one cell a line is one line again, as it stands."""
    held: list[Piece] = []
    start = 0
    for raw in text.splitlines(keepends=True):
        bare = raw.rstrip()
        if bare.strip():
            line = Piece(bare, start, start + len(bare))
            if held and not _stacked(held, line):
                yield _joined(text, held)
                held = []
            held.append(line)
        start += len(raw)
    if held:
        yield _joined(text, held)


def _joined(text: str, held: list[Piece]) -> Piece:
    return Piece(text[held[0].start : held[-1].end], held[0].start, held[-1].end)


def _stacked(held: list[Piece], line: Piece) -> bool:
    """The line is the next cell of what is held: a figure of a row, or a column of a head."""
    cell, first, last = line.text.strip(), held[0].text.strip(), held[-1].text.strip()
    if "\t" in line.text or "\t" in held[-1].text:
        return False
    if _YEAR.fullmatch(cell):
        return bool(_YEAR.fullmatch(first) and _YEAR.fullmatch(last))
    if _is_day_head(cell):
        return _is_day_head(last)
    if _is_span_head(cell):
        return _is_span_head(last)
    if not (_is_figure(cell) or cell in _SIGNS or _OPEN.fullmatch(cell)) or periods.is_period(first):
        return False
    return len(held) > 1 or not (_is_figure(last) or _is_prose(last))


def _is_span_head(cell: str) -> bool:
    return bool(periods.SPAN.search(cell)) and periods.is_period(cell) and not periods.YEAR.search(cell)


def _is_day_head(cell: str) -> bool:
    bare = bool(periods.MONTH_DAY.fullmatch(cell))
    return bare and not periods.YEAR.search(cell)


def _many(line: Piece) -> bool:
    return "\t" in line.text or "\n" in line.text


def _cells(line: Piece) -> list[Piece]:
    found, start = [], line.start
    for cell in re.split(r"[\t\n]", line.text):
        if cell.strip():
            at = start + len(cell) - len(cell.lstrip())
            found.append(Piece(cell.strip(), at, at + len(cell.strip())))
        start += len(cell) + 1
    return found


def _figures(line: Piece) -> tuple[str, list[Figure]] | None:
    """Label and figures of a row; None: the line is no row."""
    cells = _cells(line)
    at = next((i for i, c in enumerate(cells) if _is_figure(c.text) or c.text in _SIGNS), len(cells))
    if at == 0 and len(cells) > 1 and _YEAR.fullmatch(cells[0].text) and not _YEAR.fullmatch(cells[1].text):
        at = 1
    numbers = cells[at:]
    if at > 1 or not numbers or all(_YEAR.fullmatch(c.text) for c in numbers):
        return None
    if at == 1 and periods.is_period(cells[0].text) and not _YEAR_ROW.fullmatch(cells[0].text):
        return None
    found: list[Figure] = []
    for n, cell in enumerate(numbers):
        if cell.text in _SIGNS:
            if cell.text.startswith((")", "%")) and found and "%" in cell.text:
                found[-1] = _as_percent(found[-1])
            continue
        if not _is_figure(cell.text):
            return None
        found.append(_figure(cell, dollars=n > 0 and numbers[n - 1].text == "$"))
    return (cells[0].text if at else "", found) if found else None


def _is_figure(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text) or _OPEN.fullmatch(text) or _DASH.fullmatch(text))


def _figure(cell: Piece, *, dollars: bool) -> Figure:
    match = _NUMBER.match(cell.text)
    value = Decimal(match["digits"].replace(",", "")) if match else None
    if value is not None and cell.text.lstrip("$ ").startswith(("(", "-", "−")):
        value = -value
    percent = cell.text.rstrip(")").endswith("%")
    return Figure(value, percent, dollars or "$" in cell.text, None, cell.start, cell.end)


def _as_percent(figure: Figure) -> Figure:
    return replace(figure, percent=True)


def _still_percent(found: list[Figure], columns: set[int]) -> list[Figure]:
    """The sign stands in a column's first row; what follows without a sign of dollars is a percentage too."""
    columns.update(n for n, figure in enumerate(found) if figure.percent)
    columns.difference_update(n for n, figure in enumerate(found) if figure.dollars)
    return [_as_percent(figure) if n in columns else figure for n, figure in enumerate(found)]


def _marked(found: list[Figure], following: Sequence[tuple[str, list[Figure]] | None], text: str) -> bool:
    """The last figure is the mark of a footnote, and the row's own last figure stands in the next line."""
    after = following[0] if following else None
    alone = after is not None and not after[0] and len(after[1]) == 1
    return alone and len(found) > 1 and text[found[-1].start : found[-1].end] in _MARKS


def _told(found: list[Figure], label: str, state: _State, *, marked: bool) -> tuple[Figure, ...]:
    if marked:
        return tuple(found)
    if state.columns is not None and len(state.columns) == len(found):
        return _with_periods(found, state.columns)
    state.schedule = state.schedule or bool(_YEAR_ROW.fullmatch(label))
    over = named([piece.text for piece in state.head], state.lead.text if state.lead else "", len(found))
    if over is None:
        over = (Column("", None),) if state.schedule and len(found) == 1 else ()
    own, closing = day(label), periods.CLOSING if state.schedule else None
    return (
        tuple(
            replace(figure, period=own or column.period or closing, column=column.name)
            for figure, column in zip(found, over, strict=True)
        )
        if over
        else tuple(found)
    )


def _with_periods(found: list[Figure], columns: tuple[Period | None, ...]) -> tuple[Figure, ...]:
    return tuple(replace(one, period=period) for one, period in zip(found, columns, strict=True))


def _no_row(state: _State, line: Piece, *, labels: bool) -> None:
    """A line without figures. One that `labels` the figures in the next line is no prose, however long."""
    text = line.text.strip()
    if "\t" in text and _LENGTHS.fullmatch(text.split("\t", 1)[1].strip()):
        _open(state)  # a row of the table, whose lengths are no figures here
        return
    if not labels and not _many(line) and _is_prose(text):
        at = (
            max(text.rfind(". ", 0, len(text) - 2) + 2, len(text) - MOST_LEAD) if len(text) > MOST_LEAD else 0
        )
        start = line.start + line.text.index(text) + at
        state.columns = None
        if not (_FOOTNOTE.match(text) and state.lead and _TABLES.search(state.lead.text)):
            state.lead = Piece(line.text[start - line.start :], start, line.end)
        state.head, state.sections, state.waiting, state.percent = [], [], [], set()
        state.schedule = False
    else:
        state.waiting.append(line)


def _is_prose(text: str) -> bool:
    return len(text) > PROSE or (len(text) > 60 and (text.endswith(".") or bool(_LEADS.search(text))))


def _open(state: _State) -> None:
    """What stood between the last row and this one: a new head, or sections of the same table."""
    waiting, state.waiting = state.waiting, []
    if not waiting:
        return
    if not any(_many(line) or periods.is_period(line.text) for line in waiting):
        state.sections = waiting[-1:]
        return
    last = max(i for i, w in enumerate(waiting) if _many(w) or _speaks_of_periods(w.text) or is_unit(w.text))
    state.percent, state.schedule = set(), False
    opens = waiting[max(0, last - 11) : last + 1]
    named_before = [one for one in state.head if not _speaks_of_periods(one.text)]
    if len(opens) == 1 and not _many(opens[0]) and any(map(_many, named_before)):
        opens = [*named_before, *opens]  # the same columns, of another period
    elif len(opens) == 1 and opens[0].text.strip() in {one.text.strip() for one in state.head}:
        opens = state.head  # the same head, printed again
    elif state.head:  # a new table: what was said before the old one is not said of it
        state.lead = None
    state.head = opens
    state.sections = waiting[last + 1 :][-1:]
    state.columns = columns([[c.text for c in _cells(line)] for line in state.head])


def _speaks_of_periods(text: str) -> bool:
    return all(periods.is_period(cell.strip()) for cell in re.split(r"[\t\n]", text) if cell.strip())
