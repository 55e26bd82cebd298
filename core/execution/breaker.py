"""When to stop sending to a venue for a while. Pure but for its own counts; time is given.

Rule 1: failures in a row open it, doubt sooner than absence: each doubt leaves an order that must be
    looked up. One success clears the count, in any state.
Rule 2: after the rest it lets exactly one caller through; until that one is back, nobody else. Each such
    try that fails makes the next rest longer, up to `LONGEST`.
Rule 3: a venue's rejection is an answer, so it is a success here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

OPENS_AFTER: Final = 4
RESTS: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(seconds=3)
"""A venue that is back is met again within it."""


class Fault(StrEnum):
    """What went wrong, by what it leaves behind."""

    AWAY = "away"  # nothing reached the venue
    DOUBT = "doubt"  # something may have


WEIGHS: Final = {Fault.AWAY: 1, Fault.DOUBT: 2}
"""Of `opens_after`."""


@dataclass(slots=True)
class Breaker:
    """`now` is any clock that only goes forward, the same in every call."""

    opens_after: int = OPENS_AFTER
    rests: timedelta = RESTS
    _failures: int = 0
    _open_until: timedelta | None = None
    _probing: bool = False
    _rest: timedelta = timedelta(0)

    @property
    def closed(self) -> bool:
        """Whether everybody may send."""
        return self._open_until is None

    def would_admit(self, now: timedelta) -> bool:
        """Whether a message could go now. Changes nothing."""
        return self._open_until is None or (now >= self._open_until and not self._probing)

    def admits(self, now: timedelta) -> bool:
        """Whether this caller may send. One that may must report back: `succeeded`, `failed` or `gave_up`."""
        if not self.would_admit(now):
            return False
        self._probing = self._open_until is not None
        return True

    def gave_up(self) -> None:
        """The caller that was let through did not send after all."""
        self._probing = False

    def succeeded(self) -> None:
        self._failures = 0
        self._open_until = None
        self._probing = False
        self._rest = timedelta(0)

    def failed(self, now: timedelta, fault: Fault = Fault.AWAY) -> None:
        self._failures += WEIGHS[fault]
        if self._probing:
            self._rest = min(self._rest * 2, LONGEST)
        self._probing = False
        if self._failures >= self.opens_after:
            self._rest = max(self._rest, self.rests)
            self._open_until = now + self._rest

    def word(self, now: timedelta) -> str:
        """How it stands, for people: closed, open, or half open with a probe due or under way."""
        if self._open_until is None:
            return "closed"
        return "open" if now < self._open_until else "half open"
