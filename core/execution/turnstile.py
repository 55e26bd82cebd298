"""The way to one venue: so many messages in flight, so many a second, and whose turn it is.

Rule 1: cancels and look-ups have places and tokens that no order takes.
Rule 2: a message waits only for its own venue: each has a turnstile of its own.
Rule 3: what is read (quotes, health, reports) waits for no place and no token, and is counted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.execution.bucket import RESERVED, Allowance, Verb
from core.execution.turns import Turns, Urgency

PLACES_KEPT: Final = 4
"""In flight, beyond those of orders, for cancels and look-ups alone."""
NO_TIME: Final = timedelta(0)


@dataclass(slots=True, eq=False)
class _Waiter:
    verb: Verb
    urgency: Urgency
    account: str
    turn: asyncio.Future[None]


class Turnstile:
    def __init__(self, allowance: Allowance, *, at_once: int) -> None:
        self._allowance = allowance
        self._at_once = at_once
        self._in_flight = 0
        self._sends: Turns[_Waiter] = Turns()
        self._others: Turns[_Waiter] = Turns()  # those that have places and tokens of their own
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        return len(self._sends) + len(self._others)

    @property
    def orders(self) -> int:
        """Orders that wait for their turn."""
        return len(self._sends)

    def read(self) -> None:
        """Something is read of the venue now."""
        self._allowance.read(_now())

    def through(self, verb: Verb, urgency: Urgency, account: str) -> Passage:
        """Wait for one's turn; the place is given back at the end."""
        return Passage(self, verb, urgency, account)

    async def enter(self, verb: Verb, urgency: Urgency, account: str) -> None:
        queue, now = self._others if verb in RESERVED else self._sends, _now()
        if queue or not self._may_go(verb, now):
            await self._wait(queue, verb, urgency, account)
        else:
            self._go(verb, now)

    def leave(self) -> None:
        self._in_flight -= 1
        self._let_through()

    async def _wait(self, queue: Turns[_Waiter], verb: Verb, urgency: Urgency, account: str) -> None:
        waiter = _Waiter(verb, urgency, account, asyncio.get_running_loop().create_future())
        queue.add(urgency, account, waiter)
        self._let_through()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self._in_flight -= 1  # it had its turn, and does not use it
                self._let_through()
            else:
                queue.leave(urgency, account, waiter)
            raise

    def _let_through(self) -> None:
        """Everybody whose turn it is and who has room. What is kept for the others goes to them first."""
        if not self.waiting:
            return
        now = _now()
        for queue in (self._others, self._sends):
            while queue and self._may_go(queue.peek().verb, now):
                waiter = queue.next()
                self._go(waiter.verb, now)
                waiter.turn.set_result(None)
            if queue and self._has_place(queue.peek().verb):
                self._look_again(queue.peek().verb)

    def _may_go(self, verb: Verb, now: timedelta) -> bool:
        return self._has_place(verb) and not self._allowance.wait_for(verb, now)

    def _has_place(self, verb: Verb) -> bool:
        return self._in_flight < self._at_once + (PLACES_KEPT if verb in RESERVED else 0)

    def _go(self, verb: Verb, now: timedelta) -> None:
        self._allowance.take(verb, now)
        self._in_flight += 1

    def allow(self, allowance: Allowance, *, empty: bool = False) -> None:
        """Another pace from now on. Those who wait keep their turns. `empty`: it begins with nothing."""
        if empty:
            allowance.empty(_now())
        self._allowance = allowance
        self._let_through()

    def _look_again(self, verb: Verb) -> None:
        """When there are tokens."""
        if self._timer is None:
            wait = max(self._allowance.wait_for(verb, _now()), timedelta(milliseconds=1))
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait.total_seconds(), self._tokens_came)

    def _tokens_came(self) -> None:
        self._timer = None
        self._let_through()


@dataclass(frozen=True, slots=True)
class Passage:
    """One message's way through, for `async with`."""

    turnstile: Turnstile
    verb: Verb
    urgency: Urgency
    account: str

    async def __aenter__(self) -> None:
        await self.turnstile.enter(self.verb, self.urgency, self.account)

    async def __aexit__(self, *_: object) -> None:
        self.turnstile.leave()


def _now() -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time())
