"""Requests for plans, and the very words that say what they hold.

Rule 1: every answer here is a piece of the text, letter by letter, so that a draft can prove it.
Rule 2: what is asked for is read by the same patterns that the assessment proves it with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from core.orders.planning_said import EVERYBODY, KINDS, METHODS, TAX_AWARE

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
_TICKER: Final = re.compile(r"\b[A-Z]{1,5}(?:\.[A-Z])?\b")
_NO_TICKER: Final = frozenset(
    {"I", "A", "IRA", "FIFO", "HIFO", "USD", "ETF", "IPS", "RMD", "OK", "US", "K", "M", "MM"}
)
_STANDS_IN: Final = re.compile(
    r"\b(?:replac\w+ (?:it |them )?(?:with|by)|into|swap(?:ping)? (?:it )?(?:into|for))\s+", re.I
)
_CHANGE: Final = re.compile(
    r"\b(sell|sold|selling|buy|bought|buying)\s+(\d[\d,]*(?:\.\d+)?)\s+(?:shares?\s+(?:of\s+)?)?([A-Za-z.]{1,6})\b",
    re.I,
)
_SIDE: Final = {
    "sell": "sell",
    "sold": "sell",
    "selling": "sell",
    "buy": "buy",
    "bought": "buy",
    "buying": "buy",
}


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
    tickers = [word for word in _TICKER.findall(text) if word not in _NO_TICKER]
    swap = _STANDS_IN.search(text)
    other = _TICKER.match(text, swap.end()) if swap and kind == "harvest" else None
    own = [word for word in tickers if other is None or word != other[0]]
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


def everybody(text: str) -> str | None:
    """All that are out of tolerance."""
    found = EVERYBODY.search(text)
    return found[0] if found else None


def change(text: str) -> Change | None:
    """The order of a what-if."""
    found = _CHANGE.search(text)
    return Change(_SIDE[found[1].lower()], found[2], found[3]) if found else None
