"""Whether the advisor's own words say how a plan is meant: dollars, a budget, lots, taxes, what is planned.

Rule 1: as in `core.orders.provenance`: a span proves a field only where its characters say exactly its value.
Rule 2: what is planned is proven as well: a name that she mentions is no harvest.
Rule 3: "all that are out of tolerance" names every such household of her book; whether one is, the plan says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from core.errors import BadInput
from core.money import exact
from core.orders.events import Request
from core.orders.planning import LotMethod

_REST: Final = r"\b[^.;!?]*"
_MONEY: Final = rf"(?:cash|\$|dollars|\d[\d,.]*\s?(?:k|thousand|million)\b){_REST[2:]}"


def _rule(*either: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in either), re.IGNORECASE)


KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    "raise_cash": _rule(
        rf"(?:raise|free up|generate|produce|come up with|make available|needs?|wants?"
        rf"|get (?:me|us|her|him|them)|sell enough|take out){_REST}{_MONEY}"
    ),
    "invest_cash": _rule(
        rf"(?:invest|deploy|put){_REST}{_MONEY}", r"(?:get|have|put) (?:it|that|this) (?:all )?invested"
    ),
    "harvest": _rule(
        r"(?:tax[- ]loss )?harvest(?!able)\w*",
        r"(?:take|reali[sz]e|book) (?:some |the |tax |any )*loss(?:es)?",
    ),
    "exit": _rule(
        r"exit(?:ing)?",
        r"unwind",
        r"(?:get|work|diversify) (?:(?!into)[^.;!?]){0,40}?out of",
        r"wind down",
        r"sell down",
        r"reduce",
    ),
    "locate": _rule(
        r"asset location",
        r"re-?locate",
        r"better plac(?:e|es|ed|ing)",
        r"place assets",
        r"(?:in|into|to) the right accounts?",
        r"(?:put|move|hold) [^.;!?]{0,24}(?:income|bonds?|interest)\b[^.;!?]*(?:ira|roth|tax|deferred)\w*",
    ),
}
TAX_AWARE: Final = _rule(
    r"tax[- ]?(?:aware|efficient(?:ly)?|sensitive|smart)",
    r"(?:mind|minding|minimi[sz]e|minimi[sz]ing|weigh|weighing) (?:the |its |their )?tax(?:es)?",
    r"(?:low|least|lowest|little) tax(?:es)?",
    r"with tax(?:es)? in mind",
)
METHODS: Final[Mapping[LotMethod, re.Pattern[str]]] = {
    LotMethod.FIRST_IN: _rule(
        "fifo", r"first[- ]in,? first[- ]out", r"oldest(?: lots?| shares?)?(?: first)?"
    ),
    LotMethod.HIGHEST_COST: _rule(
        "hifo", r"highest[- ]cost(?: lots?)?(?: first)?", r"highest[- ]in,? first[- ]out"
    ),
    LotMethod.LEAST_TAX: _rule(
        r"(?:minimum|min|minimi[sz]e|least|lowest|low)[- ]tax(?:es)?(?: lots?)?(?: first)?",
        r"tax[- ]efficient lots?",
    ),
}
EVERYBODY: Final = _rule(
    r"(?:all|every|everyone|everybody|each|any|whoever)\b[\w\s'’]*"
    r"\b(?:out(?:side)? (?:of )?(?:tolerance|balance|line|band)|off (?:its|their) (?:model|target)s?)"
)
ON_MODEL: Final = re.compile(
    r"(?:all|every|everyone|everybody|each)\b[\w\s'’]*?\b(?:on|in|follow\w*) (?:the |our )?"
    r"(?!its|their|the\b|our\b)(?P<name>\w[\w ]*?) model(?: portfolio)?",
    re.IGNORECASE,
)
_DOLLARS: Final = re.compile(
    r"\$?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(k|thousand|mm?|million)?\s*(?:dollars|usd)?",
    re.IGNORECASE,
)
_COUNTS: Final[Mapping[str, int]] = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "sixty": 60,
    "ninety": 90,
}
_COUNT: Final = "|".join([r"\d{1,3}", *_COUNTS])
OVER: Final = re.compile(
    rf"(?:over|across|during|for)\s+(?:the\s+(?:next|coming)\s+)?(?:(?P<half>half an hour)"
    rf"|(?P<count>{_COUNT})\s+(?P<unit>hours?|minutes?|mins?)|(?P<one>hour))",
    re.IGNORECASE,
)
PARTS: Final = re.compile(
    rf"(?P<count>{_COUNT})\s+(?:equal\s+|even\s+)?(?:parts|pieces|slices|clips|children|tranches)",
    re.IGNORECASE,
)
_TIMES: Final = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "mm": 1_000_000, "million": 1_000_000}

Said = Mapping[str, Sequence[str]]


def planning_fields(request: Request, said: Said) -> Iterator[tuple[str, bool]]:
    """Each field of the request's planning with whether it is proven."""
    if request.kind in KINDS:
        yield "kind", any(KINDS[request.kind].fullmatch(words.strip()) for words in said.get("kind", ()))
        if request.symbol is not None:
            yield "symbol", any(w.strip().upper() == request.symbol for w in said.get("symbol", ()))
    how = request.planning
    if how is None:
        return
    for field, value in (("dollars", how.dollars), ("gains_budget", how.gains_budget)):
        if value is not None:
            yield field, any(dollars_said(words) == value for words in said.get(field, ()))
    if how.weigh_tax:
        yield "weigh_tax", any(TAX_AWARE.fullmatch(words.strip()) for words in said.get("weigh_tax", ()))
    if how.lot_method is not None:
        pattern = METHODS[how.lot_method]
        yield "lot_method", any(pattern.fullmatch(words.strip()) for words in said.get("lot_method", ()))
    if how.minutes is not None:
        yield "minutes", any(minutes_said(words) == how.minutes for words in said.get("minutes", ()))
    if how.parts is not None:
        yield "parts", any(parts_said(words) == how.parts for words in said.get("parts", ()))
    for lot in how.lots:
        yield "lots", any(words.strip() == lot for words in said.get("lots", ()))
    if how.replacement is not None:
        yield "replacement", any(w.strip().upper() == how.replacement for w in said.get("replacement", ()))


