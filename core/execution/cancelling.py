"""What the worker does with an order that somebody asked to cancel.

Rule 1: an order that was never sent ends at once. One that may be at a venue ends by the venue's word alone:
    what was executed meanwhile stays executed.
Rule 2: no message of an order is under way while its cancel is: a send that has begun is waited for.
Rule 3: "never seen" ends it only when the venue has said so as often as `SURE`, a while apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from core.errors import IllegalTransition, WorldFailed
from core.execution.line import Line
from core.execution.outbox import Outbox
from core.execution.working import Working
from core.orders.events import CancelRequested
from core.orders.order import ENDED, Status
from core.venues.venue import NotKnown, Unknown

SURE: Final = 3

log = structlog.get_logger(__name__)


def pending_cancel(work: Working) -> bool:
    """Whether somebody asked for it and it has not ended. Asked anew each time: others write meanwhile."""
    return work.state.status is Status.PENDING_CANCEL


class Canceller:
    """One per executor."""

    def __init__(
        self,
        outbox: Outbox,
        line_of: Callable[[Working], Line | None],
        look_up: Callable[[Working, Line], Awaitable[None]],
        between: timedelta,
    ) -> None:
        self._outbox = outbox
        self._line_of = line_of
        self._look_up = look_up
        self._between = between

    async def carry(self, work: Working) -> None:
        """Until the order has ended, by our word or by its venue's. The request is in the journal."""
        async with work.busy:
            if work.state.status not in ENDED | {Status.PENDING_CANCEL}:
                work.take(CancelRequested(order=work.released.id))
        async with work.talking:
            unseen = 0
            while pending_cancel(work):
                if not work.state.sent or unseen >= SURE:
                    await self._outbox.cancelled(work)
                    return
                unseen += await self._asked(work)
                if pending_cancel(work):
                    await asyncio.sleep(self._between.total_seconds())

    async def _asked(self, work: Working) -> bool:
        """Ask its venue once. Whether the venue says that it never had it."""
        line = self._line_of(work)
        try:
            if line is None:
                raise WorldFailed(f"venue {work.state.venue!r} is not among the venues", fix="add it again")
            said = await line.cancel(work.released.id)
            if isinstance(said, NotKnown) and work.known_there:
                raise IllegalTransition(
                    f"{line.venue.name} had order {work.released.id!r} and says that it never saw it",
                    fix="ask the venue for its record of that order",
                )
            if isinstance(said, NotKnown):
                return True
            if not isinstance(said, Unknown):
                await self._look_up(work, line)
        except WorldFailed as away:
            log.info("cancel_waits", order=work.released.id, says=away.says)
        return False
