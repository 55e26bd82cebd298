"""Writing what happens to an order: durable first, then believed.

Rule 1: a fact is written before anything is done because of it; the state in memory follows the journal.
Rule 2: every entry has a key, so writing is tried again for as long as the journal is away, and is done once.
Rule 3: executions are counted by the venue's own id; copies are not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

import stamina
import structlog

from core.errors import Conflict, OutcomeUnknown, Refused, WorldFailed
from core.execution import entries
from core.execution.changing import change
from core.execution.working import Working
from core.fact import Entry
from core.ids import VenueName
from core.ledger.envelope import Recorded
from core.orders.order import Status
from core.routing.router import Routing
from core.venues.venue import Accepted, Change, Ended, Execution, Found, Rejected, Unknown, digest_of

FIRST_PAUSE: Final = timedelta(milliseconds=100)
LONGEST_PAUSE: Final = timedelta(seconds=2)
NOT_SENT: Final = frozenset({Status.RELEASED, Status.ROUTED})

log = structlog.get_logger(__name__)


class Record(Protocol):
    """Where facts are kept. `core.ledger.journal.Journal` is one."""

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]: ...


class Outbox:
    def __init__(self, record: Record) -> None:
        self._record = record

    async def routed(self, work: Working, routing: Routing, venue: VenueName) -> None:
        """What the choice rests on and the choice, together or not at all."""
        choice = work.choices + 1
        rests_on = entries.route_recorded(work.released, routing, choice=choice)
        entry = entries.routed(work.released, venue, routing.scores, choice=choice)
        async with work.busy:
            await self._append(work, entry, after=rests_on)

    async def sent(self, work: Working, venue: VenueName, body: bytes) -> None:
        """The intent to send exactly these bytes."""
        entry = entries.sent(work.released, venue, digest_of(body), attempt=work.attempts + 1)
        await self._write(work, entry)

    async def withheld(self, work: Working, venue: VenueName, body: bytes, says: str) -> None:
        """That exactly these bytes were not sent, and why. The order's state is what it was."""
        await durably(self._record, entries.withheld(work.released, venue, digest_of(body), says))

    async def set_aside(self, work: Working, says: str) -> None:
        """That it cannot go on by itself. One that is on record as that already, or is another's, is left."""
        try:
            await durably(self._record, entries.set_aside(work.released, says))
        except (Refused, Conflict) as no:
            log.info("not_set_aside", order=work.released.id, says=no.says)

    async def answered(self, work: Working, venue: VenueName, said: Accepted | Rejected) -> None:
        """Accepted twice is written once."""
        async with work.busy:
            if isinstance(said, Rejected):
                await self._append(work, entries.rejected(work.released, venue, said))
            elif work.state.venue_order is None:
                await self._append(work, entries.accepted(work.released, venue, said))

    async def doubted(self, work: Working, venue: VenueName, said: Unknown) -> None:
        await self._write(work, entries.doubted(work.released, venue, said, attempt=work.attempts))

    async def filled(
        self, work: Working, venue: VenueName, done: tuple[Execution, ...]
    ) -> tuple[Execution, ...]:
        """Write the executions that are not written yet, and return them.

        Raises:
            IllegalTransition: one is more than is open, or beyond the order's terms. It is not written.
        """
        async with work.busy:
            new = {one.id: one for one in done if one.id not in work.state.executions}
            for one in new.values():
                work.refuse_beyond_terms(one)
                await self._append(work, entries.filled(work.released, venue, one))
                for said in work.early.pop(one.id, ()):
                    await self._change(work, venue, said)
            await self._end_if_complete(work, venue)
            return tuple(new.values())

    async def changed(self, work: Working, venue: VenueName, told: Sequence[Change]) -> None:
        """Write what the venue takes back or changes of its executions, in its order.

        Raises:
            Refused: one cannot be: more shares than were reported, or than are open. It is not written.
        """
        async with work.busy:
            for said in told:
                await self._change(work, venue, said)

    async def ended(self, work: Working, venue: VenueName, said: Ended) -> None:
        """Written once every execution that it speaks of is."""
        async with work.busy:
            work.ended = said
            await self._end_if_complete(work, venue)

    async def found(self, work: Working, venue: VenueName, said: Found) -> tuple[Execution, ...]:
        """All that a look-up told: the acceptance, the executions, the end."""
        await self.answered(work, venue, said.accepted)
        new = await self.filled(work, venue, said.executions)
        await self.changed(work, venue, said.changes)
        if said.ended is not None:
            await self.ended(work, venue, said.ended)
        return new

    async def expired(self, work: Working, session: str) -> None:
        """The session ended before the order went anywhere. One that may be at a venue is left alone."""
        async with work.busy:
            if work.state.status in NOT_SENT or work.unsent:
                await self._append(work, entries.expired(work.released, session))

    async def cancelled(self, work: Working) -> None:
        """Somebody asked for it, and no venue has it."""
        async with work.busy:
            if not work.over:
                await self._append(work, entries.cancelled(work.released, work.state.venue))

    async def wrote(self, work: Working, entry: Entry) -> None:
        """Write one step of an order that is worked out elsewhere."""
        await self._write(work, entry)

    async def _end_if_complete(self, work: Working, venue: VenueName) -> None:
        said = work.ended
        done = work.state.filled + work.state.taken_back
        if said is not None and not work.over and done >= said.executed:
            await self._append(work, entries.ended(work.released, venue, said))

    async def _change(self, work: Working, venue: VenueName, said: Change) -> None:
        stands = work.stands.get(said.execution)
        if stands is None:
            work.early.setdefault(said.execution, []).append(said)
            return
        entry = change(work.released, venue, said, stands)
        if entry is None:
            return
        try:
            await self._append(work, entry)
        except Conflict:
            log.info("change_told_before", order=work.released.id, execution=said.execution)

    async def _write(self, work: Working, entry: Entry) -> None:
        async with work.busy:
            await self._append(work, entry)

    async def _append(self, work: Working, entry: Entry, *, after: tuple[Entry, ...] = ()) -> None:
        """Raises IllegalTransition, Refused or Conflict: nothing was written."""
        state = work.after(entry.fact)
        await durably(self._record, *after, entry)
        work.stood(entry.fact, state)


async def durably(record: Record, *entries: Entry) -> None:
    """Return when these are in the journal, together, however long it takes. Safe because each has a key."""
    try:
        await record.record(*entries)
    except (WorldFailed, OutcomeUnknown):
        await _sooner_or_later(record, entries)


async def _sooner_or_later(record: Record, entries: Sequence[Entry]) -> None:
    async for attempt in stamina.retry_context(
        on=(WorldFailed, OutcomeUnknown),
        attempts=None,
        timeout=None,
        wait_initial=FIRST_PAUSE,
        wait_max=LONGEST_PAUSE,
    ):
        with attempt:
            await record.record(*entries)
