"""Why a released order waits, for whoever asked for it.

Rule 1: one reason at a time, the newest. It is gone when the order goes on.
Rule 2: the words are ours: nothing that a venue said is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.execution.held import Stops, in_words
from core.ids import OrderId
from core.orders.released import ReleasedOrder


class Why(StrEnum):
    HALTED = "halted"  # trading is stopped for it
    NO_VENUE = "no_venue"  # none takes it now
    IN_LINE = "in_line"  # others are before it at its venue
    VENUE_AWAY = "venue_away"  # its venue does not answer
    IN_DOUBT = "in_doubt"  # it may be at its venue, which has not said so yet
    RECORD_AWAY = "record_away"  # the database does not answer
    SET_ASIDE = "set_aside"  # it cannot go on by itself


@dataclass(frozen=True, slots=True)
class Wait:
    why: Why
    says: str


class Waits:
    """One per executor."""

    def __init__(self) -> None:
        self._now: dict[OrderId, Wait] = {}

    @property
    def now(self) -> Mapping[OrderId, Wait]:
        return self._now

    def for_(self, order: OrderId, why: Why, says: str) -> None:
        self._now[order] = Wait(why, says)

    def held(self, order: ReleasedOrder, why: str, stops: Stops) -> None:
        """A halt holds it. Of a block: which of its orders it covers."""
        self.for_(order.id, Why.HALTED, in_words(order, why, stops))

    def over(self, order: OrderId) -> None:
        self._now.pop(order, None)
