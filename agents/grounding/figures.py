"""The figures of a text: value, scale, unit, sign and what they are said to do.

Rule 1: a figure keeps how precisely it was written: "$1.2 million" is one within half of a hundred thousand.
Rule 2: an ordinal, a mark, a name with digits in it (S&P 500, 10-K, Q3) is no figure.
Rule 3: exact decimals; nothing is guessed about a unit that is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

HALF: Final = Decimal("0.5")
LONGEST: Final = 30  # digits; what is longer is no figure that anybody reads
SCALES: Final = {
    "hundred": 2,
    **dict.fromkeys(("k", "thousand", "thousands", "000", "000s"), 3),
    **dict.fromkeys(("m", "mm", "mn", "mln", "million", "millions"), 6),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 9),
    **dict.fromkeys(("t", "tn", "trillion", "trillions"), 12),
}


class Unit(StrEnum):
    """What a figure is said to be of. NONE: not said."""

    NONE = "none"
    MONEY = "money"
    PERCENT = "percent"  # points of a percentage too
    BASIS_POINTS = "basis points"
    SHARES = "shares"


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` with its scale and sign; `within` is half of the last place that was written.

    `way` is 1 or -1 where words say that it rose or fell by it, and 0 where none does. `bracketed`:
    accounting brackets around it, which mean less than a minus sign does.
    """

    start: int
    end: int
    value: Decimal
    within: Decimal
    unit: Unit
    scaled: bool
    way: int
    bracketed: bool = False
    about: bool = False


_NAMED: Final = re.compile(
    r"\b(?:S&P|Russell|Nasdaq|NASDAQ|FTSE|Fortune|Nikkei|Dow Jones|DAX|CAC|MSCI|STOXX|Forms?|Rules?|Sections?"
    r"|Items?|Notes?|Parts?|Articles?|Steps?|Schedules?|Exhibits?|Levels?|Chapters?|Pages?|Publication|IRC"
    r"|Reg(?:ulation)?\.?|Topics?|ASC|ASU|IFRS|IAS|Basel|U\.S\.C\.|CFR|§+)\s*\d[\w.()\-]*",
)
_ID: Final = re.compile(
    r"(?<!\w)(?!(?:USD|EUR|GBP|RMB|CAD)\d)[A-Za-z][A-Za-z&]*-?\d[\w-]*"
    r"|(?<![\w.,$])\d{1,4}(?:-[KQFU]\b|\([A-Za-z]\))"
)
_HYPHENED: Final = re.compile(r"(?<=\d)-(?=[A-Za-z])")
_ORDINAL: Final = re.compile(r"(?m)^\s*(?:\(?\d{1,2}[.)]|\d{1,2}:)\s+|\b\d{1,3}(?:st|nd|rd|th)\b|\[\d{1,3}\]")
_SCALE: Final = r"hundred|thousands?|millions?|billions?|trillions?|mln|mn|mm|bn|tn"
_UNIT: Final = r"%|per\s?cent\b|percentage\s+points?\b|points?\b|pp\b|pts?\b|bps?\b|basis\s+points?\b"
_NUMBER: Final = re.compile(
    r"(?P<open>\(\s?)?(?:(?<![\w.,)])(?P<sign>[-−–+])\s?)?"
    r"(?P<money>(?:US|C|A|HK|NT|R)?[$€£¥]|\b(?:USD|EUR|GBP|RMB|CAD|Rs\.?)\s)?\s?(?P<inner>[-−(])?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?<!\w)\.\d+)"
    rf"(?:\s?(?P<scale>(?:{_SCALE}|[KkMBb])\b))?"
    rf"(?:\s?(?P<unit>{_UNIT}))?(?P<close>\s?\))?(?:(?<=\))\s?(?P<later>(?:{_SCALE})\b|%))?"
    r"(?:\s?(?P<after>(?:US\s)?dollars?\b|USD\b|euros?\b|shares?\b|cents?\b))?",
    re.IGNORECASE,
)
_SMALL: Final = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS: Final = {
    word: 10 * (place + 2)
    for place, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    )
}
_WORD: Final = "|".join([*_SMALL, *_TENS])
_SPELT: Final = re.compile(
    rf"\b(?P<words>(?:half\s+an?|an?|(?:{_WORD})(?:[\s-]+(?:{_WORD}|hundred|and(?=\s+(?:{_WORD}))))*))\s+"
    rf"(?P<scale>(?:(?:{_SCALE})\b\s*)*)(?P<unit>(?!point\b)(?:{_UNIT})|dollars?\b|shares?\b|cents?\b)?",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"(?:\b(?:about|around|approximately|approx\.?|roughly|nearly|almost|some|over|under|more than|less than"
    r"|at least|at most|up to|close to|just (?:over|under))|~|≈)\s*$",
    re.IGNORECASE,
)
_DOWN: Final = re.compile(
    r"\b(?:decreas\w*|declin\w*|f[ae]ll(?:s|en|ing)?|drop\w*|lower(?:ed)?|loss(?:es)?|lost|los(?:e"
    r"|es|ing)|down"
    r"|reduc\w*|negative|shrank|shrunk|contract(?:ed|ion)|deficit|underweight|below|cut|less|minus"
    r"|slipp?ed|sank"
    r"|shortfall|worse)\b",
    re.IGNORECASE,
)
_UP: Final = re.compile(
    r"\b(?:increas\w*|r[oi]s(?:e|es|en|ing)|gr[eo]w(?:s|n|ing|th)?|gain(?:s|ed)?|up|higher|rais\w*|profits?"
    r"|positive|expand\w*|overweight|above|climb\w*|jump\w*|surg\w*|improv\w*|more|earn(?:ed|s)?)\b",
    re.IGNORECASE,
)
_LEVEL: Final = re.compile(
    r"\b(?:to|at|from|is|was|were|are|of which|stands?|totall?ed)\s+(?:\w+\s+)?$", re.I
)
_CLAUSE: Final = re.compile(r"[.;:|\n]|,\s|\b(?:and|but|while|whereas|to|from)\b", re.IGNORECASE)
_NEAR: Final = 70  # characters before a figure that may say which way it goes


