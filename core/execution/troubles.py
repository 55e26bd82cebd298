"""What cannot go on, in words, and what of it a person should hear of.

Rule 1: an order in trouble stays where it is and stops no other order.
Rule 2: an alarm names the scope of the halt that would stop it: the venue's where a venue said what cannot
    be, else the account's that the order is of. A block is of none: whose batch it is.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

import structlog

from core.errors import BadInput, Conflict, IllegalTransition, Refused
from core.execution.working import Working
from core.halts.events import AlertKind
from core.halts.scope import EVERYTHING, Scope
from core.halts.scope import of as scope_of
from core.ids import OrderId, VenueName
from core.orders.released import ReleasedOrder

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a person should look at, and the scope of a halt that would stop it."""

    kind: AlertKind
    scope: Scope
    order: OrderId | None
    venue: VenueName | None


class Troubles:
    """One per executor. `orders` are those in trouble now, `alarms` all that came up: why, in words."""

    def __init__(self) -> None:
        self.orders: dict[OrderId, str] = {}
        self.untold: dict[OrderId, Working] = {}  # whose trouble is not on record yet
        self.alarms: dict[Alarm, str] = {}

    async def guarded(self, work: Working, doing: Awaitable[None]) -> None:
        """Do it; what the order's own life or the record does not allow is its trouble."""
        order = work.released
        try:
            await doing
        except (IllegalTransition, BadInput) as no:
            self.of(order.id, work.state.venue, no.says, scope=_whose(order))
            self.untold[order.id] = work
        except (Refused, Conflict) as no:  # our own record's word, not the venue's
            self.of(order.id, None, no.says, scope=_whose(order))
            if not (isinstance(no, Refused) and no.code == "lease_passed"):
                self.untold[order.id] = work

    def of(self, order: OrderId, venue: VenueName | None, says: str, *, scope: Scope = EVERYTHING) -> None:
        self.orders[order] = says
        log.error("order_in_trouble", order=order, says=says)
        self.alarm("order_in_trouble", says, order=order, venue=venue, scope=scope)

    def alarm(
        self,
        kind: AlertKind,
        says: str,
        *,
        order: OrderId,
        venue: VenueName | None,
        scope: Scope = EVERYTHING,
    ) -> None:
        """`scope`: where no venue said it."""
        named = scope_of("venue", venue) if venue else scope
        self.alarms[Alarm(kind, named, order, venue)] = says

    def over(self, order: OrderId) -> None:
        """The order has ended: whatever it was, it is none any more."""
        self.orders.pop(order, None)
        self.untold.pop(order, None)


def _whose(order: ReleasedOrder) -> Scope:
    if not order.members:
        return scope_of("account", order.account)
    return next((Scope(one) for one in sorted(order.scopes) if one.startswith("advisor:")), EVERYTHING)
