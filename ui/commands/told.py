"""An answer of the copilot for a terminal: paragraphs that wrap, lists, tables with their figures in line.

Rule 1: it is text of somebody else's: no markup and no control sequence of it gets through.
Rule 2: nothing is left out or rounded: a figure stands as the answer has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from ui.screens.figures import minute

CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FIGURE: Final = re.compile(r"[-+]?\$?[\d,]+(?:\.\d+)?(?: (?:%|points))?")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d)")
_RULE: Final = re.compile(r"[-:| ]+")
_REFERENCE: Final = re.compile(r"\s*\\\[(\d+)\]")


def printed(text: object) -> str:
    """A text of somebody else's for the terminal: no markup, no control sequence."""
    return escape(CONTROL.sub("", str(text)).replace("**", ""))


def laid_out(text: str) -> Iterator[RenderableType]:
    """The answer, block by block."""
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if rows:
            yield _table(rows)
            rows = []
        if line.startswith("- "):
            yield _point(line[2:])
        elif line.strip():
            yield _referenced(line)
        elif text:
            yield ""


def sources(found: Sequence[Any]) -> Iterator[str]:
    """Each source under the number by which the answer names it."""
    for number, source in enumerate(found, start=1):
        yield f"[dim]{escape(f'[{number}]')} {printed(_INSTANT.sub(_minute, source['says']))}[/]"


def _minute(found: re.Match[str]) -> str:
    return minute(found[0])


def _referenced(line: str) -> str:
    """The line with its references dimmed."""
    return _REFERENCE.sub(lambda found: f" [dim]\\[{found[1]}][/]", printed(line))


def _point(line: str) -> Table:
    """A point of a list, whose further lines stand under its first."""
    grid = Table.grid(padding=(0, 1))
    grid.add_row(" •", _referenced(line))
    return grid


def _table(rows: list[list[str]]) -> Table:
    head, *body = [row for row in rows if not all(_RULE.fullmatch(cell) for cell in row)]
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for place, name in enumerate(head):
        cells = [row[place] for row in body if place < len(row) and row[place]]
        figures = bool(cells) and all(_FIGURE.fullmatch(cell) for cell in cells)
        table.add_column(
            printed(name), justify="right" if figures else "left", no_wrap=figures, overflow="fold"
        )
    for row in body:
        table.add_row(*(printed(cell) for cell in row[: len(head)]))
    return table
