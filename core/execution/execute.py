"""What the worker does with released orders, from the release to the venue's last word.

Rule 1: at start every order that may be at a venue is looked up before anything is sent there.
Rule 2: route, write the intent, send those bytes, write what came of it. Nothing is sent that is not written.
Rule 3: in doubt it looks up until the venue's word is there. Only "never seen" sends again, with the same id.
Rule 4: there is no cursor to lose: a start begins at the venue's newest report, and look-ups tell the rest.
Rule 5: what is halted is neither routed nor sent: it waits, asked again, until it is resumed or the day ends.
    Look-ups and bookings go on.
Rule 6: an order that cannot go on stays where it is, is named in `troubles`, and stops no other order;
    `alarms` is what a person should hear of, with what a halt would name.
Rule 7: what leaves is what people decided on, by the record's own text: asked last, of the bytes themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import structlog

from core.errors import IllegalTransition, IntegrityLost, WorldFailed
from core.execution.board import Board
from core.execution.cancelling import Canceller, pending_cancel
from core.execution.last_check import Chained, undecided
from core.execution.line import Held, Line, Patience
from core.execution.outbox import NOT_SENT, Outbox, Record
from core.execution.replacing import Replacer, body_of
from core.execution.troubles import Troubles
from core.execution.working import AT_VENUE, IN_DOUBT, Working, working
from core.halts.watch import Stops
from core.ids import CustodianId, OrderId, ProposalId, VenueName
from core.orders.order import Status
from core.orders.released import ReleasedOrder
from core.routing.router import route
from core.routing.score import Weights
from core.venues.venue import Ended, Execution, Found, NotKnown, Page, Rejected, Report, Unknown, Venue

AWAY: Final = timedelta(milliseconds=500)
"""Before asking again: a venue that is away, or an order that no venue may have now."""
REMEMBERED: Final = 20_000
"""Ended orders that are still known without asking the journal, for copies and late reports."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account's custodian allows: the venues that it settles with, and dollars an order."""

    venues: frozenset[VenueName]
    ticket_fee: Decimal


TermsOf = Callable[[CustodianId], Terms]
Find = Callable[[OrderId], Awaitable[Working | None]]
"""The journal's word on an order that is not at work; None: never released here."""
RecordOf = Callable[[OrderId, ProposalId], Awaitable[Sequence[Chained]]]
"""The journal's own text of an order and of its proposal."""


