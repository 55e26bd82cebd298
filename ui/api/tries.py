"""Wrong passwords, counted by address, so that guessing is slow and hashing is no load that anyone can make.

Rule 1: the database counts by login and has the last word; this stands before it and knows only addresses.
Rule 2: a right password clears nothing: whoever owns one account does not get more guesses at others.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from core.clock import Clock
from ui.api.problems import TooManyTries

WITHIN: Final = timedelta(minutes=5)
MOST: Final = 20  # wrong passwords from one address
ADDRESSES: Final = 10_000  # remembered at once; the oldest is forgotten first


@dataclass(slots=True)
class Tries:
    clock: Clock
    _wrong: dict[str, deque[datetime]] = field(default_factory=dict)

    def look(self, address: str) -> None:
        """Let the next try through.

        Raises:
            TooManyTries: this address has had its share; says how long to wait.
        """
        now = self.clock.now()
        wrong = self._wrong.get(address)
        while wrong and now - wrong[0] > WITHIN:
            wrong.popleft()
        if wrong and len(wrong) >= MOST:
            wait = int((WITHIN - (now - wrong[0])).total_seconds()) + 1
            raise TooManyTries(
                f"{MOST} wrong passwords came from this address in {WITHIN // timedelta(minutes=1)} minutes",
                fix=f"wait {wait} seconds",
                wait_seconds=wait,
            )

    def was_wrong(self, address: str) -> None:
        """Remember a wrong password."""
        if address not in self._wrong and len(self._wrong) >= ADDRESSES:
            del self._wrong[next(iter(self._wrong))]
        self._wrong.setdefault(address, deque()).append(self.clock.now())
