"""Tables and figures as the offline model writes them.

Rule 1: a figure is written as it stands in the answer; only its form changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

Answer = dict[str, Any]
MOST_ROWS: Final = 40


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; longer ones are cut and say so."""
    lines = [head, ["---"] * len(head), *rows[:MOST_ROWS]]
    text = "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines)
    return text + (f"\n(and {len(rows) - MOST_ROWS} more rows)" if len(rows) > MOST_ROWS else "")


def dollars(text: str) -> str:
    amount = Decimal(text)
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def shares(text: str) -> str:
    return f"{Decimal(text).normalize():,f}"


def points(text: str | None, *, signed: bool = True) -> str:
    if text is None:
        return "no model"
    if not Decimal(text):
        return "0.00 points"
    return f"{Decimal(text):{'+' if signed else ''}.2f} points"


def many(count: int, what: str) -> str:
    """`1 account`, `2 accounts`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
