"""Where now comes from. This is the only file that may read the time of day.

Two clocks: *wall* (records, sessions, leases) and *market* (prices, sessions of trade, settlement,
lapse). The market clock stands where operations put it and is read from the journal's fold
(`core.market.day`); this file holds the wall clock and the one that tests set.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Always aware, always UTC."""

    def now(self) -> datetime: ...

    def monotonic_ns(self) -> int: ...


@dataclass(frozen=True, slots=True)
class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


@dataclass(slots=True)
class SetClock:
    """A clock that stands still until it is moved. For worlds and tests."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic_ns(self) -> int:
        return int(self.at.timestamp()) * 1_000_000_000

    def advance(self, by: timedelta) -> None:
        self.at += by
