"""Which tagged values are asked for, and in which words. Fixed before any rule that answers was written.

    What was Apple's gross profit for the year ended September 28, 2024?

Rule 1: words come from the tag's own name, the company and the period alone: the name is split at its
    capitals and put in lower case. No word is chosen for a single value.
Rule 2: drawn is what has one value: a company, tag and period for which the filings tag two different values
    (by segment, or rounded) asks for no one figure, and is left out.
Rule 3: the same seed, the same questions. `REPORTED` is what the bench reports; `HELD_OUT` is asked once at
    the end; who writes rules looks at draws by other seeds, which hold none of these two.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

DRAWN: Final = 300
REPORTED: Final = 20250930
HELD_OUT: Final = 20260331
COMPANIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aapl": "Apple",
        "abbv": "AbbVie",
        "adbe": "Adobe",
        "amzn": "Amazon",
        "ba": "Boeing",
        "crm": "Salesforce",
        "googl": "Alphabet",
        "hd": "Home Depot",
        "hubs": "HubSpot",
        "ibm": "IBM",
        "jnj": "Johnson & Johnson",
        "ko": "Coca-Cola",
        "ma": "Mastercard",
        "meta": "Meta Platforms",
    }
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|\d+")
LENGTHS: Final = (
    (range(80, 101), "for the three months ended {end}"),
    (range(170, 191), "for the six months ended {end}"),
    (range(260, 286), "for the nine months ended {end}"),
    (range(345, 381), "for the year ended {end}"),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One question, and the value that its issuer tagged: in units, not in thousands or millions."""

    question: str
    value: Decimal


def plain_label(concept: str) -> str:
    """`us-gaap:IncomeTaxExpenseBenefit` is "income tax expense benefit"."""
    return " ".join(_WORD.findall(concept.partition(":")[2])).lower()


def plain_period(period: str) -> str:
    """A day is "as of" it; a span is told by its length and its last day."""
    first, _, last = period.partition("/")
    if not last:
        return f"as of {_day(first)}"
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    for length, words in LENGTHS:
        if days in length:
            return words.format(end=_day(last))
    return f"from {_day(first)} to {_day(last)}"


def question(company: str, concept: str, period: str) -> str:
    return f"What was {company}'s {plain_label(concept)} {plain_period(period)}?"


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day:%B} {day.day}, {day.year}"


def population(key: Path) -> dict[str, Decimal]:
    """Every question that has one value, with it."""
    values: dict[str, set[Decimal]] = defaultdict(set)
    with gzip.open(key, "rt", encoding="utf-8") as lines:
        for line in lines:
            tag = json.loads(line)
            company = COMPANIES[tag["doc"].partition("-")[0]]
            value = Decimal(tag["value"]).scaleb(tag["scale"])
            values[question(company, tag["concept"], tag["period"])].add(value)
    return {asked: next(iter(found)) for asked, found in sorted(values.items()) if len(found) == 1}


def draw(key: Path, *, seed: int, count: int = DRAWN) -> tuple[Drawn, ...]:
    """`count` questions, each as likely as any other. By other seeds: none that the two fixed draws hold."""
    answers = population(key)
    fixed = {asked for each in (REPORTED, HELD_OUT) for asked in _sample(list(answers), each)}
    open_to_all = list(answers) if seed in (REPORTED, HELD_OUT) else [q for q in answers if q not in fixed]
    return tuple(Drawn(asked, answers[asked]) for asked in _sample(open_to_all, seed, count))


def _sample(questions: list[str], seed: int, count: int = DRAWN) -> list[str]:
    return Random(seed).sample(questions, count)  # noqa: S311 - a draw to be repeated, not a secret
