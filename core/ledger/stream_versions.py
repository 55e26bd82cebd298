"""The newest version of every stream, in bounded memory whatever their number.

Rule 1: exact. What does not fit into memory lies in a private file on the disk, gone with the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

IN_MEMORY: Final = 200_000  # streams; some 30 MB


class StreamVersions:
    """Streams whose number is at most `IN_MEMORY` never touch the disk."""

    def __init__(self, most: int = IN_MEMORY) -> None:
        self._most = most
        self.young: dict[str, int] = {}  # those in memory: a version of one may be set here, too
        self._old: sqlite3.Connection | None = None
        self._count = 0

    def __len__(self) -> int:
        """How many streams there are."""
        return self._count

    def newest(self, stream: str) -> int:
        """0 of none."""
        return self._find(stream) or 0

    def set(self, stream: str, version: int) -> None:
        self.recall(stream)
        self.young[stream] = version

    def recall(self, stream: str) -> int:
        """Bring it into memory, a new one at version 0. Answers its version."""
        found = self.young.get(stream)
        if found is None:
            found = self._find(stream)
            if found is None:
                found = 0
                self._count += 1
            if len(self.young) >= self._most:
                self._spill()
            self.young[stream] = found
        return found

    def follow(self, streams: Iterable[str], versions: Iterable[int]) -> bool:
        """Take them all where each is the next of its stream; otherwise none of them."""
        next_ones: dict[str, int] = {}
        for stream, version in zip(streams, versions, strict=True):
            before = next_ones.get(stream)
            if version != (self.recall(stream) if before is None else before) + 1:
                return False
            next_ones[stream] = version
        self.young.update(next_ones)
        return True

    def _find(self, stream: str) -> int | None:
        found = self.young.get(stream)
        if found is None and self._old is not None:
            row = self._old.execute("select version from stream where name = ?", [stream]).fetchone()
            found = None if row is None else int(row[0])
        return found

    def _spill(self) -> None:
        if self._old is None:
            self._old = sqlite3.connect("")  # a nameless file: SQLite's own, removed when it is closed
            self._old.execute("pragma journal_mode = off")
            self._old.execute("create table stream (name text primary key, version integer) without rowid")
        put = "insert into stream values (?, ?) on conflict (name) do update set version = excluded.version"
        self._old.executemany(put, sorted(self.young.items()))
        self.young.clear()
