"""Sentences of passages that answer a question: chosen, never written.

Rule 1: a sentence is quoted as it stands or left out.
Rule 2: a sentence that gives orders to software is never quoted as an answer; that there is one is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agents.offline.wordlists import WORDLISTS

MOST: Final = 4
UNSEEN: Final = 0.4  # what a word of the question counts that no passage has: it may be a synonym
YEAR: Final = 0.25  # a year says when, rarely what
ENOUGH: Final = 0.30  # share of the question's telling words that a sentence must carry, rarest counted most
LEANS: Final = 0.5  # a sentence that leans on the one before it says little alone
_LEANS: Final = re.compile(
    r"(?:That|This|These|Those|They|It|Both|He|She|Such|The (?:second|third|other)s?)\b"
)
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9.\-]*[a-z0-9]|[a-z0-9]")
_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“(])")
_COMMON: Final = WORDLISTS["common"]
_ORDERS: Final = re.compile(
    r"\b(?:ignore|disregard|override|bypass)\b.{0,60}\b(?:rules?|instructions?|limits?|prompts?|checks?)\b"
    r"|\b(?:approve|submit|release) (?:it|this|the (?:proposal|trade|order))\b"
    r"|\b(?:sell|buy|liquidate) (?:everything|all)\b"
    r"|\b(?:AI|assistant|model|copilot|agent)\b.{0,20}\b(?:must|should|shall)\b",
    re.IGNORECASE | re.DOTALL,
)


def instructs(text: str) -> bool:
    """The passage talks to software rather than to a reader."""
    return bool(_ORDERS.search(text))


def extract(question: str, passages: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """The few sentences that carry most of the question's telling words, best first. Empty: none does."""
    wanted = _stems(question)
    split = [(s, p) for p in passages for s in _sentences(p["text"])]
    counts = {stem: sum(stem in _stems(s) for s, _ in split) for stem in wanted}
    weight = {stem: 1 / count**0.5 if count else UNSEEN for stem, count in counts.items()}
    weight = {stem: w * (YEAR if stem.isdigit() else 1) for stem, w in weight.items()}
    whole = sum(weight.values())
    scored = []
    for place, (sentence, passage) in enumerate(split):
        stems = _stems(sentence)
        carried = sum(weight[stem] for stem in wanted & stems)
        titled = sum(weight[stem] for stem in wanted & _stems(passage["title"]) - stems) / 2
        score = (carried + titled) / whole if whole else 0.0
        score *= LEANS if _LEANS.match(sentence) else 1
        if carried and score >= ENOUGH and not instructs(sentence):
            scored.append((-score, place, sentence, passage))
    return [(sentence, passage) for _, _, sentence, passage in sorted(scored, key=lambda s: s[:2])[:MOST]]


def _sentences(text: str) -> list[str]:
    """Whole sentences; lines that were only wrapped are joined, headings left out."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.)\s)", text):
        if not paragraph.lstrip().startswith(("#", "---", "|")):
            found.extend(part.strip(" -*>") for part in _END.split(" ".join(paragraph.split())))
    return [part for part in found if len(part.split()) >= 4 and part[-1:] in ".!?%)"]


def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON)


def _stem(word: str) -> str:
    for ending in (
        "ilities",
        "ility",
        "ations",
        "ation",
        "ile",
        "ings",
        "ing",
        "ied",
        "ies",
        "ed",
        "es",
        "s",
        "ly",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
