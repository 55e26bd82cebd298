"""Whose message goes to a venue next: the urgent first, and nobody for ever last. No I/O, and no clock.

Rule 1: what stops an order goes before what gets out of a holding, that before what gets into one, and
    that before the rest.
Rule 2: a class that waits counts the turns of others since its own last one. Where that comes to its
    `PATIENCE` it is due, and whoever is due goes first: of several, who has counted most.
Rule 3: within a class the accounts take turns, each with its oldest: a client with a thousand orders waits
    for one of the client with one.

The bound. Say that somebody stands first in a class of patience p. After p turns of others the class is
due. From then on a turn goes only to a class that has counted as much or more; it counts from nothing
afterwards, and ours counts on, so it comes before ours once at most. So at most `p + len(Urgency) - 1`
turns of others come first (`most_before`). With `a` accounts waiting in the class, an account's oldest has
its turn within `a * (most_before + 1)` turns, whatever comes after it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final, Generic, TypeVar


class Urgency(IntEnum):
    """Less is more urgent."""

    STOP = 0
    EXIT = 1
    ENTRY = 2
    REST = 3


PATIENCE: Final[Mapping[Urgency, int]] = MappingProxyType(
    {Urgency.STOP: 2, Urgency.EXIT: 4, Urgency.ENTRY: 8, Urgency.REST: 16}
)


def most_before(urgency: Urgency) -> int:
    """Turns of other classes that can come before whoever stands first in this one."""
    return PATIENCE[urgency] + len(Urgency) - 1


Waiter = TypeVar("Waiter")


class Turns(Generic[Waiter]):
    """Waiters in their classes. `add`, and `next` when there is room for one."""

    def __init__(self) -> None:
        self._waiting: dict[Urgency, OrderedDict[str, deque[Waiter]]] = {
            urgency: OrderedDict() for urgency in Urgency
        }
        self._passed = dict.fromkeys(Urgency, 0)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, urgency: Urgency, account: str, waiter: Waiter) -> None:
        self._waiting[urgency].setdefault(account, deque()).append(waiter)
        self._count += 1

    def first(self) -> Urgency | None:
        """Whose turn it is; None: nobody waits. Changes nothing."""
        first, most = None, 0
        for urgency, accounts in self._waiting.items():
            if accounts and first is None:
                first = urgency
            counted = self._passed[urgency]
            if accounts and counted >= PATIENCE[urgency] and counted > most:
                first, most = urgency, counted
        return first

    def peek(self) -> Waiter:
        """The one whose turn it is. Changes nothing.

        Raises:
            IndexError: nobody waits.
        """
        urgency = self.first()
        if urgency is None:
            raise IndexError("nobody waits")
        return next(iter(self._waiting[urgency].values()))[0]

    def next(self) -> Waiter:
        """The one whose turn it is; it waits no more.

        Raises:
            IndexError: nobody waits.
        """
        urgency = self.first()
        if urgency is None:
            raise IndexError("nobody waits")
        accounts = self._waiting[urgency]
        account, waiters = accounts.popitem(last=False)
        waiter = waiters.popleft()
        if waiters:
            accounts[account] = waiters  # behind the others
        self._count -= 1
        self._passed[urgency] = 0
        for other in Urgency:
            if other is not urgency and self._waiting[other]:
                self._passed[other] += 1
        return waiter

    def leave(self, urgency: Urgency, account: str, waiter: Waiter) -> None:
        """It waits no more, and had no turn."""
        waiters = self._waiting[urgency][account]
        waiters.remove(waiter)
        self._count -= 1
        if not waiters:
            del self._waiting[urgency][account]
        if not self._waiting[urgency]:
            self._passed[urgency] = 0
