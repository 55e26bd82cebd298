"""What the advisor reads: plain text whose sentences name their sources.

Rule 1: links and images become plain text. An answer can neither fetch nor lead anywhere.
Rule 2: a citation counts only if a tool of this very answer gave that source.
Rule 3: a figure, date or holding that stands in nothing read for this answer is taken out; one that stands in
    another source than the cited one names it too. A sentence with a figure and no source says so.
Rule 4: what is shown while it is made went through the same checks, sentence by sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from agents.grounding.check import TAKEN_OUT, Checked, Checking
from agents.plain import plain

UNSOURCED: Final = f" {TAKEN_OUT}"
_MARK: Final = re.compile(r"\s*\[((?:passage|tool)/[\w-]+(?:\s*[,;]\s*(?:passage|tool)/[\w-]+)*)\]")
_NOTE: Final = r"\((?:no source|the document's own|a recommendation)[^()]*\)"
_GAP: Final = re.compile(
    rf"\n+|(?<=[.!?])\s+(?!\s*(?:\[(?:(?:passage|tool)/|\d+\])|{_NOTE}))|(?<=[.!?]\])\s+"
    r"|(?<=[\])])\s+(?=[^\s\[(])"
)
_ENDED: Final = re.compile(rf"[.!?:]\W*(?:(?:\[[^\]]*\]|{_NOTE})\s*)*$")
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
    """`text` refers to its sources as [1], [2], ...: the order of `sources`. `lost` claims were taken out."""

    text: str
    cited: tuple[Cited, ...]
    sources: tuple[tuple[str, str], ...]  # source, what it is
    lost: int = 0


def as_it_is(text: str) -> str:
    """What is said of a sentence where nothing is checked."""
    return text


def compose(
    text: str,
    sources: Mapping[str, str],
    *,
    check_figures: bool,
    checking: Checking | None = None,
    allows: Callable[[str], str] = as_it_is,
) -> Composed:
    """The answer as it goes out. With `checking`, what stands in nothing that was read is taken out."""
    order: list[str] = []
    cited: list[Cited] = []
    parts: list[str] = []
    inherited: list[str] = []
    lost = 0
    for number, (said, gap) in enumerate(_split(plain(text))):
        sentence = allows(said)
        named = [s.strip() for marks in _MARK.findall(said) for s in re.split(r"[,;]", marks)]
        found = [source for source in dict.fromkeys(named) if source in sources]
        checked = checking.sentence(sentence) if checking else Checked(sentence, ())
        bare = _unmarked(checked.text)
        row = bare.lstrip().startswith(("|", "- "))
        behind = found or (inherited if row else [])
        added = [one for one in checked.beside(frozenset(behind)) if one in sources]
        found, behind, lost = [*found, *added], [*behind, *added], lost + checked.lost
        order.extend(source for source in found if source not in order)
        cited.extend(Cited(number, source) for source in behind)
        inherited = behind if row else found
        refs = "".join(f" [{order.index(source) + 1}]" for source in found)
        bald = not behind and bool(re.search(r"\d", bare)) and not bare.rstrip(" .!?").endswith(TAKEN_OUT)
        unsourced = check_figures and (bald or (checked.hers and not row))
        parts.append(f"{bare.rstrip()}{UNSOURCED if unsourced else ''}{refs}{gap}")
    return Composed(
        "".join(parts).strip(),
        tuple(cited),
        tuple((source, plain(sources[source])) for source in order),
        lost,
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
    """Text on its way to the screen: let out sentence by sentence, made plain, marks removed.

    A sentence is held back until the next one begins, and goes through `checks` before it is seen.
    """

    def __init__(self, checks: Callable[[str], str] = as_it_is) -> None:
        self._held = ""
        self._checks = checks

    def add(self, text: str) -> str:
        """What may be shown now."""
        self._held += text
        parts = _split(self._held)
        whole = parts if self._held.endswith("\n") else parts[:-1]
        if not whole:
            return ""
        last = parts[-1]
        self._held = "" if whole is parts else f"{last[0]}{last[1]}"
        return "".join(self._shown(sentence) + gap for sentence, gap in whole)

    def rest(self) -> str:
        ready, self._held = self._held, ""
        return "".join(self._shown(sentence) + gap for sentence, gap in _split(ready))

    def _shown(self, sentence: str) -> str:
        return _unmarked(self._checks(plain(sentence)))
