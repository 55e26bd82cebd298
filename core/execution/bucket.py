"""How many messages a venue takes: tokens that come back evenly. Pure but for its own count; time is
given.

Rule 1: each verb costs what the venue says, in tokens.
Rule 2: a part is kept for cancels and look-ups: a thousand orders that wait take none of it. Where there
    is more, those have of that first.
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
"""One token in so many is kept for cancels and look-ups."""


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
    _common: Bucket = field(init=False)
    _kept: Bucket = field(init=False)

    def __post_init__(self) -> None:
        dearest = max(self.weights.values())
        kept = max(self.per_second // KEPT, 1)
        common = max(self.per_second - kept, 1)
        self._common = Bucket(common, max(common // 10, dearest))
        self._kept = Bucket(kept, max(kept // 10, dearest))

    def empty(self, now: timedelta) -> None:
        """Begin with nothing: whoever had the pace before may just have used what waited."""
        self._common.empty(now)
        self._kept.empty(now)

    def wait_for(self, verb: Verb, now: timedelta) -> timedelta:
        """How long until such a message may go. Changes nothing."""
        tokens = self.weights[verb]
        common = self._common.wait_for(tokens, now)
        return min(common, self._kept.wait_for(tokens, now)) if verb in RESERVED else common

    def take(self, verb: Verb, now: timedelta) -> None:
        """One such message goes now. Call it when `wait_for` is nothing."""
        tokens = self.weights[verb]
        of_common = verb not in RESERVED or not self._common.wait_for(tokens, now)
        (self._common if of_common else self._kept).take(tokens, now)
