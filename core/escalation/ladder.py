"""The ladder, as data, and the business minutes that it counts in. Pure.

Rule 1: a rung is climbed once for a proposal, in order; each tells more people, and decides nothing.
Rule 2: minutes count while the exchange trades: 09:30 to 16:00 in New York on its sessions, or to an early
    close. Nights, weekends and holidays do not count.
Rule 3: the firm's clock is its business day's own: where the day was opened, and from there with the wall's.
The append has the same rungs and computes the same digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from core.ids import Digest
from core.market.calendar import NEW_YORK, is_session, session_close, session_open

Addressed = Literal["deputies", "compliance", "operations"]

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rung:
    """`minutes` are business minutes since the proposal began to wait."""

    number: int
    addressed: Addressed
    minutes: int


LADDER: Final = (
    Rung(1, "deputies", 30),  # the principal's deputies; where there is none, the other principals
    Rung(2, "compliance", 60),
    Rung(3, "operations", 120),
)
"""The supervising principal has it from the submission on."""


def ladder_digest(ladder: Iterable[Rung]) -> Digest:
    lines = "\n".join(f"{rung.number} {rung.addressed} {rung.minutes}" for rung in ladder)
    return Digest(sha256(lines.encode()).hexdigest())


LADDER_DIGEST: Final = ladder_digest(LADDER)


@dataclass(frozen=True, slots=True)
class FirmClock:
    """Where the firm's business day stood when it was opened, and when that was on the wall."""

    opened_at: datetime  # market clock
    opened_on_the_wall: datetime

    def at(self, wall: datetime) -> datetime:
        """The firm's time at that moment of the wall clock."""
        return self.opened_at + (wall - self.opened_on_the_wall)


def business_time(start: datetime, end: datetime) -> timedelta:
    """How much of the exchange's trading hours lies between two moments; nothing where `end` is not later."""
    passed, day = timedelta(0), start.astimezone(NEW_YORK).date()
    last = end.astimezone(NEW_YORK).date()
    while day <= last:
        passed += _within(day, start, end)
        day += _DAY
    return passed


def due(waited: timedelta, climbed: int) -> Rung | None:
    """The next rung, where it has waited long enough for it."""
    following = [rung for rung in LADDER if rung.number == climbed + 1]
    return following[0] if following and waited >= timedelta(minutes=following[0].minutes) else None


def _within(day: date, start: datetime, end: datetime) -> timedelta:
    if not is_session(day):
        return timedelta(0)
    return max(timedelta(0), min(end, session_close(day)) - max(start, session_open(day)))
