"""What the venues show now: quotes, health and what they take, asked together and kept for a moment.

Rule 1: a venue that does not answer has no quote; nothing older stands in for it.
Rule 2: what is kept is a fraction of a second old at most, or as old as a slow venue's pace makes it: it is
    not asked away its tokens. Every quote carries its own time.
Rule 3: many who ask at once are one question, of every symbol that was wanted before: a thousand released
    orders do not storm a venue.
Rule 4: a line goes at the pace that its venue says, from the moment that it says so; workers share it.
Rule 5: nobody waits twice for a venue that did not answer: it is asked again beside what goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

from core.errors import WorldFailed
from core.execution.line import Line
from core.ids import Symbol, VenueName
from core.routing.router import VenueView
from core.routing.rules import WEIGHTS
from core.routing.tally import Tally
from core.venues.venue import Capabilities, Health, Quote

QUOTES_KEPT: Final = timedelta(milliseconds=200)
CAPABILITIES_KEPT: Final = timedelta(seconds=30)
PATIENCE: Final = timedelta(milliseconds=800)
NO_LONGER: Final = timedelta(0)
MOST_KEPT: Final = 256
Answer = TypeVar("Answer")


class Kept(Generic[Answer]):
    """Answers by key, each good for a while; while one is asked for, everybody waits for that one."""

    def __init__(self, good_for: timedelta) -> None:
        self._good_for = good_for
        self._answers: dict[Hashable, tuple[timedelta, Answer]] = {}
        self._asking: dict[Hashable, asyncio.Task[Answer | None]] = {}
        self._silent: set[Hashable] = set()

    def now(
        self, key: Hashable, *, longer: timedelta = NO_LONGER, at: timedelta | None = None
    ) -> Answer | None:
        """What is good still, for so much longer at least; None where it has to be asked for. `at`:
        the moment, of whoever has it at hand."""
        kept = self._answers.get(key)
        if kept is None or (monotonic() if at is None else at) - kept[0] > max(self._good_for, longer):
            return None
        return kept[1]

    async def of(
        self, key: Hashable, ask: Callable[[], Awaitable[Answer]], *, longer: timedelta = NO_LONGER
    ) -> Answer | None:
        """None where the venue does not answer; the next one asks again."""
        kept = self.now(key, longer=longer)
        if kept is not None:
            return kept
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._asked(key, ask))
        return None if key in self._silent else await asyncio.shield(asking)

    async def _asked(self, key: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer | None:
        try:
            answer = await ask()
        except WorldFailed:
            self._silent.add(key)
            return None  # a state of the world that the router knows how to read
        finally:
            del self._asking[key]
        self._silent.discard(key)
        self._answers[key] = (monotonic(), answer)
        while len(self._answers) > MOST_KEPT:
            del self._answers[next(iter(self._answers))]
        return answer


@dataclass(frozen=True, slots=True)
class View:
    """A line, and what its venue says of itself; None where it does not answer."""

    line: Line
    capabilities: Capabilities | None
    health: Health | None


_OfLine = tuple[Line, Capabilities | None, Health | None, Mapping[Symbol, Quote] | None]


@dataclass(frozen=True, slots=True)
class _Told:
    """What every line's venue said when it was asked for these symbols."""

    symbols: tuple[Symbol, ...]
    of: Sequence[_OfLine]


