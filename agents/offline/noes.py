"""What cannot be had here, family by family, and what can in its place.

Rule 1: each no says why in one sentence and what the advisor can have instead, where there is anything.
Rule 2: a question of what the library says about such a thing is a question, and is asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agents.offline import patterns as p

NO: Final = "That is not something I can do"
_TRADED: Final = "only listed US shares and ETFs are traded here, long only, with the account's own cash"
SAYS: Final[Mapping[str, str]] = {
    "options": f"{NO}: {_TRADED}. No options.",
    "margin": f"{NO}: {_TRADED}. No margin, futures or crypto.",
    "shorts": f"{NO}: {_TRADED}. No short sales.",
    "money": (
        f"{NO}: I move no money; transfers and wires are for the custodian and operations. I can draft the "
        'sales that raise the cash, as in "raise $40,000 in acc-1003".'
    ),
    "letters": (
        f"{NO} as you say it: I write to clients only in drafts that are held for review. Name the household "
        'and what it is about, as in "draft an email to the Delgado household about the rebalance".'
    ),
    "promises": f"{NO}: no return is promised to anybody, and no draft to a client may promise one.",
    "others": f"{NO}: I know your own book and nobody else's.",
    "forecasts": (
        f"{NO}: I predict no prices and no values. I can show what is held, what falls of the past would do "
        "to it, and what our library says."
    ),
    "later": (
        f"{NO} yet: factor exposure, attribution, technical figures and scans are not there. I can show "
        "exposure by sector, value at risk, falls of the past, and performance."
    ),
    "past": (
        f"{NO} here: I speak of the book as it stands. What an account was on another day its page shows, "
        'and "gatehouse audit show --account acc-1003 --as-of DAY" at the command line.'
    ),
    "elsewhere": f"{NO}.",
}
_OF_THE_LIBRARY: Final = frozenset({"options", "margin", "shorts", "forecasts", "later"})


def no(text: str) -> str | None:
    """What is said to it. None: it is nothing of these."""
    for family, pattern in p.UNSUPPORTED.items():
        if pattern.search(text) and not (family in _OF_THE_LIBRARY and _asks_the_library(text)):
            return SAYS[family]
    return None


def promised(text: str) -> bool:
    """It asks for a promise of performance."""
    return p.UNSUPPORTED["promises"].search(text) is not None


def _asks_the_library(text: str) -> bool:
    return bool(p.LIBRARY.search(text) and not re.match(p.POLITE + r"(?:buy|sell|short|trade)\b", text, re.I))
