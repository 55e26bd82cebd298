"""What the venues show now: quotes, health and what they take, asked together and kept for a moment.

Rule 1: a venue that does not answer has no quote; nothing older stands in for it.
Rule 2: what is kept is a fraction of a second old at most, or as old as a slow venue's pace makes it: it is
    not asked away its tokens. Every quote carries its own time.
Rule 3: many who ask at once are one question, of every symbol that was wanted lately: a thousand released
    orders do not storm a venue, and what nobody trades any more is not asked for.
Rule 4: a line goes at the pace that its venue says, from the moment that it says so; workers share it.
Rule 5: nobody waits twice for a venue that did not answer: it is asked again beside what goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
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
WANTED_FOR: Final = timedelta(minutes=1)
"""A symbol is asked for so long after an order last wanted it."""
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
        return kept if kept is not None else await self.anew(key, ask)

    async def anew(self, key: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """As `of`, whatever is kept."""
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


@dataclass(frozen=True, slots=True)
class _Quoted:
    """What a venue said when it was asked for these symbols. It need not quote all of them."""

    symbols: frozenset[Symbol]
    quotes: Mapping[Symbol, Quote]


_OfLine = tuple[Line, Capabilities | None, Health | None, _Quoted | None]


@dataclass(frozen=True, slots=True)
class _Told:
    """What every line's venue said when it was asked for these symbols."""

    symbols: frozenset[Symbol]
    of: Sequence[_OfLine]


class Board:
    """Asks through the lines' venues; `views` is what the router ranks."""

    def __init__(self, lines: Mapping[VenueName, Line], *, wanted_for: timedelta = WANTED_FOR) -> None:
        self._lines = lines
        self._wanted_for = wanted_for
        self._capabilities: Kept[Capabilities] = Kept(CAPABILITIES_KEPT)
        self._health: Kept[Health] = Kept(QUOTES_KEPT)
        self._quotes: Kept[_Quoted] = Kept(QUOTES_KEPT)
        self._wanted: dict[Symbol, timedelta] = {}  # when last
        self._asking: asyncio.Task[_Told] | None = None
        self.tally = Tally(WEIGHTS.half_life)

    def share(self, workers: int) -> None:
        """So many workers are at work: each line has its part of its venue's pace."""
        for line in self._lines.values():
            line.share(workers)

    async def views(self, symbol: Symbol) -> tuple[VenueView, ...]:
        """Every venue that tells us what it takes, as it stands for one symbol."""
        at = self._wanted[symbol] = monotonic()
        known = tuple([view for line in self._lines.values() if (view := self._known(line, symbol, at))])
        if len(known) == len(self._lines):
            return known
        while True:
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask(self._wanted_lately(at)))
            told = await asyncio.shield(self._asking)
            at = self._wanted[symbol] = monotonic()
            if symbol in told.symbols:
                return tuple(
                    [
                        self._shown(line, symbol, can, health, quoted, at)
                        for line, can, health, quoted in told.of
                        if can is not None
                    ]
                )

    def _wanted_lately(self, now: timedelta) -> frozenset[Symbol]:
        wanted = self._wanted.items()
        self._wanted = {symbol: at for symbol, at in wanted if now - at <= self._wanted_for}
        return frozenset(self._wanted)

    async def quotes(self, symbols: Sequence[Symbol]) -> tuple[Quote, ...]:
        """What every venue that answers quotes now for these."""
        wanted = frozenset(symbols)
        lines = self._lines.values()
        found = await asyncio.gather(
            *(
                self._quotes.of(
                    (line.venue.name, wanted), partial(_asked_for, line, wanted), longer=line.between_reads
                )
                for line in lines
            )
        )
        return tuple(quote for quoted in found if quoted is not None for quote in quoted.quotes.values())

    def _known(self, line: Line, symbol: Symbol, at: timedelta) -> VenueView | None:
        """What need not be asked for; None where some of it must."""
        name, longer = line.venue.name, line.between_reads
        capabilities = self._capabilities.now(name, at=at)
        health = self._health.now(name, longer=longer, at=at)
        quoted = self._quotes.now(name, longer=longer, at=at)
        if capabilities is None or health is None or quoted is None or symbol not in quoted.symbols:
            return None
        return self._shown(line, symbol, capabilities, health, quoted, at)

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

    async def _ask(self, symbols: frozenset[Symbol]) -> _Told:
        """Every line, once for all who wait."""
        try:
            return _Told(
                symbols, await asyncio.gather(*(self._of(line, symbols) for line in self._lines.values()))
            )
        finally:
            self._asking = None

    async def _of(self, line: Line, symbols: frozenset[Symbol]) -> _OfLine:
        capabilities, health, quoted = await asyncio.gather(
            self._capabilities.of(line.venue.name, lambda: line.capabilities(timeout=PATIENCE)),
            self._healthy(line),
            self._quoted(line, symbols),
        )
        return line, capabilities, health, quoted

    async def _quoted(self, line: Line, symbols: frozenset[Symbol]) -> _Quoted | None:
        """What is kept, where that is of all of these."""
        name = line.venue.name
        kept = self._quotes.now(name, longer=line.between_reads)
        if kept is not None and kept.symbols >= symbols:
            return kept
        return await self._quotes.anew(name, partial(_asked_for, line, symbols))

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
        quoted: _Quoted | None,
        now: timedelta,
    ) -> VenueView:
        name = line.venue.name
        return VenueView(
            name=name,
            capabilities=capabilities,
            quote=None if quoted is None else quoted.quotes.get(symbol),
            open=health is not None and health.open,
            answering=line.answering and health is not None,
            seen=line.seen,
            wait=line.wait,
            here=self.tally.of(name, symbol, now=now),
            overall=self.tally.of(name, None, now=now),
        )


async def _asked_for(line: Line, symbols: frozenset[Symbol]) -> _Quoted:
    return _Quoted(symbols, await line.quotes(sorted(symbols), timeout=PATIENCE))


def monotonic() -> timedelta:
    """A clock that only goes forward, for what is kept or fades."""
    return timedelta(seconds=asyncio.get_running_loop().time())
