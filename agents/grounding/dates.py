"""The dates of a text: days, months, quarters, years and times of day, however they are written.

Rule 1: a date is compared as a date: "29 Dec 2022" is 2022-12-29.
Rule 2: what is less exact is found in what is more exact: a month in a day, a year in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH: Final = (
    r"(?P<month>Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DAY: Final = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b{_YEAR}-(?P<month>[01]\d)-(?P<day>[0-3]\d)(?!\d)",
        rf"\b(?P<month>[01]?\d)/(?P<day>[0-3]?\d)/{_YEAR}\b",
        rf"\b{_MONTH}\s+{_DAY}(?:\s*,)?\s+{_YEAR}\b",
        rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?:\s*,)?\s+{_YEAR}\b",
        rf"\b{_MONTH}(?:\s*,|\s+of)?\s+{_YEAR}\b",
        rf"\b{_YEAR}-(?P<month>[01]\d)\b(?!-?\d)",
        rf"\b{_MONTH}\s+{_DAY}\b(?![.,]?\d|\s?%)",
        rf"\b{_DAY}\s+{_MONTH}\b",
        rf"(?<![\d$€£.,])\b(?:FY\s?|fiscal\s+|calendar\s+)?{_YEAR}(?:s)?\b(?![.,]?\d|\s?(?:%|shares|dollars|million|billion))",
        r"\bFY\s?'?(?P<short>\d\d)\b",
    )
)
_CLOCK: Final = re.compile(r"(?<![\d:])(?P<hour>[0-2]?\d):(?P<minute>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?!\d)")
_ZONE: Final = re.compile(r"(?<=\d)(?:Z|[+-]\d\d:\d\d)\b")
UTC_LESS: Final = (0, 4, 5)  # hours that a shown time may be behind its stored one: UTC, New York


@dataclass(frozen=True, slots=True)
class Dated:
    """A day, month or year, as far as it is said."""

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None

    def within(self, other: Dated) -> bool:
        """Whether `other` says at least this."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(mine is None or mine == theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Clocked:
    start: int
    end: int
    hour: int
    minute: int

    def shown_from(self, stored: Clocked) -> bool:
        """Whether it is the stored time as people read it in New York or in UTC."""
        return self.minute == stored.minute and any(
            (stored.hour - less) % 24 in (self.hour, (self.hour + 12) % 24) for less in UTC_LESS
        )


def dates(text: str) -> tuple[tuple[Dated, ...], tuple[Clocked, ...], str]:
    """Dates, times, and the text without them, of the same length."""
    if not any(sign.isdigit() for sign in text):
        return (), (), text
    found: list[Dated] = []
    for form in _FORMS:
        text, some = _taken(form, text)
        found.extend(some)
    clocks = tuple(
        Clocked(m.start(), m.end(), int(m["hour"]), int(m["minute"])) for m in _CLOCK.finditer(text)
    )
    text = _CLOCK.sub(lambda m: " " * len(m[0]), text)
    return tuple(sorted(found, key=lambda one: one.start)), clocks, _ZONE.sub(lambda m: " " * len(m[0]), text)


def _taken(form: re.Pattern[str], text: str) -> tuple[str, list[Dated]]:
    found = []
    for match in form.finditer(text):
        one = _dated(match)
        if one is not None:
            found.append(one)
    for one in found:
        text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return text, found


def _dated(match: re.Match[str]) -> Dated | None:
    said = match.groupdict()
    year = int(said["year"]) if said.get("year") else 2000 + int(said["short"]) if said.get("short") else None
    month, day = _month(said.get("month")), int(said["day"]) if said.get("day") else None
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    return Dated(match.start(), match.end(), year, month, day)


def _month(said: str | None) -> int | None:
    if not said:
        return None
    return int(said) if said.isdigit() else _MONTHS.index(said[:3].casefold()) + 1


def years(text: str) -> Iterator[int]:
    """The years that a text speaks of."""
    for one in dates(text)[0]:
        if one.year is not None:
            yield one.year
