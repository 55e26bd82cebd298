"""The newest version of every stream, in bounded memory whatever their number.

Rule 1: exact. What does not fit into memory lies in a private file on the disk, gone with the process.
"""

from __future__ import annotations

import sqlite3
from typing import Final

IN_MEMORY: Final = 200_000  # streams; some 30 MB


class StreamVersions:
    """Streams whose number is at most `IN_MEMORY` never touch the disk."""

    def __init__(self, most: int = IN_MEMORY) -> None:
        self._most = most
        self._young: dict[str, int] = {}
        self._old: sqlite3.Connection | None = None
        self._count = 0

    def __len__(self) -> int:
        """How many streams there are."""
        return self._count

    def newest(self, stream: str) -> int:
        """0 of none."""
        return self._find(stream) or 0

    def set(self, stream: str, version: int) -> None:
        if stream not in self._young:
            self._count += self._find(stream) is None
            if len(self._young) >= self._most:
                self._spill()
        self._young[stream] = version

    def _find(self, stream: str) -> int | None:
        found = self._young.get(stream)
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
        self._old.executemany(put, sorted(self._young.items()))
        self._young.clear()
