"""Dense tables and badges as plain HTML: right-aligned tabular figures, nothing fetched, everything escaped.

Rule 1: a cell's text is escaped here and nowhere else; a caller that has HTML of ours wraps it in `Raw`.
Rule 2: colour repeats what a word, a sign or an arrow already says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ui.screens.figures import esc

STYLE: Final = f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


@dataclass(frozen=True, slots=True)
class Raw:
    """HTML that was made here."""

    html: str


Cell = str | Raw | None


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[Cell, ...]
    kind: str = ""  # "sum", "head" or "moved"


def table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """A whole table. A row shorter than the columns spans the rest with its last cell."""
    head = "".join(f'<th class="{"n" if c.figures else ""}" scope="col">{esc(c.title)}</th>' for c in columns)
    body = "".join(_row(columns, row) for row in rows)
    return f'<table class="gh"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(columns: Sequence[Column], row: Row) -> str:
    cells = []
    for place, cell in enumerate(row.cells):
        last = place == len(row.cells) - 1
        span = f' colspan="{len(columns) - place}"' if last and len(columns) > len(row.cells) else ""
        cells.append(
            f'<td class="{"n" if columns[place].figures and not span else ""}"{span}>{shown(cell)}</td>'
        )
    return f'<tr class="{row.kind}">{"".join(cells)}</tr>'


def shown(cell: Cell) -> str:
    return "" if cell is None else cell.html if isinstance(cell, Raw) else esc(cell)


def badge(words: str, tone: str) -> Raw:
    return Raw(f'<span class="badge {esc(tone)}">{esc(words)}</span>')


def marked(text: str, mark: str) -> Raw:
    """A text with a small mark after it, as "synthetic"."""
    return Raw(f'{esc(text)}<span class="mark">{esc(mark)}</span>')


def link(text: str, href: str) -> Raw:
    """A link inside the product; opens in the same tab."""
    return Raw(f'<a href="{esc(href)}" target="_self">{esc(text)}</a>')


def facts(pairs: Mapping[str, Cell]) -> str:
    """A row of named figures."""
    each = "".join(
        f'<div><span class="name">{esc(name)}</span><span class="fact">{shown(cell)}</span></div>'
        for name, cell in pairs.items()
    )
    return f'<div class="facts">{each}</div>'


def signed(text: str) -> Raw:
    """A figure with its sign, coloured by it."""
    tone = "up" if "+" in text else "down" if "−" in text else ""
    return Raw(f'<span class="{tone}">{esc(text)}</span>')


def against(share: float, *, over: bool) -> str:
    """A small bar: how much of a limit is used. `share` from 0 to 1."""
    width = max(0.0, min(1.0, share)) * 100
    kind = "bar over" if over else "bar"
    return f'<span class="track"><span class="{kind}" style="width:{width:.0f}%"></span></span>'
