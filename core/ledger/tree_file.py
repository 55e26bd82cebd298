"""The tree's nodes on the disk, one file a level: an index for proofs, and never more than that.

Rule 1: level n holds, in order, the roots over complete runs of 2^n leaves, 32 bytes each. A file only grows;
    a byte that is already right is not written again.
Rule 2: nothing in it is trusted. Whoever proves from it checks the proof against a signed root; the writer
    writes what it has computed itself, from the first entry on, and so mends whatever was damaged.
Rule 3: readers come and go while it is written. What counts as there is what every level agrees on, so a
    write that was cut off anywhere leaves a smaller tree and no wrong one.
Rule 4: one writer, by a kernel lock that ends with it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, Self

from core.errors import IntegrityLost, WorldFailed
from core.ledger.tree import HASH_BYTES, Made

LEVELS: Final = 63


class TreeReader:
    """Opened with `with`. Sees what is written later, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    @property
    def size(self) -> int:
        """How many leaves the tree has of which every complete node is there."""
        size = self._count(0)
        level = 1
        while size >> level:
            size = min(size, ((self._count(level) + 1) << level) - 1)
            level += 1
        return size

    def at(self, level: int, index: int) -> bytes:
        """As `tree.Nodes`.

        Raises:
            IntegrityLost: it is not there.
        """
        descriptor = self._level(level)
        found = b"" if descriptor is None else os.pread(descriptor, HASH_BYTES, index * HASH_BYTES)
        if len(found) != HASH_BYTES:
            raise IntegrityLost(
                f"node {index} of level {level} is not in {str(self._folder)!r}",
                fix="start the witness: it makes the tree anew from the journal",
            )
        return found

    def _count(self, level: int) -> int:
        descriptor = self._level(level)
        return 0 if descriptor is None else os.fstat(descriptor).st_size // HASH_BYTES

    def _level(self, level: int) -> int | None:
        if level not in self._open:
            with suppress(FileNotFoundError):
                self._open[level] = os.open(level_file(self._folder, level), os.O_RDONLY)
        return self._open.get(level)


def is_written(folder: Path) -> bool:
    """Whether a writer is at work there now."""
    try:
        with (folder / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


class TreeWriter:
    """Opened with `with`; then every node from the first leaf on goes through `put`, in order.

    Raises:
        WorldFailed: another one is at work, or the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, int] = {}
        self._done = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
            self._done.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as bad:
            self._done.close()
            raise WorldFailed("another witness is at work here", fix="stop one of the two") from bad
        except OSError as bad:
            self._done.close()
            raise _unwritable(bad) from bad
        return self

    def __exit__(self, *_: object) -> None:
        self._done.close()
        self._open.clear()

    def put(self, made: Made) -> None:
        """What `Frontier.extend` answered."""
        try:
            for level, (first, row) in enumerate(made):
                self._write(self._level(level), first * HASH_BYTES, b"".join(row))
        except OSError as bad:
            raise _unwritable(bad) from bad

    def cut(self, size: int) -> None:
        """Let nothing stand behind a tree of that size: all of it went through `put`."""
        try:
            for level in range(LEVELS):
                if level_file(self._folder, level).exists() or size >> level:
                    self._cut(self._level(level), (size >> level) * HASH_BYTES)
        except OSError as bad:
            raise _unwritable(bad) from bad

    @staticmethod
    def _write(descriptor: int, at: int, raw: bytes) -> None:
        if os.pread(descriptor, len(raw), at) == raw:
            return
        rest = memoryview(raw)
        while rest:
            written = os.pwrite(descriptor, rest, at)
            at, rest = at + written, rest[written:]

    @staticmethod
    def _cut(descriptor: int, whole: int) -> None:
        if os.fstat(descriptor).st_size > whole:
            os.ftruncate(descriptor, whole)

    def _level(self, level: int) -> int:
        if level not in self._open:
            how = os.O_RDWR | os.O_CREAT
            self._open[level] = os.open(level_file(self._folder, level), how, 0o644)
            self._done.callback(os.close, self._open[level])
        return self._open[level]


def tree_folder(heads: Path) -> Path:
    """Where the tree of that folder of heads is."""
    return heads / "tree"


def level_file(folder: Path, level: int) -> Path:
    return folder / f"{level:02}"


def _unwritable(bad: OSError) -> WorldFailed:
    return WorldFailed(f"the tree cannot be written: {bad}", fix="free space or mend the folder's rights")
