"""What the venues tell: their reports as they come, and their word on an order that is asked for.

Rule 1: there is no cursor to lose: it begins at the venue's newest report, and look-ups tell the rest.
Rule 2: every order that may be at a venue is looked up when this worker takes it over, and nothing is sent
    to a venue before those were asked about that were here at the start.
Rule 3: what a worker had not read when it died is heard once a comparison has found the difference: the order
    is looked up again, also where it has ended (`hear`).
Rule 4: what is another worker's is left to that one. What is nobody's is taken; what was never released
    here is trouble that a person should see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from core.errors import IllegalTransition, WorldFailed
from core.execution.at_work import AtWork
from core.execution.cancelling import pending_cancel
from core.execution.choosing import Choosing
from core.execution.line import Line
from core.execution.outbox import Outbox
from core.execution.troubles import Troubles
from core.execution.waits import Waits
from core.execution.working import AT_VENUE, IN_DOUBT, Working
from core.ids import OrderId, VenueName
from core.venues.venue import Busted, Corrected, Ended, Execution, Found, NotKnown, Page, Rejected, Report

AWAY: Final = timedelta(milliseconds=500)
"""Before asking again: a venue that is away, or an order that no venue may have now."""
ELSEWHERE_FOR: Final = timedelta(seconds=5)
"""How long an order is believed to be another worker's before that is asked again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An order that another worker has. `ended`: what the record says of it, where it is over."""

    ended: Working | None = None


Find = Callable[[OrderId], Awaitable[Working | Elsewhere | None]]
"""The record's word on an order that is not at work here; None: never released here."""


class Reports:
    """One per executor."""

    def __init__(
        self,
        lines: Mapping[VenueName, Line],
        orders: AtWork,
        outbox: Outbox,
        troubles: Troubles,
        waits: Waits,
        choosing: Choosing,
        find: Find,
    ) -> None:
        self._lines = lines
        self._orders = orders
        self._outbox = outbox
        self._troubles = troubles
        self._waits = waits
        self._choosing = choosing
        self._find = find
        self._cursors: dict[VenueName, str] = {}
        self._elsewhere: dict[OrderId, timedelta] = {}
        self.caught_up = {name: asyncio.Event() for name in lines}

    async def follow(self, line: Line) -> None:
        """Until it is cancelled."""
        name = line.venue.name
        while True:
            try:
                if name not in self._cursors:
                    await self._catch_up(line)
                page = await line.reports(self._cursors[name])
            except WorldFailed as away:
                log.info("venue_away", venue=name, says=away.says)
                await asyncio.sleep(AWAY.total_seconds())
                continue
            await self._take_in(line, page)
            self._cursors[name] = page.cursor

    async def try_to_catch_up(self, line: Line) -> None:
        try:
            await self._catch_up(line)
        except WorldFailed as away:
            log.info("venue_away", venue=line.venue.name, says=away.says)

    async def _catch_up(self, line: Line) -> None:
        """The cursor first, then a look-up of each order that may be there: nothing falls between."""
        name = line.venue.name
        cursor = await line.newest()
        there = [
            work
            for work in self._orders
            if work.state.venue == name and work.state.sent and work.state.status in AT_VENUE
        ]
        await asyncio.gather(*(self._troubles.guarded(work, self.look_up(work, line)) for work in there))
        self._cursors[name] = cursor
        self.caught_up[name].set()

    async def look_up(self, work: Working, line: Line) -> None:
        """Ask for the venue's word on one order, and write it.

        Raises:
            WorldFailed: no answer that can be read.
            IllegalTransition: the venue's word cannot be.
        """
        said = await line.lookup(work.released.id)
        if not isinstance(said, NotKnown):
            await self._believe(work, line, said)
        elif work.state.status in IN_DOUBT or (pending_cancel(work) and not work.known_there):
            work.never_seen = True
        else:
            raise IllegalTransition(
                f"{line.venue.name} accepted order {work.released.id!r} and says that it never saw it",
                fix="ask the venue for its record of that order",
            )

    async def hear(self, order: OrderId) -> bool:
        """Ask for the venue's word on an order of which it says other than the record, and write what is new.
        False: it is another worker's.

        Raises:
            WorldFailed: no answer that can be read.
        """
        work = self._orders.get(order) or await self._sought(order)
        if isinstance(work, Elsewhere):
            return False
        line = self._lines.get(work.state.venue) if work is not None and work.state.venue else None
        if work is not None and line is not None:
            said = await line.lookup(order)
            if isinstance(said, Found):
                await self._troubles.guarded(work, self._believe(work, line, said))
        return True

    def settle(self, work: Working, line: Line) -> None:
        """Forget what is over."""
        if work.over:
            self._choosing.ended(work, line)
            line.open.discard(work.released.id)
            self._troubles.over(work.released.id)
            self._waits.over(work.released.id)
            self._orders.ended(work)

    async def _believe(self, work: Working, line: Line, said: Found | Rejected) -> None:
        name = line.venue.name
        if isinstance(said, Rejected):
            if work.state.status in IN_DOUBT:
                await self._outbox.answered(work, name, said)
        else:
            await self._outbox.found(work, name, said)
        self.settle(work, line)

    async def _take_in(self, line: Line, page: Page) -> None:
        """Write a page: each order's reports in their order, different orders together."""
        by_order: dict[OrderId, list[Report]] = {}
        for one in page.reports:
            if one.order is None:
                log.error("report_unknown", venue=line.venue.name, says=repr(one))
            else:
                by_order.setdefault(one.order, []).append(one)
        await asyncio.gather(*(self._reported(line, order, told) for order, told in by_order.items()))

    async def _reported(self, line: Line, order: OrderId, told: Sequence[Report]) -> None:
        work = self._orders.get(order) or await self._sought(order)
        if work is None:
            self._troubles.of(
                order,
                line.venue.name,
                f"{line.venue.name} reports order {order!r}, which was never released here",
            )
        elif not isinstance(work, Elsewhere):
            await self._troubles.guarded(work, self._write(work, line, told))

    async def _sought(self, order: OrderId) -> Working | Elsewhere | None:
        now = timedelta(seconds=asyncio.get_running_loop().time())
        if self._elsewhere.get(order, now) > now:
            return Elsewhere()
        found = await self._find(order)
        if isinstance(found, Elsewhere):
            self._elsewhere.pop(order, None)
            self._elsewhere[order] = now + ELSEWHERE_FOR  # so the oldest stand first
            while self._elsewhere[oldest := next(iter(self._elsewhere))] <= now:
                del self._elsewhere[oldest]
        elif found is not None:
            known = self._orders.get(order)  # taken meanwhile
            if known is not None:
                return known
            self._orders.add(found)
        return found

    async def _write(self, work: Working, line: Line, told: Sequence[Report]) -> None:
        name = line.venue.name
        done = tuple(one for one in told if isinstance(one, Execution))
        for one in await self._outbox.filled(work, name, done):
            self._choosing.executed(work, one)
        for said in told:
            if isinstance(said, Ended):
                await self._outbox.ended(work, name, said)
            elif isinstance(said, Busted | Corrected):
                await self._outbox.changed(work, name, (said,))
            elif not isinstance(said, Execution):
                self._troubles.of(work.released.id, name, f"{name} says of it: {said!r}")
        self.settle(work, line)
