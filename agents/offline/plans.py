"""Requests for plans, and the very words that say what they hold.

Rule 1: every answer here is a piece of the text, letter by letter, so that a draft can prove it.
Rule 2: what is asked for is read by the same patterns that the assessment proves it with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agents.offline.words import TICKER, tickers
from core.orders.planning_said import EVERYBODY, KINDS, METHODS, ON_MODEL, OVER, PARTS, TAX_AWARE

_AMOUNT: Final = (
    r"\$\s?\d[\d,]*(?:\.\d+)?(?:\s?(?:k|mm?|thousand|million)\b)?"
    r"|\b\d[\d,]*(?:\.\d+)?\s?(?:k|thousand|million|dollars)\b"
)
_BUDGET: Final = re.compile(
    r"(?:within|budget of|no more than|at most|up to|under|below|maximum of)\s+(?:a\s+)?(?:gains?\s+)?"
    rf"(?:budget of\s+)?({_AMOUNT})",
    re.IGNORECASE,
)
_GAINS: Final = re.compile(r"\bgains?\b", re.IGNORECASE)
_MONEY: Final = re.compile(_AMOUNT, re.IGNORECASE)
_STANDS_IN: Final = re.compile(
    r"\b(?:replac\w+ (?:it |them )?(?:with|by)|into|swap(?:ping)? (?:it )?(?:into|for)|use)\s+", re.I
)
_CHANGE: Final = re.compile(
    r"\b(sell|sold|selling|trim|trimmed|trimming|unload|unloaded|unloading|buy|bought|buying|add|added|adding)\s+(\d[\d,]*(?:\.\d+)?)\s+(?:shares?\s+(?:of\s+)?)?([A-Za-z.]{1,6})\b",
    re.I,
)
_BEGUN: Final = re.compile(
    r"\W*(?:please |can you |let's |we (?:want|need) to )*(?:raise|free up|generate|invest|deploy|exit|unwind"
    r"|harvest|(?:get|work|diversify)\b.{0,40}\bout of\b|wind down|sell down)",
    re.I,
)
_BUYS: Final = ("buy", "bought", "add")


@dataclass(frozen=True, slots=True)
class PlanWords:
    kind: str
    asked: str
    symbol: str | None
    dollars: str | None
    budget: str | None
    replacement: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A what-if: side, shares and symbol."""

    side: str
    quantity: str
    symbol: str


def plan(text: str) -> PlanWords | None:
    """The plan that is asked for, and its words. None: none is."""
    for kind, pattern in KINDS.items():
        found = re.search(rf"\b(?:{pattern.pattern})", text, re.IGNORECASE)
        if found:
            return _plan(kind, found[0].rstrip(), text)
    return None


def _plan(kind: str, asked: str, text: str) -> PlanWords | None:
    spent = budget(text)
    named = tickers(text)
    swap = _STANDS_IN.search(text)
    other = TICKER.match(text, swap.end()) if swap and kind == "harvest" else None
    own = [word for word in named if other is None or word != other[0]]
    if kind == "exit" and not own:
        return None
    amounts = [found[0].strip() for found in _MONEY.finditer(text) if found[0].strip() != spent]
    if kind == "raise_cash" and not amounts:
        return None
    cash = kind in ("raise_cash", "invest_cash")
    return PlanWords(
        kind=kind,
        asked=asked,
        symbol=own[0] if own and kind in ("exit", "harvest") else None,
        dollars=amounts[0] if amounts and cash else None,
        budget=spent,
        replacement=other[0] if other else None,
    )


def begun(text: str) -> bool:
    """It wants a plan, whether or not all that it needs is said."""
    return _BEGUN.match(text) is not None


def budget(text: str) -> str | None:
    """The most gains that may be realised."""
    found = _BUDGET.search(text)
    return found[1].strip() if found and _GAINS.search(text) else None


def tax_aware(text: str) -> str | None:
    found = TAX_AWARE.search(text)
    return found[0] if found else None


def lots(text: str) -> str | None:
    """The method by which lots are to be chosen."""
    found = (pattern.search(text) for pattern in METHODS.values())
    return next((one[0] for one in found if one), None)


def over(text: str) -> str | None:
    """Over how long an order goes out, where it names parts as well."""
    found = OVER.search(text) if PARTS.search(text) else None
    return found[0] if found else None


def parts(text: str) -> str | None:
    """In how many parts."""
    found = PARTS.search(text)
    return found[0] if found else None


def everybody(text: str) -> str | None:
    """All that are out of tolerance, or on a named model."""
    found = EVERYBODY.search(text) or ON_MODEL.search(text)
    return found[0] if found else None


def change(text: str) -> Change | None:
    """The order of a what-if."""
    found = _CHANGE.search(text)
    if found is None:
        return None
    return Change("buy" if found[1].lower().startswith(_BUYS) else "sell", found[2], found[3])
