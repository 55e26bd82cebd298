"""Reading a single order: side, number, symbol, account and limit, each as its very words.

Rule 1: one order a message, or none is read.
Rule 2: options, shorts and margin are not read as something else: they are not read. `All`, dollars and a
    company's name are read as they stand, and no tool drafts of them: it says what they come to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agents.offline import words

_NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_PART: Final = r"(?:all|half|a third|a quarter)(?:\s+of)?"  # of what is held: asked back in shares
_COMPANY: Final = r"(?-i:[A-Z][a-z][\w.'’-]*(?:\s(?:&\s)?[A-Z][\w.'’-]*)*)"  # asked back by its symbol
_SIDES: Final = "buy|buying|purchase|acquire|pick up|sell|selling|offload|unload|trim|liquidate"
_ORDER: Final = re.compile(
    rf"\b(?P<side>{_SIDES})\s+(?:me\s+)?(?P<quantity>\$?(?:{_NUMBER})|{_PART})\s+"
    r"(?:more\s+)?(?:shares?\s+|shs\s+)?(?:of\s+|in\s+)?(?:the\s+|her\s+|his\s+|their\s+)?"
    rf"(?P<symbol>{_COMPANY}|[A-Za-z]{{1,5}}(?:\.[A-Za-z])?)\b",
    re.IGNORECASE,
)
_LIMIT: Final = re.compile(
    r"(?:\b(?:limit(?:\s+(?:price|order))?(?:\s+(?:of|at))?|at(?:\s+a\s+limit\s+of)?"
    r"|no (?:more|less) than)|@)\s*"
    rf"(?P<limit>\$?(?:{_NUMBER}))(?!\s*%)",
    re.IGNORECASE,
)
_APART: Final = re.compile(  # the side stands elsewhere: "60 shares of WMT, buy"; a symbol is in capitals
    rf"(?<![\w$])(?P<quantity>{_NUMBER})\s+(?:more\s+)?(?:shares?\s+|shs\s+)?(?:of\s+|in\s+)?"
    r"(?P<symbol>[A-Z]{1,5}(?:\.[A-Z])?)\b"
)
_VERBS: Final = re.compile(rf"\b(?:{_SIDES})\b", re.IGNORECASE)
_NOT_SYMBOLS: Final = frozenset(
    {"share", "shares", "of", "in", "call", "put", "calls", "puts", "at", "for", "from"}
)


@dataclass(frozen=True, slots=True)
class OrderWords:
    account: str
    side: str
    quantity: str
    symbol: str
    limit: str | None

    @property
    def counted(self) -> bool:
        """It says how many shares: neither dollars nor a part of what is held."""
        return self.quantity[:1].isdigit()


def order(text: str) -> OrderWords | None:
    """The one order that the text asks for, account included; None where it is not one whole order."""
    sides = _VERBS.findall(text)
    found = _ORDER.search(text) or _APART.search(text)
    if found is None or len(sides) != 1 or found["symbol"].lower() in _NOT_SYMBOLS:
        return None
    rest = text[: found.start()] + " " * (found.end() - found.start()) + text[found.end() :]
    where = words.account(rest)
    if where is None:
        return None
    limit = _LIMIT.search(rest)
    return OrderWords(where, sides[0], found["quantity"], found["symbol"], limit["limit"] if limit else None)


def starts_order(text: str) -> bool:
    """It wants something bought or sold, readable or not."""
    return bool(_VERBS.search(text))
