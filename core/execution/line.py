"""The line to one venue: no faster than it allows, not at all while it does not answer, and what we saw.

Rule 1: a message is repeated here only where nothing can have been accepted (`WorldFailed`), a few times,
    with growing and jittered pauses. Doubt is handed back at once.
Rule 2: the venue's answers, rejections among them, are successes of the line.
Rule 3: the halts are asked at the last moment, after every wait for room, and of every try anew; and so is
    whether we are still the worker that has the order.
Rule 4: whoever waits between two tries holds no place.
Rule 5: an order stands in line with nothing written of it but where it goes: its sender is asked in its turn
    whether it is to leave (`Ready`). So an order that waits can be cancelled, expire, or go elsewhere.
Rule 6: everything that is asked of the venue counts against what it takes, reads too, each kind at most one
    in `READS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

import stamina

from core.errors import WorldFailed
from core.execution.breaker import Breaker, Fault
from core.execution.bucket import Allowance, Verb
from core.execution.lease import Hold
from core.execution.turns import Urgency
from core.execution.turnstile import NO_TIME, Turnstile
from core.halts.watch import Stops
from core.ids import OrderId, Symbol
from core.orders.events import Side
from core.orders.released import ReleasedOrder
from core.routing.tally import Seen
from core.venues.venue import (
    EVEN,
    Cancelling,
    Capabilities,
    Execution,
    Health,
    Looking,
    Page,
    Quote,
    Sending,
    Strange,
    Unknown,
    Venue,
    is_replacement,
)

TRIES: Final = 3
FIRST_PAUSE: Final = timedelta(milliseconds=50)
LONGEST_PAUSE: Final = timedelta(seconds=1)
GATHERS: Final = timedelta(milliseconds=5)
READS: Final = 10  # of so many tokens one is for each kind of read
READS_AFTER: Final = timedelta(seconds=2)  # reports, of the slowest venue
Ready = Callable[[], Awaitable[bool]]
"""Asked in an order's turn: whether it leaves now, with the intent on record."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait and how fast we go. `per_second` tokens at most, `at_once` orders in flight."""

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
    per_second=2_000,
    at_once=32,
)


@dataclass(frozen=True, slots=True)
class Held:
    """Trading is stopped for it, or it may be another worker's by now: nothing was sent."""

    why: str


def urgency_of(order: ReleasedOrder) -> Urgency:
    """What gets out of a holding goes before what gets into one."""
    return Urgency.EXIT if order.side is Side.SELL else Urgency.ENTRY


