"""What a worker asks before each send, and how somebody who halts knows that no further send will begin.

Rule 1: a send begins inside `beginning`, which reads the halt file first. There is no await between the
    answer and the venue's own first step, so what the file says then is what holds.
Rule 2: what the record says is halted counts beside the file: whichever says so stops it.
Rule 3: whoever only asks whether it is worth to begin (`lately`) has what was read a moment ago: `beginning`
    is asked all the same.
Rule 4: `quiet` is the answer to a halt: every send that began before it is out, or is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Final, Protocol

from core.halts.file import Halt, HaltFile, Halts

LOOKS_EVERY: Final = timedelta(milliseconds=1)
LATELY: Final = timedelta(milliseconds=2)


class Stops(Protocol):
    """What a line asks before it sends."""

    def why(self, scopes: Collection[str]) -> str | None:
        """Why nothing of these scopes may leave now."""
        ...

    def lately(self, scopes: Collection[str]) -> str | None:
        """As `why`, a moment ago: for whoever asks again before anything leaves."""
        ...

    def beginning(self, scopes: Collection[str]) -> AbstractContextManager[str | None]:
        """One send, from its first step to the venue's answer. Entering it answers why it may not begin."""
        ...


class Watch:
    """One for each worker. Asked on its event loop; `quiet` may be asked from another thread."""

    def __init__(self, file: HaltFile) -> None:
        self._file = file
        self._record = Halts(0, ())
        self._begun: set[object] = set()
        self._read: tuple[timedelta, Halts] | None = None

    def recorded(self, standing: tuple[Halt, ...]) -> None:
        """What the record says is halted, newly read."""
        self._record = Halts(0, standing)

    def why(self, scopes: Collection[str]) -> str | None:
        return self._file.read().stops(scopes) or self._record.stops(scopes)

    def lately(self, scopes: Collection[str]) -> str | None:
        now = timedelta(seconds=asyncio.get_running_loop().time())
        if self._read is None or not timedelta(0) <= now - self._read[0] < LATELY:
            self._read = (now, self._file.read())
        return self._read[1].stops(scopes) or self._record.stops(scopes)

    @contextmanager
    def beginning(self, scopes: Collection[str]) -> Iterator[str | None]:
        mine = object()
        self._begun.add(mine)  # before the file is read: who counts us out is who comes after a halt
        try:
            yield self.why(scopes)
        finally:
            self._begun.discard(mine)

    async def quiet(self, within: timedelta) -> int:
        """Wait for the sends that have begun; how many of them have no answer yet when the time is over."""
        before = set(self._begun)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                while before & self._begun:
                    await asyncio.sleep(LOOKS_EVERY.total_seconds())
        return len(before & self._begun)
