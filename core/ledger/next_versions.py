"""Which version each stream has next, as far as this process knows without asking.

Rule 1: what is known is a guess: the append alone decides, and a wrong guess is its `conflict`.
Rule 2: a stream that somebody else moved is asked for each time from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

AT_MOST: Final = 20_000  # streams; beyond it everything is asked for again


class NextVersions:
    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._moved_by_others: set[str] = set()

    def unknown(self, streams: Iterable[str]) -> list[str]:
        """Those whose newest version has to be asked for."""
        return sorted({s for s in streams if s not in self._newest or s in self._moved_by_others})

    def learn(self, asked: Iterable[str], newest: Mapping[str, int]) -> None:
        """What the journal answered: a stream that it does not name has no entry yet."""
        if len(self._newest) + len(self._moved_by_others) > AT_MOST:
            self._newest.clear()
            self._moved_by_others.clear()
        for stream in asked:
            known = newest.get(stream, 0)
            # An append under way may have gone further than the answer, and only it may.
            self._newest[stream] = max(known, self._newest.get(stream, 0))

    def take(self, stream: str) -> int:
        """The version for the next entry of that stream; the one after it is next."""
        self._newest[stream] = self._newest.get(stream, 0) + 1
        return self._newest[stream]

    def forget(self, stream: str) -> None:
        """An entry of it was not taken, or nobody knows."""
        self._newest.pop(stream, None)

    def moved(self, stream: str) -> None:
        """Somebody else appends to it as well."""
        self.forget(stream)
        self._moved_by_others.add(stream)
