"""Cutting a document into passages, so that each can be read and cited alone.

Rule 1: no text is lost or changed but for white space at a passage's ends: the bodies, one after the other,
    are the document. What a row of a table needs to be understood and stands in an earlier passage (scale,
    heads of columns, section) is said again before the body, in the document's own words.
Rule 2: a heading stays with what follows it; a table is never cut inside its head.
Rule 3: a sentence is a piece of the passage's text with a place, so that an answer can cite it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.library.tables import Piece, Row, rows

AT_MOST: Final = 1_200  # characters: fits the embedding model's 256 tokens with little cut off
TABLE_AT_MOST: Final = 2_400  # a table's figures say little without their neighbours
_END: Final = re.compile(r"(?<=[.!?])[\"”)]?\s+(?=[A-Z\"“(•])|\n+")
_SHORT: Final = re.compile(r"(?:\b(?:U\.S|Inc|Corp|Co|Ltd|No|vs|e\.g|i\.e|approx|Mr|Ms|Dr|St)|\b[A-Z])\.$")


@dataclass(frozen=True, slots=True)
class Cut:
    """`text[start:end]` of the document, and what is said again before it."""

    again: str
    body: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return f"{self.again}\n{self.body}" if self.again else self.body


def passages(text: str) -> Iterator[str]:
    """The document's passages, in order."""
    for cut in cuts(text):
        yield cut.text


def cuts(text: str) -> Iterator[Cut]:
    """The document's passages with where each stands in the text (its lines ended by a line feed alone)."""
    text = text.replace("\r\n", "\n")
    found = list(rows(text))
    yield from _tabular(text, found) if found else _plain(text)


def sentences(text: str) -> tuple[Piece, ...]:
    """The sentences of a passage and its rows, each with its place."""
    found: list[Piece] = []
    start = 0
    for gap in [*_END.finditer(text), None]:
        end = gap.start() if gap else len(text)
        if gap and "\n" not in gap.group() and _SHORT.search(text[start:end]):
            continue
        piece = text[start:end]
        if piece.strip():
            at = start + len(piece) - len(piece.lstrip())
            found.append(Piece(piece.strip(), at, at + len(piece.strip())))
        start = gap.end() if gap else end
    return tuple(found)


def _plain(text: str) -> Iterator[Cut]:
    """Paragraphs; short neighbours joined, long ones cut at a sentence or a space."""
    held: tuple[int, int] | None = None
    for start, end in _paragraphs(text):
        if held and not _is_heading(text[held[0] : held[1]]) and end - held[0] > AT_MOST // 2:
            yield from _cut(text, *held)
            held = start, end
        else:
            held = (held[0] if held else start), end
    if held:
        yield from _cut(text, *held)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in [*re.finditer(r"\n[^\S\n]*\n\s*", text), None]:
        end = gap.start() if gap else len(text)
        if text[start:end].strip():
            yield _trimmed(text, start, end)
        start = gap.end() if gap else end


def _is_heading(text: str) -> bool:
    return text.startswith("#") and "\n" not in text


def _cut(text: str, start: int, end: int) -> Iterator[Cut]:
    while end - start > AT_MOST:
        most = start + AT_MOST
        at = text.rfind(". ", start, most) + 1 or text.rfind(" ", start + 1, most) or most
        at = at if at > start else most
        yield _body(text, start, at)
        start = at
        while start < end and text[start].isspace():
            start += 1
    if text[start:end].strip():
        yield _body(text, start, end)


def _body(text: str, start: int, end: int, again: str = "") -> Cut:
    start, end = _trimmed(text, start, end)
    return Cut(again, text[start:end], start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _tabular(text: str, found: list[Row]) -> Iterator[Cut]:
    """Lines, kept together; a passage that begins in a table says again what its first row needs."""
    breaks = _breaks(text, found)
    starts = [row.start for row in found]
    start, again = 0, ""
    for n, (at, row) in enumerate(breaks):
        following = breaks[n + 1][0] if n + 1 < len(breaks) else len(text)
        most = TABLE_AT_MOST if row else AT_MOST
        heads = row is not None and row.head and at <= row.head[0].start
        over = len(again) + following - start > most or (heads and at - start > AT_MOST // 2)
        if at > start and over:
            yield from _pieces(text, start, at, again)
            next_row = bisect_left(starts, at)
            start, again = at, _again(found[next_row] if next_row < len(found) else None, at)
    yield from _pieces(text, start, len(text), again)


def _breaks(text: str, found: list[Row]) -> list[tuple[int, Row | None]]:
    """Where a passage may begin, with the row that is read there: never between a head and its first row."""
    may: dict[int, Row | None] = {}
    closed: list[tuple[int, int]] = []
    for row in found:
        fresh = [piece.start for piece in row.head if not closed or piece.start >= closed[-1][1]]
        begins = min([*fresh, row.start])
        closed.append((begins, row.end))
        may[begins] = row
    inside = iter([*closed, (len(text) + 1, len(text) + 1)])
    begins, ends = next(inside)
    at = 0
    for line in text.splitlines(keepends=True):
        while at >= ends:
            begins, ends = next(inside)
        if not begins <= at < ends and line.strip():
            may.setdefault(at, None)
        at += len(line)
    return sorted(may.items(), key=lambda item: item[0])


def _again(row: Row | None, at: int) -> str:
    return "\n".join(piece.text for piece in row.head if piece.start < at) if row else ""


def _pieces(text: str, start: int, end: int, again: str) -> Iterator[Cut]:
    """One passage, or several where a single paragraph is longer than one."""
    start, end = _trimmed(text, start, end)
    if end <= start:
        return
    if end - start <= TABLE_AT_MOST or "\t" in text[start:end]:
        yield _body(text, start, end, again)
    else:
        yield from _cut(text, start, end)
