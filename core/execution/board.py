"""What the venues show now: quotes, health and what they take, asked together and kept for a moment.

Rule 1: a venue that does not answer has no quote; nothing older stands in for it.
Rule 2: what is kept is a fraction of a second old at most; every quote carries its own time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from core.errors import WorldFailed
from core.execution.line import Line
from core.ids import Symbol, VenueName
from core.routing.score import VenueView
from core.venues.venue import Capabilities, Health, Quote

QUOTES_KEPT: Final = timedelta(milliseconds=200)
CAPABILITIES_KEPT: Final = timedelta(seconds=30)
PATIENCE: Final = timedelta(milliseconds=800)
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Shown:
    capabilities: Capabilities
    capabilities_at: timedelta


class Board:
    """Asks through the lines' venues; `views` is what the router ranks."""

    def __init__(self, lines: Mapping[VenueName, Line]) -> None:
        self._lines = lines
        self._shown: dict[VenueName, _Shown] = {}
        self._health: dict[VenueName, tuple[timedelta, Health | None]] = {}
        self._quotes: dict[tuple[VenueName, Symbol], tuple[timedelta, Quote | None]] = {}

    async def views(self, symbol: Symbol) -> tuple[VenueView, ...]:
        """Every venue that has ever told us what it takes, as it stands for one symbol."""
        found = await asyncio.gather(*(self._view(line, symbol) for line in self._lines.values()))
        return tuple(view for view in found if view is not None)

    async def quotes(self, symbols: Sequence[Symbol]) -> tuple[Quote, ...]:
        """What every venue quotes now for these. Asked anew, whatever is kept."""
        asked = [_or_none(line.venue.quotes(symbols, timeout=PATIENCE)) for line in self._lines.values()]
        return tuple(
            quote for found in await asyncio.gather(*asked) if found is not None for quote in found.values()
        )

    async def _view(self, line: Line, symbol: Symbol) -> VenueView | None:
        capabilities, health, quote = await asyncio.gather(
            self._capabilities(line), self._health_of(line), self._quote(line, symbol)
        )
        if capabilities is None:
            return None
        return VenueView(
            name=line.venue.name,
            capabilities=capabilities,
            quote=quote,
            open=health is not None and health.open,
            answering=line.answering and health is not None,
            seen=line.seen,
        )

    async def _capabilities(self, line: Line) -> Capabilities | None:
        name = line.venue.name
        shown = self._shown.get(name)
        if shown is None or _now() - shown.capabilities_at > CAPABILITIES_KEPT:
            asked = await _or_none(line.venue.capabilities(timeout=PATIENCE))
            if asked is None:
                return None if shown is None else shown.capabilities
            shown = self._shown[name] = _Shown(asked, _now())
        return shown.capabilities

    async def _health_of(self, line: Line) -> Health | None:
        name = line.venue.name
        at, kept = self._health.get(name, (None, None))
        if at is None or _now() - at > QUOTES_KEPT:
            kept = await _or_none(line.venue.health(timeout=PATIENCE))
            self._health[name] = (_now(), kept)
        return kept

    async def _quote(self, line: Line, symbol: Symbol) -> Quote | None:
        key = (line.venue.name, symbol)
        at, kept = self._quotes.get(key, (None, None))
        if at is None or _now() - at > QUOTES_KEPT:
            asked = await _or_none(line.venue.quotes([symbol], timeout=PATIENCE))
            kept = None if asked is None else asked.get(symbol)
            self._quotes[key] = (_now(), kept)
        return kept


async def _or_none(asking: Awaitable[Answer]) -> Answer | None:
    """A venue that does not answer is a state of the world that the router knows how to read."""
    try:
        return await asking
    except WorldFailed:
        return None


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
