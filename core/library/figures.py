"""What a figure of a table means: its unit, and what it counts (millions, thousands, one, a hundredth).

Rule 1: what the head does not say surely has no scale, and a figure without one is no answer.
Rule 2: an exception in the head ("except per share", "shares in thousands") goes before what it excepts from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from core.library.capital import in_label
from core.library.periods import Period
from core.library.tables import Figure, Row, rows

Unit = Literal["dollars", "dollars a share", "shares", "percent"]
SCALES: Final = {"thousand": 3, "million": 6, "billion": 9}
_SCALE: Final = re.compile(
    r"\b(?:(?P<what>dollars? (?:&|and) shares?|dollars?|shares?|amounts?)\s+)?(?:are\s+)?"
    r"(?:reflected\s+|presented\s+|stated\s+|expressed\s+)?"
    r"in\s+(?P<in>thousand|million|billion)s?\b|[(,]\s*(?P<bare>thousand|million|billion)s\b",
    re.IGNORECASE,
)
_STATED: Final = re.compile(
    r"\(dollars in (thousand|million|billion)s,? (?:except|unless)[^()\n]{0,40}"
    r"\botherwise (?:stated|noted|indicated)\)",
    re.I,
)
_SHARES_IN: Final = re.compile(
    r"\bshares?\b[^.;()]{0,40}\bin\s+(thousand|million|billion)s?\b"
    r"|\bshare data\b[^.;()]{0,20}\bin\s+(thousand|million)s?\b",
    re.IGNORECASE,
)
_EXCEPT_SHARES: Final = re.compile(
    r"\bexcept\b[^.;]*?"
    r"(?:\bnumber of shares\b|(?<!per )(?<!per-)\bshare (?:amounts|data)|(?<!per )(?<!per-)\bshares\b)",
    re.IGNORECASE,
)
_PER_SHARE: Final = re.compile(
    r"\bper\b.{0,30}\bshares?\b|\bper share\b|\bshare price\b|\bexercise price\b", re.IGNORECASE
)
_EXCEPT_EACH: Final = re.compile(r"\bexcept\b[^\n]{0,60}\bper[ -]share\b", re.IGNORECASE)
_OF_SHARES: Final = re.compile(
    r"\bshares\b|\bweighted[- ]average\b|\bdilutive\b|\bnumber of\b", re.IGNORECASE
)
_RATES: Final = re.compile(r"\brates?:?$", re.IGNORECASE)  # signed as percentages in the first row alone
LONGEST_SECTION: Final = 80
_PRICED: Final = re.compile(r"\b(?:price|value|rate|term|life|yield|discount)s?\b", re.IGNORECASE)
_COUNTS: Final = re.compile(
    r"\W*(?:(?:basic |diluted |adjusted )?(?:weighted|average|avg)"
    r"|shares|number of (?:common )?shares|denominator)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Told:
    """One figure of a row and what it means. `value` is as printed: so many times ten to the `scale`."""

    row: Row
    value: Decimal
    digits: str
    scale: int
    unit: Unit
    period: Period
    start: int
    end: int
    column: str

    @property
    def amount(self) -> Decimal:
        """In units: dollars, shares; a percentage as a share of one."""
        return self.value.scaleb(self.scale)


@lru_cache(maxsize=8_192)
def figures(text: str, stated: int | None = None) -> tuple[Told, ...]:
    """Every figure in the text whose period, unit and scale are told.

    `stated`: the scale that the document says once for all its tables, in powers of ten.
    """
    return tuple(_figures(text, stated))


def stated(text: str) -> int | None:
    """The scale of a document that says: "dollars in millions, except otherwise stated"."""
    found = _STATED.search(text)
    return SCALES[found[1].lower()] if found else None


def _figures(text: str, stated: int | None) -> Iterator[Told]:
    for row in rows(text):
        for figure in row.figures:
            if figure.value is None or figure.period is None:
                continue
            money = any(one.dollars for one in row.figures)
            meant: tuple[Unit, int] | None = (
                ("percent", -2) if figure.percent else _meaning(row, stated, dollars=money)
            )
            if meant is not None:
                unit, scale = meant
                digits = text[figure.start : figure.end]
                yield Told(
                    row,
                    figure.value,
                    digits,
                    scale,
                    unit,
                    figure.period,
                    figure.start,
                    figure.end,
                    figure.column,
                )


@lru_cache(maxsize=8_192)
def labelled(text: str) -> tuple[tuple[str, Told], ...]:
    """Figures that stand in the labels of rows, each with what it is."""
    return tuple(_labelled(text))


def _labelled(text: str) -> Iterator[tuple[str, Told]]:
    for row in rows(text):
        for one in in_label(row, text):
            told = _SHARES_IN.search(row.units)
            counted = ("shares", 0) if one.whole and not told else _shares(row) or _all_in(row)
            if one.each or counted:
                unit: Unit = "dollars a share" if one.each else "shares"
                scale = 0 if one.each or counted is None else counted[1]
                yield (
                    one.name,
                    Told(row, one.value, one.digits, scale, unit, one.period, one.start, one.end, ""),
                )


def _all_in(row: Row) -> tuple[Unit, int] | None:
    """Shares are in what everything is in, where the head excepts only per-share figures and par values."""
    excepted = re.search(r"\bexcept\b", row.units, re.IGNORECASE)
    only = re.search(r"\bexcept(?: for)? (?:per[ -]share|par value)", row.units, re.IGNORECASE)
    scale = _scale(row.units, of_dollars=True)
    return ("shares", scale) if scale and (only or not excepted) else None


def _meaning(row: Row, stated: int | None, *, dollars: bool) -> tuple[Unit, int] | None:
    """Unit and scale of a row's figures. None: not told."""
    if _counts(row) and not dollars:
        return _shares(row)
    if _PER_SHARE.search(row.label) or _PER_SHARE.search(row.section):
        fraction = all(f.value is None or abs(f.value) < 10_000 for f in row.figures)
        return ("dollars a share", 0) if fraction else None
    if _EXCEPT_EACH.search(row.units) and all(map(_cents, row.figures)):
        return "dollars a share", 0
    if not dollars and _OF_SHARES.search(row.label) and not _is_money(row.label):
        return _shares(row)
    if _RATES.search(row.section) and not dollars:
        return None
    said = _scale(row.label, of_dollars=True) or _scale(row.section, of_dollars=True)
    scale = said or _scale(row.units, of_dollars=True) or stated
    return ("dollars", scale) if scale else None


