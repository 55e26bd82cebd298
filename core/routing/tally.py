"""What was seen of each venue by symbol: how executions compared, and how much of its orders was done. Pure.

Rule 1: what was seen fades, by whole seconds: after one half-life it counts half. Time is given, by any
    clock that goes on.
Rule 2: while little was seen, the answer is drawn toward what is known beforehand: of a symbol toward the
    venue as a whole, of a venue toward the prior.
Rule 3: what is told is rounded to a stated exponent, so that what was recorded is what decided.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from core.ids import Symbol, VenueName

TAKES: Final = Decimal(1)
"""The likelihood of execution before anything was seen, of an order that can be done at once."""
RESTS: Final = Decimal("0.5")
"""The same of an order that has to wait for somebody."""
STEP: Final = Decimal("0.0001")
_ZERO: Final = Decimal(0)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = timedelta(seconds=1)


class Seen(NamedTuple):
    """Of a venue's line: sends, those that were answered at once, and our orders that are open there now."""

    sends: int
    answered: int
    open_orders: int


UNSEEN: Final = Seen(sends=0, answered=0, open_orders=0)


class Quality(NamedTuple):
    """Faded counts. `improvement` adds up fractions of the half spread that executions saved; `taken` counts
    ended orders that could be done at once, `rested` those that could not, each with its filled shares as
    fractions added up."""

    executions: Decimal = _ZERO
    improvement: Decimal = _ZERO
    taken: Decimal = _ZERO
    taken_filled: Decimal = _ZERO
    rested: Decimal = _ZERO
    rested_filled: Decimal = _ZERO


NOTHING: Final = Quality()


def credible(total: Decimal, count: Decimal, before: Decimal, trust_after: int) -> Decimal:
    """The mean of what was seen, drawn toward `before` by as much as `trust_after` observations of it weigh.

        Z m + (1 - Z) before = (total + k before)/(n + k), with m = total/n, Z = n/(n + k), k = `trust_after`

    Source: Bühlmann, "Experience rating and credibility", ASTIN Bulletin 4 (1967), 199-207.
    """
    return (total + trust_after * before) / (count + trust_after)


def remaining(age: timedelta, half_life: timedelta) -> Decimal:
    """What an observation of that age still counts: 2^(-age/half-life).

    Source: the exponentially weighted average of Roberts, Technometrics 1 (1959), 239-250.
    """
    return Decimal(2) ** -(Decimal(max(age, timedelta(0)) // _MICROSECOND) / (half_life // _MICROSECOND))


@lru_cache(maxsize=4_096)
def _remaining_after(seconds: int, half_life: timedelta) -> Decimal:
    return remaining(_SECOND * seconds, half_life)


@dataclass(slots=True)
class _Faded:
    """Six sums as of a moment."""

    at: timedelta
    sums: tuple[Decimal, ...]
    told: tuple[int, timedelta, Quality] | None = None  # last said, so many seconds after `at`

    def quality(self, now: timedelta, half_life: timedelta) -> Quality:
        """Rounded. It fades by whole seconds, so it is the same for whoever asks within one."""
        seconds = (now - self.at) // _SECOND
        if self.told is None or self.told[:2] != (seconds, half_life):
            faded = self.as_of(now, half_life)
            rounded = Quality(*[one.quantize(STEP, ROUND_HALF_EVEN) for one in faded])
            self.told = (seconds, half_life, rounded)
        return self.told[2]

    def as_of(self, now: timedelta, half_life: timedelta) -> tuple[Decimal, ...]:
        return _faded(self.sums, (now - self.at) // _SECOND, half_life)

    def add(self, more: tuple[Decimal, ...], at: timedelta, half_life: timedelta) -> None:
        """What comes late is taken as of its own moment, so the order in which it comes does not matter."""
        self.told = None
        seconds = (at - self.at) // _SECOND
        if seconds >= 0:
            self.sums, self.at = _faded(self.sums, seconds, half_life), self.at + _SECOND * seconds
        else:
            more = _faded(more, -seconds, half_life)
        self.sums = tuple([a + b if b else a for a, b in zip(self.sums, more, strict=True)])


def _faded(sums: tuple[Decimal, ...], seconds: int, half_life: timedelta) -> tuple[Decimal, ...]:
    """Many come within one second: they have not faded."""
    if seconds <= 0:
        return sums
    counts = _remaining_after(seconds, half_life)
    return tuple([one * counts for one in sums])


@dataclass(slots=True)
class Tally:
    """One for each worker. `half_life` may be set anew at any time."""

    half_life: timedelta
    _known: dict[tuple[VenueName, Symbol | None], _Faded] = field(default_factory=dict)

    def executed(self, venue: VenueName, symbol: Symbol, improvement: Decimal, *, at: timedelta) -> None:
        """One execution, and by how much of the half spread it was better than the quote it was routed on."""
        self._add(venue, symbol, Quality(executions=Decimal(1), improvement=improvement), at)

    def ended(self, venue: VenueName, symbol: Symbol, filled: Decimal, *, took: bool, at: timedelta) -> None:
        """One order that was there and is over, and which fraction of it was executed."""
        one = Decimal(1)
        seen = Quality(taken=one, taken_filled=filled) if took else Quality(rested=one, rested_filled=filled)
        self._add(venue, symbol, seen, at)

    def of(self, venue: VenueName, symbol: Symbol | None, *, now: timedelta) -> Quality:
        """As of now; `symbol` None: of the venue as a whole."""
        known = self._known.get((venue, symbol))
        if known is None:
            return NOTHING
        return known.quality(now, self.half_life)

    def _add(self, venue: VenueName, symbol: Symbol, seen: Quality, at: timedelta) -> None:
        for key in ((venue, symbol), (venue, None)):
            self._known.setdefault(key, _Faded(at, NOTHING)).add(seen, at, self.half_life)
