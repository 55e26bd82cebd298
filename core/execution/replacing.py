"""What the worker does with an order that takes a live one's place at its venue.

Rule 1: what the old one executed after the new one's release is taken off the new one: together they never
    execute more than what was executed then and what the new one was released for.
Rule 2: where the venue replaces in one step it is asked to. Elsewhere the old one is cancelled, its venue's
    word is waited for, and what is left of the new one goes its own way, as any order.
Rule 3: an old one in doubt is not replaced: its venue's word on it comes first. One that never left ends.
Rule 4: every step is in the journal first, and is found there again by whoever goes on after us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Final

import structlog

from core.errors import IllegalTransition, WorldFailed
from core.execution.board import PATIENCE
from core.execution.line import Line
from core.execution.outbox import NOT_SENT, Outbox
from core.execution.working import Working
from core.fact import Entry, Fact
from core.ids import OrderId, VenueName
from core.orders.order import Status
from core.orders.replacements import ReplacementSized, ReplaceRefused, ReplaceRequested
from core.routing.evidence import Ranked
from core.routing.router import Routing
from core.venues.venue import NotKnown, encode, encode_left, encode_replacement

REPLACEABLE: Final = frozenset({Status.ACCEPTED, Status.PARTIALLY_FILLED})

log = structlog.get_logger(__name__)


class Replacer:
    """One per executor. `find` knows orders that are at work and those that have ended."""

    def __init__(
        self,
        outbox: Outbox,
        line_of: Callable[[Working], Line | None],
        look_up: Callable[[Working, Line], Awaitable[None]],
        find: Callable[[OrderId], Awaitable[Working | None]],
        between: timedelta,
    ) -> None:
        self._outbox = outbox
        self._line_of = line_of
        self._look_up = look_up
        self._find = find
        self._between = between

    async def ready(self, work: Working) -> None:
        """Return when the new order may be sent: in one step, or by itself; or when it has ended.

        Raises:
            IllegalTransition: the record has no such order, or the venue contradicts it.
        """
        old = await self._old(work)
        while _not_begun(work):
            async with work.talking:
                if _not_begun(work) and await self._step(work, old):
                    return
            await asyncio.sleep(self._between.total_seconds())

    async def done(self, work: Working) -> None:
        """Write what became of the old order, once the venue has answered for the new one.

        Raises:
            IllegalTransition: as `ready`.
        """
        old = await self._old(work)
        while not await self._concluded(work, old):
            await asyncio.sleep(self._between.total_seconds())

    async def over(self, old: Working) -> None:
        """Write what became of an order whose place was to be taken by one that has ended by now.

        Raises:
            IllegalTransition: as `ready`.
        """
        if old.asked_by is None or old.over:
            return
        work = await self._find(old.asked_by)
        if work is None:
            says = f"order {old.asked_by!r} was never released here"
            raise IllegalTransition(says, fix="run `gatehouse audit verify`; a person must look")
        if work.over:
            await self.done(work)

    async def _old(self, work: Working) -> Working:
        replaces = work.released.replaces
        old = None if replaces is None else await self._find(replaces)
        if old is None:
            raise IllegalTransition(
                f"order {work.released.id!r} takes the place of {replaces!r}, which was never released here",
                fix="run `gatehouse audit verify`; a person must look",
            )
        return old

    async def _step(self, work: Working, old: Working) -> bool:
        """One step toward sending the new order. Whether that may be done now."""
        if old.over:
            await self._size(work, old)
            return True
        if not old.state.sent:
            async with old.talking:
                if old.state.status in NOT_SENT:
                    await self._outbox.cancelled(old)
            return False
        line = self._line_of(old)
        if line is None or old.state.status not in REPLACEABLE | {Status.PENDING_REPLACE}:
            return False
        in_one_step = await _replaces(line)
        if in_one_step is None:
            return False
        async with old.talking:
            if old.state.status in REPLACEABLE:
                await self._outbox.wrote(old, requested(old, work))
            if old.state.status is not Status.PENDING_REPLACE:
                return False
            if in_one_step:
                await self._outbox.routed(work, in_its_place(old, line.venue.name), line.venue.name)
                return True
            await self._take_off(old, line)
        return False

    async def _take_off(self, old: Working, line: Line) -> None:
        """Ask the venue once to cancel, and believe what it then tells."""
        try:
            said = await line.cancel(old.released.id)
            if isinstance(said, NotKnown):
                raise IllegalTransition(
                    f"{line.venue.name} had order {old.released.id!r} and says that it never saw it",
                    fix="ask the venue for its record of that order",
                )
            await self._look_up(old, line)
        except WorldFailed as away:
            log.info("replace_waits", order=old.released.id, says=away.says)

    async def _concluded(self, work: Working, old: Working) -> bool:
        if old.state.status is Status.PENDING_REPLACE and work.over and not work.known_there:
            await self._outbox.wrote(old, refused(old, work))
            return True
        if old.over:
            await self._size(work, old)
            return True
        line = self._line_of(old)
        if old.state.status in REPLACEABLE or line is None:
            return True  # the request was refused before
        try:
            async with old.talking:
                await self._look_up(old, line)
        except WorldFailed as away:
            log.info("replace_waits", order=old.released.id, says=away.says)
        return False

    async def _size(self, work: Working, old: Working) -> None:
        """Write how many shares are left for the new order, now that the old one has ended. Once."""
        if not work.over and work.left is None:
            left = left_for(work, old)
            if left > 0:
                await self._outbox.wrote(work, sized(work, old, left))
            elif not work.state.sent:
                await self._outbox.cancelled(work)


def _not_begun(work: Working) -> bool:
    """Asked anew each time: others write meanwhile."""
    return work.state.status is Status.RELEASED


def left_for(work: Working, old: Working) -> Decimal:
    """Shares that are left for the new order: those it was released for, less what the old one did since."""
    before = work.released.executed_before or Decimal(0)
    return work.released.quantity - (old.state.filled - before)


def body_of(work: Working) -> bytes:
    """The bytes of an order as it may leave now."""
    if work.released.replaces is None:
        return encode(work.released)
    if work.left is None:
        return encode_replacement(work.released)
    return encode_left(work.released, work.left)


def in_its_place(old: Working, venue: VenueName) -> Routing:
    """There is nothing to choose: it goes where the order is whose place it takes."""
    says = f"order {old.released.id} is there, whose place it takes"
    there = Ranked(venue=venue, says=says, expected=None, total=None, over_chosen=None, cost=(), score=())
    return Routing(venue, (there,), None)


def requested(old: Working, work: Working) -> Entry:
    fact = ReplaceRequested(order=old.released.id, by=work.released.id)
    return _entry(old, fact, f"replace/{work.released.id}")


def refused(old: Working, work: Working) -> Entry:
    says = f"order {work.released.id} ended as {work.state.status.value}"
    fact = ReplaceRefused(order=old.released.id, by=work.released.id, reason=says)
    return _entry(old, fact, f"replace-refused/{work.released.id}")


def sized(work: Working, old: Working, left: Decimal) -> Entry:
    fact = ReplacementSized(
        order=work.released.id, replaces=old.released.id, executed=old.state.filled, quantity=left
    )
    return _entry(work, fact, f"sized/{work.released.id}")


def _entry(work: Working, fact: Fact, key: str) -> Entry:
    return Entry(stream=f"order/{work.released.id}", fact=fact, trace=work.released.trace, key=key)


async def _replaces(line: Line) -> bool | None:
    """Whether the venue replaces in one step; None where it does not say now."""
    try:
        return (await line.capabilities(timeout=PATIENCE)).replaces
    except WorldFailed:
        return None