def scaled(row: Row) -> int | None:
    """The scale of the dollars of a row, as the lines above it say."""
    return _scale(row.units, of_dollars=True)


def _cents(figure: Figure) -> bool:
    """Printed to the cent, as no amount in millions or thousands is."""
    return figure.value is None or (figure.value.as_tuple().exponent == -2 and abs(figure.value) < 1_000)


def _counts(row: Row) -> bool:
    """The row counts shares, by its own label or by its section's."""
    if _PRICED.search(row.label) or _is_money(row.label):
        return False
    by_section = len(row.section) < LONGEST_SECTION and bool(_COUNTS.match(row.section))
    return bool(_COUNTS.match(row.label)) or (by_section and not _PER_SHARE.search(row.label))


def _is_money(label: str) -> bool:
    return bool(
        re.search(r"\b(?:repurchase|issu|withh|cost|value|dividend|proceeds|payment|tax)", label, re.I)
    )


def _shares(row: Row) -> tuple[Unit, int] | None:
    for said in (row.label, row.section):
        if scale := _scale(said, of_dollars=False):
            return "shares", scale
    found = _SHARES_IN.search(row.units)
    if found:
        return "shares", SCALES[(found[1] or found[2]).lower()]
    if re.search(r"\bdollars in\b|\$ in\b", row.units, re.IGNORECASE) or _EXCEPT_SHARES.search(row.units):
        return None
    scale = _scale(row.units, of_dollars=False)
    return ("shares", scale) if scale else None


def _scale(text: str, *, of_dollars: bool) -> int | None:
    """The first scale that is said, of dollars or of shares."""
    for found in _SCALE.finditer(text):
        what = (found["what"] or "").lower()
        if of_dollars and (what.startswith("share") or _reflected(text, found.start())):
            continue
        return SCALES[(found["in"] or found["bare"]).lower()]
    return None


def _reflected(text: str, at: int) -> bool:
    """The scale is of what an exception names: "except number of shares, which are in thousands"."""
    return bool(re.search(r"\bshares?\b[^.;()]{0,25}$", text[:at], re.IGNORECASE))
