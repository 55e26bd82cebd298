"""What the worker does with released orders, from the release to the venue's last word.

Rule 1: an order that may be at a venue is looked up before anything else is done with it.
Rule 2: route, write the intent, send those bytes, write what came of it. Nothing is sent that is not
    written.
Rule 3: in doubt it looks up until the venue's word is there. Only "never seen" sends again, with the same
    id. An intent that stands and was not doubted is not written again: whoever dies again and again gets
    on all the same.
Rule 4: what is halted is neither routed nor sent: it waits, asked again, until it is resumed or the day
    ends. Look-ups and bookings go on.
Rule 5: an order that cannot go on stays where it is, is named in `troubles`, and stops no other order;
    `alarms` is what a person should hear of, with what a halt would name.
Rule 6: what leaves is what people decided on, by the record's own text: asked last, of its bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import structlog

from core.errors import IllegalTransition, NotFound, WorldFailed
from core.execution.at_work import AtWork
from core.execution.board import Board
from core.execution.cancelling import Canceller
from core.execution.choosing import Choosing
from core.execution.last_check import RecordOf
from core.execution.lease import Hold
from core.execution.line import Line, Patience
from core.execution.outbox import NOT_SENT, Outbox, Record
from core.execution.replacing import Replacer
from core.execution.reports import AWAY, Elsewhere, Find, Reports
from core.execution.sending import Sender, pause
from core.execution.troubles import Troubles
from core.execution.waits import Waits, Why
from core.execution.working import AT_VENUE, IN_DOUBT, Working, working
from core.halts.watch import Stops
from core.ids import CustodianId, OrderId, VenueName
from core.orders.order import Status
from core.orders.released import ReleasedOrder
from core.routing.router import Grounds
from core.routing.rules import RulesOf
from core.venues.venue import Venue

STOPS_AGAIN: Final = timedelta(milliseconds=100)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account's custodian allows: the venues that it settles with, and dollars an order."""

    venues: frozenset[VenueName]
    ticket_fee: Decimal


