"""How many messages a venue takes: tokens that come back evenly. Pure but for its own count; time is
given.

Rule 1: each verb costs what the venue says, in tokens.
Rule 2: some that wait to be used are kept for cancels and look-ups: a thousand orders take none of those.
    While nobody cancels or looks anything up, orders have the whole pace.
Rule 3: what is read counts too, and waits for nothing: its token is missing for what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

SECOND: Final = timedelta(seconds=1)
NOTHING: Final = timedelta(0)


class Verb(StrEnum):
    SEND = "send"
    CANCEL = "cancel"
    LOOKUP = "lookup"


RESERVED: Final = frozenset({Verb.CANCEL, Verb.LOOKUP})
ONE_EACH: Final[Mapping[Verb, int]] = MappingProxyType(dict.fromkeys(Verb, 1))
KEPT: Final = 5
"""Of so many tokens that may wait to be used one is kept for cancels and look-ups."""
BURST: Final = 10
"""So many a second, and one may wait to be used."""


@dataclass(slots=True)
class Bucket:
    """`per_second` tokens come back evenly, and `burst` of them at most wait to be used.

    It keeps one moment: when it would be full again. A token put off into the future is one that is missing.
    """

    per_second: int
    burst: int
    _full_at: timedelta = NOTHING

    def wait_for(self, tokens: int, now: timedelta) -> timedelta:
        """How long until so many can be had. Changes nothing."""
        missing = max(self._full_at - now, NOTHING)
        return max(missing + self._time(tokens) - self._time(max(self.burst, tokens)), NOTHING)

    def take(self, tokens: int, now: timedelta) -> None:
        self._full_at = max(self._full_at, now) + self._time(tokens)

    def empty(self, now: timedelta) -> None:
        """Nothing waits to be used from now on: what comes, comes evenly."""
        self._full_at = max(self._full_at, now + self._time(self.burst))

    def _time(self, tokens: int) -> timedelta:
        return SECOND * tokens / self.per_second


@dataclass(slots=True)
class Allowance:
    """What one venue takes. `weights` are tokens for one message of each verb."""

    per_second: int
    weights: Mapping[Verb, int] = field(default_factory=lambda: ONE_EACH)
    _bucket: Bucket = field(init=False)
    _kept: int = field(init=False)

    def __post_init__(self) -> None:
        burst = self.per_second // BURST
        self._kept = max(burst // KEPT, *(self.weights[verb] for verb in RESERVED))
        self._bucket = Bucket(self.per_second, max(burst - self._kept, self.weights[Verb.SEND]) + self._kept)

    def empty(self, now: timedelta) -> None:
        """Begin with nothing: whoever had the pace before may just have used what waited."""
        self._bucket.empty(now)

    def wait_for(self, verb: Verb, now: timedelta) -> timedelta:
        """How long until such a message may go. Changes nothing."""
        return self._bucket.wait_for(self.weights[verb] + (0 if verb in RESERVED else self._kept), now)

    def take(self, verb: Verb, now: timedelta) -> None:
        """One such message goes now. Call it when `wait_for` is nothing."""
        self._bucket.take(self.weights[verb], now)

    def read(self, now: timedelta) -> None:
        """Something is read now, whatever there is: a token of those to come."""
        self._bucket.take(1, now)
