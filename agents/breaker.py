"""Whether a model that failed is asked again.

Rule 1: one lasting failure rests it: nobody waits for it meanwhile.
Rule 2: when its rest is over, one request tries it, and the others do not wait for what comes of that. A try
    that never ends rests it like one that failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

RESTS: Final = timedelta(seconds=30)
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(slots=True)
class Breaker:
    """One model's, for one process. Times are of a monotonic clock, in nanoseconds."""

    rests: timedelta = RESTS
    _until_ns: int | None = None

    def admits(self, now_ns: int) -> bool:
        """Whether to ask it now. Where it rests and its time is over, this one request is the try."""
        if self._until_ns is None:
            return True
        if now_ns < self._until_ns:
            return False
        self.failed(now_ns)  # until this try has ended, it has not
        return True

    def failed(self, now_ns: int) -> None:
        self._until_ns = now_ns + self.rests // MICROSECOND * 1000

    def answered(self) -> bool:
        """It works. Answers whether it had been resting."""
        rested = self._until_ns is not None
        self._until_ns = None
        return rested

    @property
    def resting(self) -> bool:
        return self._until_ns is not None