def dollars_said(words: str) -> Decimal | None:
    """`$50,000`, `50k` or `1.2 million` as dollars. None where the words are not exactly one amount."""
    found = _DOLLARS.fullmatch(words.strip())
    if found is None:
        return None
    try:
        number = exact(found[1].replace(",", ""), field="dollars")
    except BadInput:
        return None
    return number * _TIMES[found[2].lower()] if found[2] else number


def method_said(words: str) -> LotMethod | None:
    """The method that these words name."""
    return next((method for method, p in METHODS.items() if p.fullmatch(words.strip())), None)


def minutes_said(words: str) -> int | None:
    """`over two hours` as minutes."""
    found = OVER.fullmatch(words.strip())
    if found is None:
        return None
    if found["count"] is None:
        return 30 if found["half"] else 60
    return _counted(found["count"]) * (60 if found["unit"].lower().startswith("hour") else 1)


def parts_said(words: str) -> int | None:
    """`12 parts` as their number."""
    found = PARTS.fullmatch(words.strip())
    return None if found is None else _counted(found["count"])


def _counted(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word.lower()]


def model_said(words: str) -> str | None:
    """The model portfolio of which these words name every account, in lower case."""
    found = ON_MODEL.fullmatch(" ".join(words.split()))
    return found["name"].casefold() if found else None


def everybody_said(words: str) -> bool:
    """All that are out of tolerance."""
    return EVERYBODY.fullmatch(" ".join(words.split())) is not None
