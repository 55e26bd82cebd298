"""How figures are named: the taxonomy's plain names, and how the rows of statements and notes are labelled.

Rule 1: one row of `vocabulary.txt` serves every issuer. Nothing in it is of one company or one value.
Rule 2: a label fits as a whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from core.library.figures import Unit

VOCABULARY: Final = Path(__file__).with_name("vocabulary.txt")
UNITS: Final[Mapping[str, Unit]] = {"d": "dollars", "p": "dollars a share", "s": "shares", "%": "percent"}
_ALLOWANCE: Final = re.compile(r",?\s*\b(?:net of|less) (?:allowances?|reserves?)\b.*")
_NOTE: Final = re.compile(r"\bnotes? \d+(?: and \d+)?\b")
_MARK: Final = re.compile(r"(?<=[a-z])\d$")
_STATEMENTS: Final = (
    ("C", re.compile(r"\bcash flows?\b", re.I)),
    ("O", re.compile(r"\bcomprehensive\s+(?:income|loss|earnings|\(loss\))", re.I)),
    (
        "B",
        re.compile(
            r"\bbalance sheets?\b(?! (?:components|classification|information|location|data|details))"
            r"|\bstatements? of financial position\b",
            re.I,
        ),
    ),
    (
        "E",
        re.compile(r"\bstatements? of (?:changes in |consolidated )?[\w’' ]{0,40}(?:equity|deficit)\b", re.I),
    ),
    (
        "I",
        re.compile(
            r"\bstatements? of (?:consolidated )?(?:operations|income|earnings)\b|\bincome statements?\b",
            re.I,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Name:
    """A reported figure: which rows say it, and which way round.

    `section` is of the row's section alone, or `anywhere` of its head too. `beside` is a row that the
    document must print too, `without` one that it must not: a label can mean the whole in one and the rest
    in another. `column` is what stands over the figure where its column is no period alone.
    """

    name: str
    sign: str
    where: str
    unit: Unit
    section: re.Pattern[str] | None
    anywhere: bool
    beside: re.Pattern[str] | None
    without: re.Pattern[str] | None
    column: re.Pattern[str] | None
    labels: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=1)
def vocabulary() -> Mapping[str, tuple[Name, ...]]:
    """Every name with the ways in which it is printed, the likeliest first."""
    found: dict[str, tuple[Name, ...]] = {}
    for line in VOCABULARY.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            parts = re.split(r"(?<=\s)\|(?=\s)", line, maxsplit=5)
            name, sign, where, unit, near, labels = (part.strip() for part in parts)
            beside = re.compile(near[1:]) if near.startswith("+") else None
            without = re.compile(near[1:]) if near.startswith("!") else None
            over = re.compile(unit[2:], re.I) if len(unit) > 1 else None
            by_section = near and not near.startswith(("+", "!"))
            section = re.compile("|".join(near.lstrip("~").split(", ")), re.I) if by_section else None
            rows = tuple(re.compile(one) for one in labels.split(";") if one)
            found[name] = (
                *found.get(name, ()),
                Name(
                    name,
                    sign,
                    where,
                    UNITS[unit[0]],
                    section,
                    near.startswith("~"),
                    beside,
                    without,
                    over,
                    rows,
                ),
            )
    return found


@lru_cache(maxsize=16_384)
def plain(label: str) -> str:
    """A label without case, marks, notes and what stands in parentheses."""
    text = label.lower().replace("’", "").replace("'", "").replace("&", " and ")
    while (bare := re.sub(r"\([^()]*\)", " ", text)) != text:
        text = bare
    text = _ALLOWANCE.sub(" net", text)
    text = re.sub(r"^(?:less|plus|add)\b:?", "", text.strip())
    text = " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())
    return _MARK.sub("", _NOTE.sub("", text).strip()).strip()


def named(asked: str) -> tuple[Name, ...]:
    """What a question's words name: the taxonomy's own name, or a label that rows bear."""
    words, known = plain(asked), vocabulary()
    if asked.lower() in known:
        return known[asked.lower()]
    if words in known:
        return known[words]
    for names in known.values():
        first = names[0]
        exact = [label for label in first.labels if "[" not in label.pattern]
        if first.section is None and any(label.fullmatch(words) for label in exact):
            return names
    return ()


@lru_cache(maxsize=4_096)
def statement(title: str) -> str:
    """Which statement a table's title names; N: none, it stands in a note or a discussion."""
    for kind, pattern in _STATEMENTS:
        if pattern.search(title):
            return kind
    return "N"


def way(sign: str, label: str) -> int:
    """1: printed the way round that is asked; -1: the other way; 0: the label does not say."""
    text = label.lower()
    bracketed = " ".join(re.findall(r"\(([^()]*)\)", text))
    bare = re.sub(r"\([^()]*\)", " ", text)
    if sign in ("flip", "out"):
        return -1
    if sign == "income":
        return 1 if "income" in bare else -1 if "expense" in bare or "income" in bracketed else 0
    if sign == "expense" and "benefit" in bare and "benefit" not in bracketed:
        return 1 if "expense" in bare or "provision" in bare else -1
    return 1