class Executor:
    """One per worker: `await start(...)`, then `run()` beside everything else; `take` at any time."""

    def __init__(
        self,
        *,
        record: Record,
        venues: Sequence[Venue],
        terms_of: TermsOf,
        find: Find,
        record_of: RecordOf,
        weights: Weights,
        patience: Patience,
        stops: Stops,
    ) -> None:
        self._stops = stops
        self._lines = {venue.name: Line(venue, patience, stops) for venue in venues}
        self._caught_up = {venue.name: asyncio.Event() for venue in venues}
        self._cursors: dict[VenueName, str] = {}
        self._outbox = Outbox(record)
        self._terms_of = terms_of
        self._find = find
        self._record_of = record_of
        self._weights = weights
        self._between_lookups = patience.between_lookups
        self._canceller = Canceller(self._outbox, self._line, self._look_up, patience.between_lookups)
        self._replacer = Replacer(
            self._outbox, self._line, self._look_up, self._known, patience.between_lookups
        )
        self._cancelled: set[OrderId] = set()
        self._to_cancel: asyncio.Queue[Working] = asyncio.Queue()
        self._orders: dict[OrderId, Working] = {}
        self._taken: asyncio.Queue[Working] = asyncio.Queue()
        self.board = Board(self._lines)
        self._troubles = Troubles()
        self._guarded = self._troubles.guarded
        self.troubles = self._troubles.orders
        self.alarms = self._troubles.alarms

    async def start(self, orders: Iterable[Working]) -> None:
        """Take over every order that has not ended, and look up those that may be at a venue.

        A venue that is away now is caught up with when it is back; until then nothing is sent to it.
        """
        for work in orders:
            self._orders[work.released.id] = work
            if work.state.venue in self._lines and work.state.status in AT_VENUE:
                self._lines[work.state.venue].open.add(work.released.id)
        await asyncio.gather(*(self._try_to_catch_up(line) for line in self._lines.values()))
        for work in list(self._orders.values()):
            if work.state.status in NOT_SENT | IN_DOUBT or work.released.replaces is not None:
                self._taken.put_nowait(work)
            if work.asked_by is not None and work.asked_by not in self._orders:
                self._taken.put_nowait(await self._replacer.ended(work.asked_by))

    def take(self, order: ReleasedOrder) -> None:
        """Execute a released order. The same order again changes nothing."""
        if order.id not in self._orders:
            self._orders[order.id] = work = working(order)
            self._taken.put_nowait(work)

    def open_orders(self) -> tuple[Mapping[str, str | None], ...]:
        """Every order that has not ended, for whoever halts while the record cannot be read."""
        orders = list(self._orders.values())  # whoever asks may be another thread
        return tuple(work.told() for work in orders if not work.over)

    def cancel(self, order: OrderId) -> None:
        """End an order that somebody asked to cancel. The same order again changes nothing."""
        work = self._orders.get(order)
        if work is not None and order not in self._cancelled:
            self._cancelled.add(order)
            self._to_cancel.put_nowait(work)

    async def expire(self, session: str) -> None:
        """Write the end of orders that went nowhere before `session` ended. Venues end their own."""
        for work in list(self._orders.values()):
            if work.state.status in NOT_SENT or work.unsent:
                await self._guarded(work, self._outbox.expired(work, session))

    async def run(self) -> None:
        """Until it is cancelled.

        Raises:
            IntegrityLost: in the group that it raises; a venue contradicts itself or us. Stop everything.
        """
        async with asyncio.TaskGroup() as tasks:
            for line in self._lines.values():
                tasks.create_task(self._follow(line), name=f"reports of {line.venue.name}")
            tasks.create_task(self._cancels(tasks), name="cancels")
            while True:
                work = await self._taken.get()
                tasks.create_task(self._guarded(work, self._carry(work)), name=work.released.id)

    async def _cancels(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            work = await self._to_cancel.get()
            carried = self._guarded(work, self._canceller.carry(work))
            tasks.create_task(carried, name=f"cancel {work.released.id}")

    # One order, to the venue's answer

    async def _carry(self, work: Working) -> None:
        if work.released.replaces is not None:
            await self._replacer.ready(work)
        while work.state.status in NOT_SENT | IN_DOUBT:
            async with work.talking:
                went_on = work.state.status not in NOT_SENT | IN_DOUBT or await self._step(work)
            if not went_on:
                await _pause(AWAY)
        if work.released.replaces is not None:
            await self._replacer.done(work)

    async def _step(self, work: Working) -> bool:
        """One step toward the venue's answer. False: nothing can be done now."""
        line = self._line(work)
        in_doubt = work.state.status in IN_DOUBT
        if in_doubt and not work.nowhere:
            await self._resolve(work, line)
            return True
        if self._stopped(work, line):
            return False
        if in_doubt:
            await self._resolve(work, line)
            return True
        if work.state.status is Status.ROUTED and line is not None and line.answering:
            await self._send(work, line)
            return True
        return not work.in_place and await self._choose(work)

    def _stopped(self, work: Working, line: Line | None) -> bool:
        """Whether a halt covers it: before it is routed, wherever; then, at its venue."""
        order = work.released
        return (self._stops.why(order.scopes) if line is None else line.stopped(order)) is not None

    async def _choose(self, work: Working) -> bool:
        """Whether a venue was chosen and written down."""
        order = work.released
        terms = self._terms_of(order.custodian)
        views = await self.board.views(order.symbol)
        routing = route(
            order,
            views,
            permitted=terms.venues,
            stopped=[name for name, line in self._lines.items() if self._stops.why({line.scope})],
            ticket_fee=terms.ticket_fee,
            weights=self._weights,
        )
        if routing.venue is None:
            log.info("order_waits", order=order.id, says=[score.says for score in routing.scores])
            return False
        work.quote = next(view.quote for view in views if view.name == routing.venue)
        await self._outbox.routed(work, routing, routing.venue)
        return True

    async def _send(self, work: Working, line: Line) -> None:
        """Write the intent, send, write the answer."""
        name, body = line.venue.name, body_of(work)
        await self._caught_up[name].wait()
        await self._withhold_undecided(work, name, body)
        if pending_cancel(work):
            return  # asked for meanwhile: nothing is sent any more
        await self._outbox.sent(work, name, body)
        work.never_seen = work.unsent = False
        line.open.add(work.released.id)
        while True:
            try:
                said = await line.send(work.released, body)
                break
            except WorldFailed as away:
                log.info("venue_away", venue=name, order=work.released.id, says=away.says)
                if pending_cancel(work):
                    return
                await _pause(AWAY)  # nothing was accepted: the same bytes under the same intent
            except IntegrityLost as lost:
                self._troubles.alarm("venue_contradicts", lost.says, order=work.released.id, venue=name)
                raise
        if isinstance(said, Held):
            work.unsent = True  # a halt came between the intent and the venue: it waits
            return
        if isinstance(said, Unknown):
            await self._outbox.doubted(work, name, said)
        else:
            await self._outbox.answered(work, name, said)
        self._settle(work, line)

    async def _withhold_undecided(self, work: Working, venue: VenueName, body: bytes) -> None:
        """Return where people decided on exactly these bytes. Asked again for as long as the journal is away.

        Raises:
            IllegalTransition: they did not. Nothing is sent, and an entry says so.
        """
        order = work.released
        while True:
            try:
                record = await self._record_of(order.id, order.proposal)
                break
            except WorldFailed as away:
                log.info("record_away", order=order.id, says=away.says)
                await _pause(AWAY)
        why = undecided(body, order.id, venue, record)
        if why is not None:
            await self._outbox.withheld(work, venue, body, why)
            raise IllegalTransition(
                f"order {order.id!r} is not what people decided on: {why}",
                fix="run `gatehouse audit verify`; a person must look",
            )

    async def _resolve(self, work: Working, line: Line | None) -> None:
        """Ask for the venue's word on an order that may be there, and act on it."""
        if line is None:
            raise IllegalTransition(
                f"order {work.released.id!r} is at {work.state.venue!r}, which is not among the venues",
                fix="add that venue to the settings again",
            )
        if work.nowhere:
            await self._send(work, line)
            return
        try:
            await self._look_up(work, line)
        except WorldFailed as away:
            log.info("venue_away", venue=line.venue.name, order=work.released.id, says=away.says)
            await _pause(self._between_lookups)

    async def _believe(self, work: Working, line: Line, said: Found | Rejected) -> None:
        name = line.venue.name
        if isinstance(said, Rejected):
            if work.state.status in IN_DOUBT:
                await self._outbox.answered(work, name, said)
        else:
            await self._outbox.found(work, name, said)
        self._settle(work, line)

    # One venue's reports

    async def _follow(self, line: Line) -> None:
        name = line.venue.name
        while True:
            try:
                if name not in self._cursors:
                    await self._catch_up(line)
                page = await line.reports(self._cursors[name])
            except WorldFailed as away:
                log.info("venue_away", venue=name, says=away.says)
                await _pause(AWAY)
                continue
            await self._take_in(line, page)
            self._cursors[name] = page.cursor

    async def _try_to_catch_up(self, line: Line) -> None:
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
            for work in self._orders.values()
            if work.state.venue == name and work.state.sent and work.state.status in AT_VENUE
        ]
        await asyncio.gather(*(self._guarded(work, self._look_up(work, line)) for work in there))
        self._cursors[name] = cursor
        self._caught_up[name].set()

    async def _look_up(self, work: Working, line: Line) -> None:
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
        work = await self._known(order)
        if work is None:
            says = f"{line.venue.name} reports order {order!r}, which was never released here"
            self._troubles.of(order, line.venue.name, says)
            return
        await self._guarded(work, self._write(work, line, told))

    async def _known(self, order: OrderId) -> Working | None:
        """The one `Working` of an order, whether it is at work or has ended."""
        work = self._orders.get(order) or await self._find(order)
        return None if work is None else self._orders.setdefault(order, work)

    async def _write(self, work: Working, line: Line, told: Sequence[Report]) -> None:
        name = line.venue.name
        done = tuple(one for one in told if isinstance(one, Execution))
        for one in await self._outbox.filled(work, name, done):
            improvement = work.improvement(one)
            if improvement is not None:
                line.executed(improvement)
        for said in told:
            if isinstance(said, Ended):
                await self._outbox.ended(work, name, said)
            elif not isinstance(said, Execution):
                self._troubles.of(work.released.id, name, f"{name} says of it: {said!r}")
        self._settle(work, line)

    def _line(self, work: Working) -> Line | None:
        return None if work.state.venue is None else self._lines.get(work.state.venue)

    def _settle(self, work: Working, line: Line) -> None:
        if work.over:
            line.open.discard(work.released.id)
            self._troubles.over(work.released.id)
            self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        if len(self._orders) <= REMEMBERED:
            return
        ended = (order for order, work in self._orders.items() if work.over)
        for order in [order for order, _ in zip(ended, range(REMEMBERED // 10), strict=False)]:
            del self._orders[order]


async def _pause(duration: timedelta) -> None:
    await asyncio.sleep(duration.total_seconds())
