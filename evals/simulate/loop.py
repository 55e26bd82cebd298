"""An event loop whose time is its own: it moves only when nothing else is left to do, and then at once.

Rule 1: what is ready runs in the order in which it became ready, whatever the machine is doing meanwhile.
Rule 2: nothing here waits for a file descriptor. Whoever has to wait for the machine (a statement, a disk)
    waits for it to the end before anything else runs, and pays for it in virtual time.
Rule 3: work for a thread is done at once, in this one.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple

BEGINS_AT: Final = 1_000.0  # seconds: of a machine that was started a while ago
EPOCH: Final = datetime(2030, 1, 7, 14, 0, tzinfo=UTC)  # later than whatever was founded before
Ts = TypeVarTuple("Ts")
Done = TypeVar("Done")


class StandsStillError(Exception):
    """Nothing is ready, nothing is due, and nobody will come: whoever waits would wait for ever."""


class Listener(Protocol):
    """What stands for a socket here: it says itself when there is something to read."""

    heard: Callable[[], object] | None


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._at = BEGINS_AT
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._at

    def move(self, seconds: float) -> None:
        self._at += seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], Done], *args: *Ts
    ) -> asyncio.Future[Done]:
        done: asyncio.Future[Done] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as bad:  # noqa: BLE001 - it is whoever waits for it that hears of it
            done.set_exception(bad)
        return done

    def add_reader(self, fd: Any, callback: Callable[[*Ts], Any], *args: *Ts) -> None:
        fd.heard = lambda: callback(*args)

    def remove_reader(self, fd: Any) -> bool:
        fd.heard = None
        return True

    def remove_writer(self, fd: Any) -> bool:
        return False


class _Jumping(selectors.DefaultSelector):
    """Never idle: where the loop would wait, its time moves."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StandsStillError("nothing is ready and nothing is due")
        if timeout > 0:
            self._loop.move(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        found: Mapping[Any, selectors.SelectorKey] = super().get_map()
        return found


class VirtualClock:
    """A wall clock of one machine in the simulation. It may be wrong, and it may be set."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.off = timedelta(0)

    def now(self) -> datetime:
        return true_time(self._loop) + self.off

    def monotonic_ns(self) -> int:
        return round(self._loop.time() * 1_000_000) * 1_000


def true_time(loop: VirtualLoop) -> datetime:
    """What a clock that is right would show."""
    return EPOCH + timedelta(microseconds=round((loop.time() - BEGINS_AT) * 1_000_000))
