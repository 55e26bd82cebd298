"""A copilot's words as HTML of ours: paragraphs, lists, tables and bold. Nothing else of markdown is read.

Rule 1: an answer loads nothing and links nowhere: an address in it is text, an image is text.
Rule 2: everything is escaped before anything is marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from ui.screens.figures import esc, minus

BOLD: Final = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
BULLET: Final = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
RULE: Final = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
HEADING: Final = re.compile(r"^#{1,6}\s+")
FIGURE: Final = re.compile(r"^(–|[+\-−▲▼ ]*\$?[+\-−]?[\d,]+(\.\d+)?( ?(%|pp|points|shares))?)$")
REF: Final = re.compile(r"\[(\d{1,3})\]")
SHORT: Final = 28  # characters; a cell that is shorter is not broken
UNSOURCED: Final = "(no source)"


def words(text: str, sources: Sequence[str] = ()) -> str:
    """The whole text as blocks. `[n]` is a mark where there is an n-th source; it shows its name."""
    html = f'<div class="words">{"".join(_blocks(text))}</div>'
    return REF.sub(lambda found: _ref(found, sources), html)


def _ref(found: re.Match[str], sources: Sequence[str]) -> str:
    number = int(found.group(1))
    if not 0 < number <= len(sources):
        return found.group()
    return f'<span class="ref" title="{esc(sources[number - 1])}">{number}</span>'


def plain(text: str) -> str:
    """A text for a place that reads markdown (a button, an expander), with its signs taken literally."""
    return re.sub(r"([\\`*_{}\[\]()#+!$~:<>|])", r"\\\1", text)


def _blocks(text: str) -> Iterator[str]:
    for kind, lines in groupby(text.splitlines(), key=_kind):
        block = list(lines)
        if kind == "table":
            yield _table(block)
        elif kind == "list":
            yield "<ul>" + "".join(f"<li>{_inline(BULLET.sub('', line))}</li>" for line in block) + "</ul>"
        elif kind == "heading":
            yield "".join(f"<p><strong>{_inline(HEADING.sub('', line))}</strong></p>" for line in block)
        elif kind == "text":
            yield f"<p>{'<br>'.join(_inline(line) for line in block)}</p>"


def _kind(line: str) -> str:
    if not line.strip():
        return "gap"
    if line.lstrip().startswith("|"):
        return "table"
    if HEADING.match(line):
        return "heading"
    return "list" if BULLET.match(line) else "text"


def _inline(line: str) -> str:
    marked = esc(minus(line)).replace(UNSOURCED, '<span class="mark">no source</span>')
    return BOLD.sub(r"<strong>\1</strong>", marked)


def _table(lines: list[str]) -> str:
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in lines
        if not RULE.match(line)
    ]
    if not rows:
        return ""
    figures = [all(FIGURE.match(cell) for cell in column) for column in zip(*rows[1:], strict=False)]
    right = figures + [False] * len(rows[0])  # a head without cells under it
    head = "".join(
        f'<th class="{"n" if is_right else ""}" scope="col">{_inline(cell)}</th>'
        for cell, is_right in zip(rows[0], right, strict=False)
    )
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows[1:])
    return f'<table class="gh"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(cell: str) -> str:
    if FIGURE.match(cell):
        return f'<td class="n">{_inline(cell)}</td>'
    return f'<td class="{"short" if len(cell) < SHORT else ""}">{_inline(cell)}</td>'
