"""One order's way out: into its venue's line, and in its turn from the last check to the venue's answer.

Rule 1: in line nothing of it is written but where it goes. What is asked last is asked in its turn: whether
    it is to leave still, and of its bytes whether people decided on them; then the intent is written, and
    those bytes go.
Rule 2: without an intent nobody can have it. One whose venue goes away meanwhile is routed anew.
Rule 3: with an intent it goes to that venue and to no other, until the venue's word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from core.errors import IllegalTransition, IntegrityLost, WorldFailed
from core.execution.cancelling import pending_cancel
from core.execution.last_check import RecordOf, asked
from core.execution.lease import Hold
from core.execution.line import Held, Line
from core.execution.outbox import Outbox
from core.execution.replacing import body_of
from core.execution.reports import AWAY, Reports
from core.execution.troubles import Troubles
from core.execution.waits import Waits, Why
from core.execution.working import Working
from core.halts.watch import Stops
from core.ids import VenueName
from core.orders.order import Status
from core.venues.venue import Sending, Unknown

log = structlog.get_logger(__name__)

Stopped = Callable[[Working, Line], str | None]
"""What halt covers it at its venue."""


class Sender:
    """One per executor."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        reports: Reports,
        troubles: Troubles,
        waits: Waits,
        record_of: RecordOf,
        stops: Stops,
        hold: Hold,
        stopped: Stopped,
    ) -> None:
        self._outbox = outbox
        self._reports = reports
        self._troubles = troubles
        self._waits = waits
        self._record_of = record_of
        self._stops = stops
        self._hold = hold
        self._stopped = stopped

    async def send(self, work: Working, line: Line) -> None:
        """Stand in line, write the intent, send, write the answer. It may come back where it was."""
        name, order, body = line.venue.name, work.released, body_of(work)
        await self._reports.caught_up[name].wait()
        if line.waiting:
            self._waits.for_(order.id, Why.IN_LINE, f"{line.waiting} orders are before it at {name}")
        said = await self._sent(work, line, body)
        if said is None:
            if work.state.status is Status.SENT:
                await pause(AWAY)  # another worker has it: what this one believes is over
            return
        if isinstance(said, Held):
            work.unsent = True  # a halt came between the intent and the venue: it waits
            self._waits.held(order, said.why, self._stops.why)
            return
        if isinstance(said, Unknown):
            self._waits.for_(order.id, Why.IN_DOUBT, f"{name} has not said whether it has it")
            await self._outbox.doubted(work, name, said)
        else:
            await self._outbox.answered(work, name, said)
        self._reports.settle(work, line)

    async def _sent(self, work: Working, line: Line, body: bytes) -> Sending | Held | None:
        """The venue's answer, tried for as long as it has an intent. None: it did not leave."""
        name, order = line.venue.name, work.released
        while True:
            try:
                return await line.send(order, body, lambda: self._leaves(work, line, body))
            except WorldFailed as away:
                log.info("venue_away", venue=name, order=order.id, says=away.says)
                self._waits.for_(order.id, Why.VENUE_AWAY, f"{name} does not answer")
                if work.state.status is not Status.SENT:
                    return None  # nothing of it is there, or somebody asked to cancel it
                await pause(AWAY)  # nothing was accepted: the same bytes under the same intent
            except IntegrityLost as lost:
                self._troubles.alarm("venue_contradicts", lost.says, order=order.id, venue=name)
                raise

    async def _leaves(self, work: Working, line: Line, body: bytes) -> bool:
        """Whether it leaves in this turn of its own; its intent is on record then."""
        if work.state.status is Status.SENT and not work.nowhere:
            return True  # tried again: all this was asked a moment ago
        if not _wanted(work):
            return False
        await self._withhold_undecided(work, line.venue.name, body)
        if not _wanted(work):
            return False
        if work.state.status is not Status.SENT:
            if self._stopped(work, line) is not None:
                return False
            await self._outbox.sent(work, line.venue.name, body)
        elif not await self._hold.holds(work.released.id):
            return False
        work.never_seen = work.unsent = False
        line.open.add(work.released.id)
        return True

    async def _withhold_undecided(self, work: Working, venue: VenueName, body: bytes) -> None:
        """Return where people decided on exactly these bytes. Asked again for as long as the journal is away.

        Raises:
            IllegalTransition: they did not. Nothing is sent, and an entry says so.
        """
        order = work.released
        while True:
            try:
                why = await asked(order, venue, body, self._record_of)
                break
            except WorldFailed as away:
                log.info("record_away", order=order.id, says=away.says)
                self._waits.for_(order.id, Why.RECORD_AWAY, "the database does not answer")
                await pause(AWAY)
        if why is not None:
            await self._outbox.withheld(work, venue, body, why)
            raise IllegalTransition(
                f"order {order.id!r} is not what people decided on: {why}",
                fix="run `gatehouse audit verify`; a person must look",
            )


def _wanted(work: Working) -> bool:
    """Whether nobody ended it or asked to, while it stood in line. Asked anew: others write meanwhile."""
    return not work.over and not pending_cancel(work)


async def pause(duration: timedelta) -> None:
    await asyncio.sleep(duration.total_seconds())