class Board:
    """Asks through the lines' venues; `views` is what the router ranks."""

    def __init__(self, lines: Mapping[VenueName, Line]) -> None:
        self._lines = lines
        self._capabilities: Kept[Capabilities] = Kept(CAPABILITIES_KEPT)
        self._health: Kept[Health] = Kept(QUOTES_KEPT)
        self._quotes: Kept[Mapping[Symbol, Quote]] = Kept(QUOTES_KEPT)
        self._wanted: tuple[Symbol, ...] = ()
        self._asking: asyncio.Task[_Told] | None = None
        self.tally = Tally(WEIGHTS.half_life)

    def share(self, workers: int) -> None:
        """So many workers are at work: each line has its part of its venue's pace."""
        for line in self._lines.values():
            line.share(workers)

    async def views(self, symbol: Symbol) -> tuple[VenueView, ...]:
        """Every venue that tells us what it takes, as it stands for one symbol."""
        if symbol not in self._wanted:
            self._wanted = (*self._wanted, symbol)
        at = monotonic()
        known = tuple([view for line in self._lines.values() if (view := self._known(line, symbol, at))])
        if len(known) == len(self._lines):
            return known
        while True:
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask(self._wanted))
            told = await asyncio.shield(self._asking)
            if symbol in told.symbols:
                at = monotonic()
                return tuple(
                    [
                        self._shown(line, symbol, can, health, quotes, at)
                        for line, can, health, quotes in told.of
                        if can is not None
                    ]
                )

    async def quotes(self, symbols: Sequence[Symbol]) -> tuple[Quote, ...]:
        """What every venue that answers quotes now for these."""
        found = await asyncio.gather(*(self._quoted(line, tuple(symbols)) for line in self._lines.values()))
        return tuple(quote for quotes in found for quote in (quotes or {}).values())

    def _known(self, line: Line, symbol: Symbol, at: timedelta) -> VenueView | None:
        """What need not be asked for; None where some of it must."""
        name, longer = line.venue.name, line.between_reads
        capabilities = self._capabilities.now(name, at=at)
        health = self._health.now(name, longer=longer, at=at)
        quotes = self._quotes.now((name, self._wanted), longer=longer, at=at)
        if capabilities is None or health is None or quotes is None:
            return None
        return self._shown(line, symbol, capabilities, health, quotes, at)

    async def lines(self) -> tuple[View, ...]:
        """Every line, with what its venue says of itself now."""
        return tuple(await asyncio.gather(*(self._looked_at(line) for line in self._lines.values())))

    async def _looked_at(self, line: Line) -> View:
        venue = line.venue
        can, health = await asyncio.gather(
            self._capabilities.of(venue.name, lambda: line.capabilities(timeout=PATIENCE)),
            self._healthy(line),
        )
        return View(line, can, health)

    async def _ask(self, symbols: tuple[Symbol, ...]) -> _Told:
        """Every line, once for all who wait."""
        try:
            return _Told(
                symbols, await asyncio.gather(*(self._of(line, symbols) for line in self._lines.values()))
            )
        finally:
            self._asking = None

    async def _of(self, line: Line, symbols: tuple[Symbol, ...]) -> _OfLine:
        capabilities, health, quotes = await asyncio.gather(
            self._capabilities.of(line.venue.name, lambda: line.capabilities(timeout=PATIENCE)),
            self._healthy(line),
            self._quoted(line, symbols),
        )
        return line, capabilities, health, quotes

    async def _quoted(self, line: Line, symbols: tuple[Symbol, ...]) -> Mapping[Symbol, Quote] | None:
        venue = line.venue
        return await self._quotes.of(
            (venue.name, symbols),
            lambda: line.quotes(symbols, timeout=PATIENCE),
            longer=line.between_reads,
        )

    async def _healthy(self, line: Line) -> Health | None:
        venue = line.venue
        return await self._health.of(
            venue.name, lambda: line.health(timeout=PATIENCE), longer=line.between_reads
        )

    def _shown(
        self,
        line: Line,
        symbol: Symbol,
        capabilities: Capabilities,
        health: Health | None,
        quotes: Mapping[Symbol, Quote] | None,
        now: timedelta,
    ) -> VenueView:
        name = line.venue.name
        return VenueView(
            name=name,
            capabilities=capabilities,
            quote=None if quotes is None else quotes.get(symbol),
            open=health is not None and health.open,
            answering=line.answering and health is not None,
            seen=line.seen,
            wait=line.wait,
            here=self.tally.of(name, symbol, now=now),
            overall=self.tally.of(name, None, now=now),
        )


def monotonic() -> timedelta:
    """A clock that only goes forward, for what is kept or fades."""
    return timedelta(seconds=asyncio.get_running_loop().time())
