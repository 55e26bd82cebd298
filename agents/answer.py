"""What the advisor reads: plain text whose sentences name their sources.

Rule 1: links and images become plain text. An answer can neither fetch nor lead anywhere.
Rule 2: a citation counts only if a tool of this very answer gave that source.
Rule 3: a sentence with a figure and no source says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

UNSOURCED: Final = " (no source)"
_ADDRESS: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{0,15}:(?://|\\\\)|\bwww\.|\b(?:data|javascript|mailto):)\S*", re.I
)
_EMAIL_HOST: Final = re.compile(r"(?<=\w)@(?=[\w-]+\.\w)")
_MARK: Final = re.compile(r"\s*\[((?:passage|tool)/[\w-]+(?:\s*[,;]\s*(?:passage|tool)/[\w-]+)*)\]")
_GAP: Final = re.compile(
    r"\n+|(?<=[.!?])\s+(?!\s*\[(?:(?:passage|tool)/|\d+\]))|(?<=[.!?]\])\s+|(?<=\])\s+(?=[A-Z])"
)
_ENDED: Final = re.compile(r"[.!?:]\W*(?:\[[^\]]*\]\s*)*$")
_ABBREVIATIONS: Final = (
    "U.S.",
    "Inc.",
    "Corp.",
    "Co.",
    "No.",
    "vs.",
    "e.g.",
    "i.e.",
    "approx.",
    "Mr.",
    "Ms.",
    "Dr.",
)


@dataclass(frozen=True, slots=True)
class Cited:
    """Source number `number` of the answer stands behind sentence `sentence` (both of `sentences(text)`)."""

    sentence: int
    source: str


@dataclass(frozen=True, slots=True)
class Composed:
    """`text` refers to its sources as [1], [2], ...: the order of `sources`."""

    text: str
    cited: tuple[Cited, ...]
    sources: tuple[tuple[str, str], ...]  # source, what it is


def plain(text: str) -> str:
    """The text with nothing in it that a browser would fetch or follow."""
    text = _ADDRESS.sub("(link removed)", text)
    text = _EMAIL_HOST.sub(" at ", text)
    text = re.sub(r"!+\[", "[", text).replace("](", "] (").replace("]:", "] :")
    return re.sub(r"<(?=[A-Za-z/!?])", "‹", text)


def compose(text: str, sources: Mapping[str, str], *, check_figures: bool) -> Composed:
    """The answer as it goes out."""
    order: list[str] = []
    cited: list[Cited] = []
    parts: list[str] = []
    inherited: list[str] = []
    for number, (sentence, gap) in enumerate(_split(plain(text))):
        named = [s.strip() for marks in _MARK.findall(sentence) for s in re.split(r"[,;]", marks)]
        found = [source for source in dict.fromkeys(named) if source in sources]
        bare = _unmarked(sentence)
        row = bare.lstrip().startswith(("|", "- "))
        behind = found or (inherited if row else [])
        order.extend(source for source in found if source not in order)
        cited.extend(Cited(number, source) for source in behind)
        inherited = found or (inherited if row else [])
        refs = "".join(f" [{order.index(source) + 1}]" for source in found)
        lost = check_figures and not behind and bool(re.search(r"\d", bare))
        parts.append(f"{bare.rstrip()}{UNSOURCED if lost else ''}{refs}{gap}")
    return Composed(
        "".join(parts).strip(), tuple(cited), tuple((source, sources[source]) for source in order)
    )


def _unmarked(text: str) -> str:
    """Without its marks. What stood on both sides of one makes no image together."""
    return _MARK.sub("", text).replace("![", "! [")


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of an answer; a line of a table or list is one. `Cited.sentence` counts these."""
    return tuple(sentence for sentence, _ in _split(text))


def _split(text: str) -> list[tuple[str, str]]:
    """Sentences with the white space that follows each. Marks after a full stop stay with their sentence."""
    found: list[tuple[str, str]] = []
    start = 0
    for gap in _GAP.finditer(text):
        sentence = text[start : gap.start()]
        if "\n" not in gap.group() and (sentence.endswith(_ABBREVIATIONS) or not _ENDED.search(sentence)):
            continue
        if sentence.strip():
            found.append((sentence, gap.group()))
        start = gap.end()
    if text[start:].strip():
        found.append((text[start:], ""))
    return found


class Streamed:
    """Text on its way to the screen: let out sentence by sentence, made plain, marks removed."""

    def __init__(self) -> None:
        self._held = ""

    def add(self, text: str) -> str:
        """What may be shown now."""
        self._held += text
        cut = max((m.end() for m in re.finditer(r"[.!?]\s+|\n", self._held)), default=0)
        ready, self._held = self._held[:cut], self._held[cut:]
        return _unmarked(plain(ready))

    def rest(self) -> str:
        ready, self._held = self._held, ""
        return _unmarked(plain(ready))
