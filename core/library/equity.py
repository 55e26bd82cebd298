"""What a statement of equity says in its last column: the whole, from one balance to the next.

    Balance at December 31, 2023<tab>100<tab>...<tab>5,000
    Net income<tab>—<tab>...<tab>700
    Balance at December 31, 2024<tab>100<tab>...<tab>5,700

Rule 1: heads of equity statements run over lines and are not read. The last column is the whole where the
    head names a total last, and every row has as many figures as every other: cells that were lost show.
Rule 2: it is proven by its own sum: a balance and the rows after it are the next balance, exactly. Rows that
    do not sum are not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.library.columns import day
from core.library.figures import Told, scaled
from core.library.periods import Period
from core.library.tables import Row, rows

_STATEMENT: Final = re.compile(r"\bequity\b|\bdeficit\b", re.IGNORECASE)
_BALANCE: Final = re.compile(r"\s*balances?\b", re.IGNORECASE)
_TOTAL_LAST: Final = re.compile(
    r"\btotal(?:[\s/’'()]|(?:stock|share)(?:holders|owners)\b"
    r"|equity\b|deficit\b|shares\b|amounts?\b|par value\b)*\Z",
    re.IGNORECASE,
)
LEAST_COLUMNS: Final = 4
MOST_MONTHS: Final = 12


@lru_cache(maxsize=8_192)
def wholes(text: str) -> tuple[Told, ...]:
    """Each row's figure of the last column, with the span that it is of; of balances, with their day."""
    return tuple(_wholes(text))


def _wholes(text: str) -> Iterator[Told]:
    run: list[Row] = []
    for row in rows(text):
        if _STATEMENT.search(row.title) and len(row.figures) >= LEAST_COLUMNS:
            balance = _opens(row)
            if balance and run:
                yield from _proven([*run, row], text)
            run = [row] if balance else [*run, row] if run else []
        else:
            run = []


def _opens(row: Row) -> Period | None:
    return day(row.label) if _BALANCE.match(row.label) else None


def _proven(run: Sequence[Row], text: str) -> Iterator[Told]:
    """The rows of one span, where they sum."""
    first, last = _opens(run[0]), _opens(run[-1])
    values = [row.figures[-1].value or Decimal(0) for row in run]
    if not first or not last or not first.ends or not last.ends:
        return
    if len({len(row.figures) for row in run}) != 1 or not all(_TOTAL_LAST.search(row.title) for row in run):
        return
    months = round((last.ends - first.ends).days * 12 / 365)
    if not 1 <= months <= MOST_MONTHS or len(run) < LEAST_COLUMNS or sum(values[:-1]) != values[-1]:
        return
    for row in run:
        period = _opens(row) or replace(last, months=months)
        scale, figure = scaled(row), row.figures[-1]
        if scale and figure.value is not None:
            digits = text[figure.start : figure.end]
            yield Told(row, figure.value, digits, scale, "dollars", period, figure.start, figure.end, "")
