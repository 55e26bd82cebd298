"""What the lines of a balance sheet on stock say in their labels: par value, shares authorized, issued, held.

    Common stock, $0.001 par value; 1,600 shares authorized, 1,056 and 1,035 shares issued<tab>$<tab>1<tab>1

Rule 1: two counts are of the columns in their order; one is of both where it is authorized or a par value,
    and of none else.
Rule 2: counts are in units where each runs to at least a million; else in what the head says of shares, or of
    everything where it excepts none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.library.periods import Period
from core.library.tables import Row

_NUMBER: Final = r"\d[\d,]*(?:\.\d+)?"
_PAR: Final = re.compile(
    rf"\$\s?({_NUMBER})\s+(?:stated )?par value|par value(?: of)?,?\s+\$\s?({_NUMBER})", re.I
)
_AND: Final = rf"({_NUMBER})(?:\s+(?:shares )?and\s+({_NUMBER}))?"
_COUNTS: Final = (
    (
        "shares authorized",
        re.compile(rf"(?:{_AND}\s+shares? authorized|authorized:?\s+{_AND}\s+shares)", re.I),
    ),
    (
        "shares issued",
        re.compile(rf"(?:{_AND}\s+shares? issued|\bissued:?\s+{_AND}\s+shares)", re.I),
    ),
    ("shares outstanding", re.compile(rf"(?:{_AND}\s+(?:shares? )?(?:issued and )?outstanding)", re.I)),
    ("shares held", re.compile(rf"treasury[^\d$]{{0,60}}?{_AND}\s+shares", re.I)),
)
_KIND: Final = re.compile(r"(?:class [a-z] |class [a-z],? )?\b(common|preferred|treasury)\b", re.I)
WHOLE: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class InLabel:
    """One figure of a label: what it is, as printed, and the column that it is of."""

    name: str
    value: Decimal
    digits: str
    each: bool  # dollars a share; else a count of shares
    whole: bool
    period: Period
    start: int
    end: int


def in_label(row: Row, text: str) -> Iterator[InLabel]:
    """The figures that the row's label holds."""
    kind = _KIND.search(row.label)
    told = [one.period for one in row.figures if one.period]
    if not kind or not told or "class" in row.label.lower():
        return
    at = text.find(row.label, row.start)
    stock = "treasury" if "treasury" in row.label.lower() else kind[1].lower()
    if par := _PAR.search(row.label):
        group = 1 if par[1] else 2
        for period in told:
            yield _one(f"{stock} stock par value", par, group, period, at, each=True)
    for name, pattern in _COUNTS:
        found = pattern.search(row.label)
        if not found or (stock == "treasury") != (name == "shares held"):
            continue
        groups = [n for n in range(1, (pattern.groups) + 1) if found[n]]
        if len(groups) == 1 and name == "shares authorized":
            groups = groups * len(told)
        if len(groups) == len(told):
            for group, period in zip(groups, told, strict=True):
                yield _one(f"{stock} stock {name}", found, group, period, at, each=False)


def _one(name: str, found: re.Match[str], group: int, period: Period, at: int, *, each: bool) -> InLabel:
    value = Decimal(found[group].replace(",", ""))
    whole = each or value >= WHOLE
    return InLabel(
        name, value, found[group], each, whole, period, at + found.start(group), at + found.end(group)
    )
