"""Which order that is out a message speaks of, and what is wanted of it: each as its very words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agents.offline import words

ORDER: Final = re.compile(r"\bgh-[0-9a-f]{24}\b")
_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_LIMIT: Final = re.compile(
    rf"\blimit\b[^\d$]{{0,60}}(?:to|at|of|=|is)?\s*(\$?{_NUMBER})(?!\s*shares?\b)", re.IGNORECASE
)
_SHARES: Final = re.compile(
    rf"\b({_NUMBER})\s+(?:more\s+)?shares\b|\b(?:to|with|into)\s+({_NUMBER})\b(?!\s*%)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class LiveWords:
    """`named`: the order's id, its symbol or its account."""

    named: str
    limit: str | None
    shares: str | None


def live(text: str) -> LiveWords | None:
    """None where the text names no order."""
    found = ORDER.search(text)
    named = found[0] if found else next(iter(words.tickers(text)), None)
    if named is None:
        account = words.ACCOUNT.search(text)
        named = account[0] if account else None
    if named is None:
        return None
    limit = _LIMIT.search(text)
    rest = text if limit is None else text[: limit.start(1)] + text[limit.end(1) :]
    shares = _SHARES.search(ORDER.sub(" ", rest))
    return LiveWords(named, limit[1] if limit else None, (shares[1] or shares[2]) if shares else None)
