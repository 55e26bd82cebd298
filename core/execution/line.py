"""The line to one venue: no faster than it allows, not at all while it does not answer, and what we saw.

Rule 1: a message is repeated here only where nothing can have been accepted (`WorldFailed`), a few times,
    with growing and jittered pauses. Doubt is handed back at once.
Rule 2: the venue's answers, rejections among them, are successes of the line.
Rule 3: the halts are asked at the last moment, after every wait for room, and of every try anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import stamina
from aiolimiter import AsyncLimiter

from core.errors import WorldFailed
from core.execution.breaker import Breaker
from core.halts.watch import Stops
from core.ids import OrderId
from core.orders.released import ReleasedOrder
from core.routing.score import Seen
from core.venues.venue import (
    Cancelling,
    Execution,
    Looking,
    Page,
    Sending,
    Strange,
    Unknown,
    Venue,
    is_replacement,
)

TRIES: Final = 3
FIRST_PAUSE: Final = timedelta(milliseconds=50)
LONGEST_PAUSE: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait and how fast we go. `per_second` messages at most, `at_once` in flight."""

    send: timedelta
    lookup: timedelta
    reports: timedelta
    between_lookups: timedelta
    per_second: int
    at_once: int


PATIENCE: Final = Patience(
    send=timedelta(seconds=3),
    lookup=timedelta(seconds=3),
    reports=timedelta(seconds=2),
    between_lookups=timedelta(milliseconds=250),
    per_second=500,
    at_once=32,
)


@dataclass(frozen=True, slots=True)
class Held:
    """Trading is stopped for it: nothing was sent."""

    why: str


class Line:
    """One per venue and worker. What it has seen starts at nothing with each process."""

    def __init__(self, venue: Venue, patience: Patience, stops: Stops) -> None:
        self.venue = venue
        self.scope = f"venue:{venue.name}"
        self._stops = stops
        self._patience = patience
        self._breaker = Breaker()
        self._bucket = AsyncLimiter(patience.per_second, time_period=1)
        self._room = asyncio.Semaphore(patience.at_once)
        self._sends = 0
        self._answered = 0
        self._executions = 0
        self._improvement = Decimal(0)
        self.open: set[OrderId] = set()
        self.waiting = 0  # messages that wait for their turn, or for an answer
        self.last_report: str | None = None  # by the venue's clock

    @property
    def answering(self) -> bool:
        return self._breaker.would_admit(_now())

    @property
    def breaker(self) -> str:
        return self._breaker.word(_now())

    @property
    def per_second(self) -> int:
        return self._patience.per_second

    @property
    def seen(self) -> Seen:
        return Seen(
            sends=self._sends,
            answered=self._answered,
            executions=self._executions,
            improvement=self._improvement,
            open_orders=len(self.open),
        )

    async def newest(self) -> str:
        return await self.venue.newest(timeout=self._patience.lookup)

    async def reports(self, after: str) -> Page:
        """Raises WorldFailed: ask again from the same cursor."""
        page = await self.venue.reports(after, wait=self._patience.reports, timeout=self._patience.lookup)
        for one in page.reports:
            if not isinstance(one, Strange):
                at = one.executed_at if isinstance(one, Execution) else one.at
                self.last_report = at.isoformat()
        return page

    def executed(self, improvement: Decimal) -> None:
        """One execution, and by how much of the half spread it was better than the quote."""
        self._executions += 1
        self._improvement += improvement

    def stopped(self, order: ReleasedOrder) -> str | None:
        """Why that order may not leave on this line now."""
        return self._stops.why(order.scopes | {self.scope})

    async def send(self, order: ReleasedOrder, body: bytes) -> Sending | Held:
        """The venue's answer, or doubt; or that it did not leave, because trading is stopped for it.

        Raises:
            WorldFailed: nothing was accepted, after all tries, or the line rests.
            IntegrityLost: the venue holds another body under this id.
        """
        async with self._counted(), self._room:
            async for attempt in stamina.retry_context(
                on=WorldFailed, attempts=TRIES, wait_initial=FIRST_PAUSE, wait_max=LONGEST_PAUSE, timeout=None
            ):
                with attempt:
                    return await self._once(order, body)
        raise WorldFailed(f"{self.venue.name} was not tried", fix="try again later")

    async def lookup(self, order: OrderId) -> Looking:
        """Raises WorldFailed: no answer that can be read. Ask again."""
        async with self._room, self._bucket:
            return await self.venue.lookup(order, timeout=self._patience.lookup)

    async def cancel(self, order: OrderId) -> Cancelling:
        """The venue's answer, or doubt. Raises WorldFailed: no answer at all. Ask again."""
        async with self._room, self._bucket:
            return await self.venue.cancel(order, timeout=self._patience.lookup)

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def _once(self, order: ReleasedOrder, body: bytes) -> Sending | Held:
        if not self._breaker.admits(_now()):
            raise WorldFailed(f"{self.venue.name} is not answering", fix="it is tried again by itself")
        answered, stopped = False, None
        try:
            async with self._bucket:
                with self._stops.beginning(order.scopes | {self.scope}) as stopped:
                    if stopped is not None:
                        return Held(stopped)
                    self._sends += 1
                    ask = self.venue.replace if is_replacement(order, body) else self.venue.send
                    said = await ask(order, body, timeout=self._patience.send)
            answered = not isinstance(said, Unknown)
            return said
        finally:
            if stopped is not None:
                self._breaker.gave_up()
            elif answered:
                self._answered += 1
                self._breaker.succeeded()
            else:
                self._breaker.failed(_now())


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
