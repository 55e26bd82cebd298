"""The orders that this worker has, and for a while those that have ended. No I/O.

Rule 1: an ended order is remembered for copies and late reports; the journal knows it for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from core.execution.working import Working
from core.ids import OrderId

REMEMBERED: Final = 1_000
"""Ended orders that are still known without asking the journal, at some five kilobytes each. Copies of a
report come within moments; what comes later is rare, and the journal is asked for many at once."""


class AtWork:
    """One per executor."""

    def __init__(self) -> None:
        self._orders: dict[OrderId, Working] = {}
        self._ended: dict[OrderId, Working] = {}

    def __contains__(self, order: OrderId) -> bool:
        return order in self._orders or order in self._ended

    def __iter__(self) -> Iterator[Working]:
        """Those that have not ended."""
        return iter(list(self._orders.values()))  # whoever asks may be another thread

    @property
    def unended(self) -> int:
        return len(self._orders)

    def get(self, order: OrderId) -> Working | None:
        return self._orders.get(order) or self._ended.get(order)

    def add(self, work: Working) -> None:
        self._ended.pop(work.released.id, None)
        self._orders[work.released.id] = work

    def ended(self, work: Working) -> None:
        """It is over. Said twice, it counts once."""
        if work.remembered:
            return
        work.remembered = True
        self._orders.pop(work.released.id, None)
        self._ended[work.released.id] = work
        while len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def open(self) -> tuple[Mapping[str, str | None], ...]:
        """Every order that has not ended, in words."""
        return tuple(work.told() for work in self if not work.over)