class Line:
    """One per venue and worker. What it has seen starts at nothing with each process."""

    def __init__(self, venue: Venue, patience: Patience, stops: Stops, hold: Hold) -> None:
        self.venue = venue
        self.scope = f"venue:{venue.name}"
        self._stops = stops
        self._hold = hold
        self._patience = patience
        self._breaker = Breaker()
        self._takes = (patience.per_second, EVEN)
        self._workers = 1
        self._way = Turnstile(Allowance(patience.per_second), at_once=patience.at_once)
        self._sends = 0
        self._answered = 0
        self._read_at = -READS_AFTER  # by the loop's clock
        self.open: set[OrderId] = set()
        self.last_report: str | None = None  # by the venue's clock

    @property
    def answering(self) -> bool:
        return self._breaker.closed or self._breaker.would_admit(_now())

    @property
    def waiting(self) -> int:
        """Messages that wait for their turn."""
        return self._way.waiting

    @property
    def breaker(self) -> str:
        return self._breaker.word(_now())

    @property
    def per_second(self) -> int:
        """Tokens, by the venue's own figure where it says one that is less than ours."""
        return self._takes[0]

    @property
    def wait(self) -> timedelta:
        """How long an order that came now would stand in line, at the venue's pace."""
        before = self._way.orders
        if not before:
            return NO_TIME
        return timedelta(seconds=before * self._takes[1].send) / max(1, self._takes[0] // self._workers)

    @property
    def between_reads(self) -> timedelta:
        """How long what was read is good for, quotes, health and reports each: of what a venue takes, orders
        have the most."""
        return _between_reads(max(1, self._takes[0] // self._workers))

    @property
    def seen(self) -> Seen:
        return Seen(sends=self._sends, answered=self._answered, open_orders=len(self.open))

    def heed(self, can: Capabilities) -> None:
        """Go as the venue says, from now on. Said again, nothing changes: no token comes back by asking."""
        ours = self._patience.per_second
        takes = (min(ours, can.per_second or ours), can.weights)
        if takes != self._takes:
            self._takes = takes
            self._way.allow(self._allowance())

    def share(self, workers: int) -> None:
        """So many workers send to this venue: each has its part of the pace from now on."""
        if workers != self._workers:
            self._workers = workers
            self._way.allow(self._allowance(), empty=True)

    def _allowance(self) -> Allowance:
        """A token a second at least: of a venue that takes fewer than there are workers, no part is left."""
        pace, of = self._takes
        weights = {Verb.SEND: of.send, Verb.CANCEL: of.cancel, Verb.LOOKUP: of.lookup}
        return Allowance(max(1, pace // self._workers), weights)

    async def newest(self) -> str:
        self._way.read()
        return await self.venue.newest(timeout=self._patience.lookup)

    async def quotes(self, symbols: Sequence[Symbol], *, timeout: timedelta) -> Mapping[Symbol, Quote]:
        self._way.read()
        return await self.venue.quotes(symbols, timeout=timeout)

    async def health(self, *, timeout: timedelta) -> Health:
        self._way.read()
        return await self.venue.health(timeout=timeout)

    async def capabilities(self, *, timeout: timedelta) -> Capabilities:
        """What the venue says that it takes; the line goes by that from now on."""
        self._way.read()
        can = await self.venue.capabilities(timeout=timeout)
        self.heed(can)
        return can

    async def reports(self, after: str) -> Page:
        """The next page; of a slow venue not before what it takes allows. Raises WorldFailed: ask again from
        the same cursor."""
        pause = min(self.between_reads, READS_AFTER)
        if pause > GATHERS:
            await asyncio.sleep(max((self._read_at + pause - _now()).total_seconds(), 0))
        self._read_at = _now()
        self._way.read()
        page = await self.venue.reports(after, wait=self._patience.reports, timeout=self._patience.lookup)
        for one in page.reports:
            if not isinstance(one, Strange):
                at = one.executed_at if isinstance(one, Execution) else one.at
                self.last_report = at.isoformat()
        return page

    def stopped(self, order: ReleasedOrder) -> str | None:
        """Why that order may not leave on this line now, for whoever asks before it is its turn."""
        return self._stops.lately(order.scopes | {self.scope})

    async def send(self, order: ReleasedOrder, body: bytes, ready: Ready) -> Sending | Held | None:
        """The venue's answer, or doubt; or that it did not leave, because trading is stopped for it. None: it
        was its turn, and it is not to leave.

        Raises:
            WorldFailed: nothing was accepted, after all tries, or the line rests.
            IntegrityLost: the venue holds another body under this id.
        """
        with suppress(WorldFailed):  # nearly always it goes at once
            return await self._in_turn(order, body, ready)
        await asyncio.sleep(FIRST_PAUSE.total_seconds())
        async for attempt in stamina.retry_context(
            on=WorldFailed,
            attempts=TRIES - 1,
            wait_initial=FIRST_PAUSE,
            wait_max=LONGEST_PAUSE,
            timeout=None,
        ):
            with attempt:
                return await self._in_turn(order, body, ready)
        raise WorldFailed(f"{self.venue.name} was not tried", fix="try again later")

    async def lookup(self, order: OrderId) -> Looking:
        """Raises WorldFailed: no answer that can be read. Ask again."""
        async with self._way.through(Verb.LOOKUP, Urgency.REST, order):
            return await self.venue.lookup(order, timeout=self._patience.lookup)

    async def cancel(self, order: OrderId) -> Cancelling:
        """The venue's answer, or doubt. Raises WorldFailed: no answer at all. Ask again."""
        async with self._way.through(Verb.CANCEL, Urgency.STOP, order):
            return await self.venue.cancel(order, timeout=self._patience.lookup)

    async def _in_turn(self, order: ReleasedOrder, body: bytes, ready: Ready) -> Sending | Held | None:
        if not self.answering:
            raise self._resting()
        async with self._way.through(Verb.SEND, urgency_of(order), order.account):
            if not (self._breaker.closed or self._breaker.admits(_now())):
                raise self._resting()
            leaves = False
            try:
                leaves = await ready()
            finally:
                if not leaves:
                    self._breaker.gave_up()
            return await self._once(order, body) if leaves else None

    async def _once(self, order: ReleasedOrder, body: bytes) -> Sending | Held:
        """One try, which the breaker has admitted. No await stands between the last question and the
        adapter's own first step."""
        fault: Fault | None = Fault.AWAY
        stopped = None
        try:
            with self._stops.beginning(order.scopes | {self.scope}) as stopped:
                if stopped is None and not self._hold.in_time:
                    stopped = "this worker's lease may have ended"
                if stopped is not None:
                    return Held(stopped)
                self._sends += 1
                ask = self.venue.replace if is_replacement(order, body) else self.venue.send
                said = await ask(order, body, timeout=self._patience.send)
            fault = Fault.DOUBT if isinstance(said, Unknown) else None
            return said
        finally:
            if stopped is not None:
                self._breaker.gave_up()
            elif fault is None:
                self._answered += 1
                self._breaker.succeeded()
            else:
                self._breaker.failed(_now(), fault)

    def _resting(self) -> WorldFailed:
        return WorldFailed(f"{self.venue.name} is not answering", fix="it is tried again by itself")


@lru_cache(maxsize=256)
def _between_reads(pace: int) -> timedelta:
    return max(GATHERS, timedelta(seconds=READS) / pace)


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
