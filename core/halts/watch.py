"""What a worker asks before each send, and how somebody who halts knows that no further send will begin.

Rule 1: a send begins inside `beginning`, which reads the halt file first. There is no await between the
    answer and the venue's own first step, so what the file says then is what holds.
Rule 2: what the record says is halted counts beside the file: whichever says so stops it.
Rule 3: `quiet` is the answer to a halt: every send that began before it is out, or is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol

from core.halts.file import Halt, HaltFile, Halts


class Stops(Protocol):
    """What a line asks before it sends."""

    def why(self, scopes: Collection[str]) -> str | None:
        """Why nothing of these scopes may leave now."""
        ...

    def beginning(self, scopes: Collection[str]) -> AbstractContextManager[str | None]:
        """One send, from its first step to the venue's answer. Entering it answers why it may not begin."""
        ...


class Watch:
    """One for each worker, on its one event loop."""

    def __init__(self, file: HaltFile) -> None:
        self._file = file
        self._record: tuple[Halt, ...] = ()
        self._begun: set[asyncio.Event] = set()

    def now(self) -> Halts:
        """What the file says."""
        return self._file.read()

    def recorded(self, standing: tuple[Halt, ...]) -> None:
        """What the record says is halted, newly read."""
        self._record = standing

    def why(self, scopes: Collection[str]) -> str | None:
        return self._file.read().stops(scopes) or Halts(0, self._record).stops(scopes)

    @contextmanager
    def beginning(self, scopes: Collection[str]) -> Iterator[str | None]:
        stopped = self.why(scopes)
        if stopped is not None:
            yield stopped
            return
        ended = asyncio.Event()
        self._begun.add(ended)
        try:
            yield None
        finally:
            self._begun.discard(ended)
            ended.set()

    async def quiet(self, within: timedelta) -> int:
        """Wait for the sends that have begun; how many of them have no answer yet when the time is over."""
        before = [asyncio.ensure_future(ended.wait()) for ended in self._begun]
        if not before:
            return 0
        _, open_ = await asyncio.wait(before, timeout=within.total_seconds())
        for one in open_:
            one.cancel()
        return len(open_)