def identifiers(text: str) -> Iterator[re.Match[str]]:
    """Words of letters and digits: accounts, proposals, forms."""
    for pattern in (_NAMED, _ORDINAL):
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    yield from _ID.finditer(text)


def blanked(text: str) -> str:
    """The same length, with names that hold digits, marks and ordinals out of the way."""
    for pattern in (_NAMED, _ORDINAL, _ID):
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    return _HYPHENED.sub(" ", text)


def figures(text: str) -> Iterator[Figure]:
    """Each figure, in order. The text should have no dates in it any more."""
    looked_at = blanked(text)
    for found in _NUMBER.finditer(looked_at):
        if len(found["digits"]) <= LONGEST:
            yield _figure(looked_at, found)
    yield from _spelt(looked_at)


def _figure(text: str, found: re.Match[str]) -> Figure:
    digits = found["digits"].replace(",", "")
    later = (found["later"] or "").casefold()
    power = SCALES.get((found["scale"] or later).casefold(), 0)
    value = Decimal(digits).scaleb(power)
    places = len(digits.partition(".")[2])
    within = HALF.scaleb(power - places)
    about = bool(_ABOUT.search(text[: found.start("digits")].rstrip(" $€£¥")[-20:] + " "))
    if about and not places:
        within = max(within, HALF.scaleb(power + len(digits) - len(digits.rstrip("0"))))
    both = bool((found["open"] or found["inner"] == "(") and found["close"])
    minus = ((found["sign"] or "") in "-−–" and bool(found["sign"])) or (found["inner"] or "") in ("-", "−")
    start = found.start("money") if found["money"] else found.start("digits")
    if minus:
        start = min(start, found.start("sign") if found["sign"] else found.start("inner"))
    unit = _unit(
        found["unit"] or later.strip("abcdefghijklmnopqrstuvwxyz"), found["money"] or "", found["after"] or ""
    )
    end = max(found.end(part) for part in ("digits", "scale", "unit", "later", "after"))
    way = 1 if found["sign"] == "+" else _way(text, start)
    return Figure(
        start, end, -value if minus else value, within, unit, bool(power), way, both and not minus, about
    )


def _unit(unit: str, money: str, after: str) -> Unit:
    said = unit.casefold()
    if said.startswith(("bp", "basis")):
        return Unit.BASIS_POINTS
    if said:
        return Unit.PERCENT
    if after.casefold().startswith("share"):
        return Unit.SHARES
    return Unit.MONEY if money or (after and not after.casefold().startswith("cent")) else Unit.NONE


def _way(text: str, start: int) -> int:
    """Which way the words before a figure say that it goes. A level ("fell to 5") goes nowhere."""
    before = text[max(0, start - _NEAR) : start]
    if _LEVEL.search(before):
        return 0
    clause = before[max((m.end() for m in _CLAUSE.finditer(before)), default=0) :]
    down = max((m.start() for m in _DOWN.finditer(clause)), default=-1)
    up = max((m.start() for m in _UP.finditer(clause)), default=-1)
    return 0 if down == up else 1 if up > down else -1


def _spelt(text: str) -> Iterator[Figure]:
    """Numbers in words, where they count something: those over twelve, and those with a scale or a unit."""
    for found in _SPELT.finditer(text):
        words = found["words"].casefold().replace("-", " ").split()
        scales = found["scale"].casefold().split()
        unit = _unit_in_words((found["unit"] or "").casefold())
        article = words[0] in ("a", "an", "half")
        if article and not scales:
            continue
        value = HALF if words[0] == "half" else Decimal(1) if article else Decimal(_counted(words))
        if not scales and unit is Unit.NONE and value <= 12:
            continue
        power = sum(SCALES[scale] for scale in scales)
        end = found.start() + len(found[0].rstrip())
        way = _way(text, found.start())
        yield Figure(found.start(), end, value.scaleb(power), Decimal(0), unit, bool(power), way)


def _unit_in_words(said: str) -> Unit:
    if said.startswith("share"):
        return Unit.SHARES
    if said.startswith("dollar"):
        return Unit.MONEY
    return _unit("" if said.startswith("cent") else said, "", "")


def _counted(words: list[str]) -> int:
    """`five hundred and twenty three`."""
    whole = 0
    for word in words:
        if word == "hundred":
            whole = max(whole, 1) * 100
        elif word != "and":
            whole += _SMALL.get(word, 0) + _TENS.get(word, 0)
    return whole