TermsOf = Callable[[CustodianId], Terms]
"""Raises NotFound: not known, or not yet."""


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
        rules_of: RulesOf,
        patience: Patience,
        stops: Stops,
        hold: Hold,
    ) -> None:
        self._stops = stops
        self._lines = {venue.name: Line(venue, patience, stops, hold) for venue in venues}
        self._scopes = frozenset(line.scope for line in self._lines.values())
        self._outbox = Outbox(record)
        self._terms_of = terms_of
        self._find = find
        self._between_lookups = patience.between_lookups
        self._orders = AtWork()
        self._troubles = Troubles()
        self._guarded = self._troubles.guarded
        self._waits = Waits()
        self.board = Board(self._lines)
        self._choosing = Choosing(self.board, rules_of)
        self.reports = Reports(
            self._lines, self._orders, self._outbox, self._troubles, self._waits, self._choosing, find
        )
        self._sender = Sender(
            outbox=self._outbox,
            reports=self.reports,
            troubles=self._troubles,
            waits=self._waits,
            record_of=record_of,
            stops=stops,
            hold=hold,
            stopped=self._stopped,
        )
        self._canceller = Canceller(self._outbox, self._line, self.reports.look_up, patience.between_lookups)
        self._replacer = Replacer(
            self._outbox, self._line, self.reports.look_up, self._known, patience.between_lookups
        )
        self._to_cancel: asyncio.Queue[Working] = asyncio.Queue()
        self._taken: asyncio.Queue[Working] = asyncio.Queue()
        self._running: set[asyncio.Task[None]] = set()
        self.troubles = self._troubles.orders
        self.alarms = self._troubles.alarms
        self.waits = self._waits.now

    async def start(self, orders: Iterable[Working]) -> None:
        """Take over orders that have not ended, and look up those that may be at a venue.

        A venue that is away now is caught up with when it is back; until then nothing is sent to it.
        """
        found = list(orders)
        for work in found:
            self._add(work)
        await asyncio.gather(*(self.reports.try_to_catch_up(line) for line in self._lines.values()))
        for work in found:
            if work.state.status in NOT_SENT | IN_DOUBT or work.replaces or work.asked_by is not None:
                self._taken.put_nowait(work)

    def take(self, order: ReleasedOrder) -> None:
        """Execute a released order. The same order again changes nothing."""
        if order.id not in self._orders:
            self.take_over(working(order))

    def take_over(self, work: Working) -> None:
        """Go on with an order where the record stands. One that is at work here already is not touched."""
        known = self._orders.get(work.released.id)
        if known is None or known.over:
            self._add(work)
            work.not_asked = work.state.sent and work.state.status in AT_VENUE
            self._taken.put_nowait(work)

    @property
    def unended(self) -> int:
        """Orders at work."""
        return self._orders.unended

    @property
    def unsent(self) -> int:
        """Orders at work that no venue may have."""
        return sum(work.state.status in NOT_SENT for work in self._orders)

    def open_orders(self) -> tuple[Mapping[str, str | None], ...]:
        """Every order that has not ended, for whoever halts while the record cannot be read."""
        return self._orders.open()

    def cancel(self, order: OrderId) -> None:
        """End an order that somebody asked to cancel. The same order again changes nothing."""
        work = self._orders.get(order)
        if work is not None and not work.to_cancel:
            work.to_cancel = True
            self._to_cancel.put_nowait(work)

    def redrive(self, order: OrderId, asked: int) -> None:
        """Try an order in trouble again, from its venue's word on: once for each time that it was `asked`."""
        work = self._orders.get(order)
        if work is not None and order in self.troubles and work.redriven < asked:
            work.redriven = asked
            self._troubles.over(order)
            work.not_asked = work.state.sent and work.state.status in AT_VENUE
            self._taken.put_nowait(work)

    async def set_aside(self) -> None:
        """Put on record what cannot go on, once for each time."""
        for order, work in list(self._troubles.untold.items()):
            await self._outbox.set_aside(work, self.troubles.get(order, ""))
            self._troubles.untold.pop(order, None)

    async def expire(self, session: str) -> None:
        """Write the end of orders that went nowhere before `session` ended. Venues end their own."""
        for work in self._orders:
            if work.state.status in NOT_SENT or work.unsent:
                await self._guarded(work, self._outbox.expired(work, session))
                self._waits.over(work.released.id)
                if work.over:
                    self._orders.ended(work)

    async def run(self) -> None:
        """Until it is cancelled.

        Raises:
            IntegrityLost: in the group that it raises; a venue contradicts itself or us. Stop everything.
        """
        async with asyncio.TaskGroup() as tasks:
            for line in self._lines.values():
                tasks.create_task(self.reports.follow(line), name=f"reports of {line.venue.name}")
            tasks.create_task(self._cancels(tasks), name="cancels")
            try:
                while True:
                    work = await self._taken.get()
                    self._begin(tasks, work, self._carry(work))
            finally:
                await self._stop()

    async def _cancels(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            work = await self._to_cancel.get()
            self._begin(tasks, work, self._cancel(work))

    def _begin(self, tasks: asyncio.TaskGroup, work: Working, doing: Awaitable[None]) -> None:
        task = tasks.create_task(self._guarded(work, doing), name=work.released.id)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _stop(self) -> None:
        """Cancel until it is done: who is told to stop in the moment its time is over may hear only that."""
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running, timeout=STOPS_AGAIN.total_seconds())

    async def _cancel(self, work: Working) -> None:
        await self._canceller.carry(work)
        self._waits.over(work.released.id)
        if work.over:
            self._orders.ended(work)

    def _add(self, work: Working) -> None:
        self._orders.add(work)
        line = self._line(work)
        if line is not None and work.state.status in AT_VENUE:
            line.open.add(work.released.id)

    async def _known(self, order: OrderId) -> Working | None:
        """An order, whether it is at work or has ended; None: never released here. One that another worker
        has is waited for: it ends, or comes here."""
        while (known := self._orders.get(order)) is None:
            found = await self._find(order)
            if not isinstance(found, Elsewhere):
                return found
            if found.ended is not None:
                return found.ended
            await pause(AWAY)
        return known

    # One order, to the venue's answer

    async def _carry(self, work: Working) -> None:
        if work.replaces:
            await self._replacer.ready(work)
        while work.not_asked or work.state.status in NOT_SENT | IN_DOUBT:
            async with work.talking:
                to_do = work.not_asked or work.state.status in NOT_SENT | IN_DOUBT
                went_on = not to_do or await self._step(work)
            if not went_on:
                await pause(AWAY)
        if work.replaces:
            await self._replacer.done(work)
        await self._replacer.over(work)
        self._waits.over(work.released.id)

    async def _step(self, work: Working) -> bool:
        """One step toward the venue's answer. False: nothing can be done now."""
        line = self._line(work)
        in_doubt = work.state.status in IN_DOUBT
        if work.not_asked or (in_doubt and not work.nowhere):
            await self._resolve(work, line)
            return True
        stopped = self._stopped(work, line)
        if stopped is not None and await self._broken_up(work):
            return True
        if stopped is not None:
            self._waits.held(work.released, stopped, self._stops.why)
            return False
        if in_doubt:
            await self._resolve(work, line)
            return True
        if work.state.status is Status.ROUTED and line is not None and line.answering:
            await self._sender.send(work, line)
            return True
        return not work.in_place and await self._choose(work)

    def _stopped(self, work: Working, line: Line | None) -> str | None:
        """What halt covers it: before it is routed, wherever; then, at its venue."""
        order = work.released
        return self._stops.lately(order.scopes) if line is None else line.stopped(order)

    async def _broken_up(self, work: Working) -> bool:
        """Whether a block ended, before a venue has it, because some of it may not go: the rest goes anew."""
        if work.state.sent or len({self._stops.why(m.scopes) is None for m in work.released.members}) < 2:
            return False
        await self._outbox.cancelled(work)
        self._orders.ended(work)
        return True

    def _stopped_venues(self) -> list[VenueName]:
        lines = self._lines
        if self._stops.lately(self._scopes) is None:
            return []
        return [name for name, line in lines.items() if self._stops.lately({line.scope})]

    async def _choose(self, work: Working) -> bool:
        """Whether a venue was chosen and written down."""
        order = work.released
        try:
            terms = self._terms_of(order.custodian)
        except NotFound as unknown:
            self._waits.for_(order.id, Why.NO_VENUE, unknown.says)
            return False
        grounds = Grounds(terms.venues, self._stopped_venues(), terms.ticket_fee)
        routing = await self._choosing.choose(order, grounds)
        if routing.venue is None:
            says = "; ".join(score.says for score in routing.scores) or "no venue answers"
            log.info("order_waits", order=order.id, says=says)
            self._waits.for_(order.id, Why.NO_VENUE, says)
            return False
        work.quote = routing.quote
        await self._outbox.routed(work, routing, routing.venue)
        return True

    async def _resolve(self, work: Working, line: Line | None) -> None:
        """Ask for the venue's word on an order that may be there, and act on it."""
        if line is None:
            raise IllegalTransition(
                f"order {work.released.id!r} is at {work.state.venue!r}, which is not among the venues",
                fix="add that venue to the settings again",
            )
        if work.nowhere and not work.not_asked:
            await self._sender.send(work, line)
            return
        try:
            await self.reports.look_up(work, line)
            work.not_asked = False
        except WorldFailed as away:
            log.info("venue_away", venue=line.venue.name, order=work.released.id, says=away.says)
            self._waits.for_(work.released.id, Why.VENUE_AWAY, f"{line.venue.name} does not answer")
            await pause(self._between_lookups)

    def _line(self, work: Working) -> Line | None:
        return None if work.state.venue is None else self._lines.get(work.state.venue)
