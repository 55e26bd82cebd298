"""The files of the key store: replaced whole, destroyed for good, and seen to have changed.

Rule 1: a reader never meets half a file: what is new is written beside it, synced, and renamed over it.
Rule 2: writers hold a lock on the folder itself. The kernel gives it back when a process dies.
Rule 3: a key's file is destroyed in this order: a second name for it, the tombstone over the first, the
    bytes overwritten through the second, which is then removed. A kill leaves the tombstone or the whole
    file, and at most the second name, which the next try removes.
Rule 4: a tombstone stays for ever: a subject that was forgotten never gets a key again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from core.errors import WorldFailed

MODE: Final = 0o660  # its owner's and the group's of `front` and `worker`: either may replace or destroy it

Stamp = tuple[int, int, int]
"""Inode, size and time of change: another file under the same name has another one."""


def stamp(path: Path) -> Stamp | None:
    """Which file stands there now; None where there is none.

    Raises:
        WorldFailed: the folder cannot be looked into.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as bad:
        raise _unreadable(bad) from bad
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def read(path: Path) -> str:
    """Its text.

    Raises:
        WorldFailed: it cannot be read.
    """
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError as bad:
        raise _unreadable(bad) from bad


def tombstone(path: Path, word: str) -> int | None:
    """How many keys a tombstone says were destroyed; None where the file is none, or is not there."""
    try:
        held = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    except OSError as bad:
        raise _unreadable(bad) from bad
    return int(held[word]) if isinstance(held, dict) and word in held else None


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """The folder, made where it is missing, and nobody else writing in it.

    Raises:
        WorldFailed: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as bad:
        raise _unwritable(bad) from bad
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def replace(path: Path, text: str) -> None:
    """Put `text` there, whole and on the disk before this returns.

    Raises:
        WorldFailed: it cannot be written. What stood there stands there.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        try:
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                os.fchmod(file.fileno(), MODE)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            scratch.rename(path)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise
        _sync(path.parent)
    except OSError as bad:
        raise _unwritable(bad) from bad


def bury(path: Path, text: str) -> None:
    """Put a tombstone over the file, and keep its bytes under a second name until they are overwritten."""
    try:
        # It never had a key; an earlier try came so far; or it is another user's and may only be replaced.
        with suppress(FileNotFoundError, FileExistsError, PermissionError):
            os.link(path, _leftover(path))
    except OSError as bad:
        raise _unwritable(bad) from bad
    replace(path, text)


def destroy_leftover(path: Path) -> None:
    """Overwrite and remove what a tombstone covers, and what a killed writer left beside it."""
    try:
        for one in (_leftover(path), *path.parent.glob(f".{path.name}.*.*")):
            with suppress(FileNotFoundError):
                _overwrite(one)
                one.unlink()
        _sync(path.parent)
    except OSError as bad:
        raise _unwritable(bad) from bad


def _leftover(path: Path) -> Path:
    return path.with_name(f".{path.name}.going")


def _overwrite(path: Path) -> None:
    """In place. A file of another user may refuse: then removing it is what there is."""
    with suppress(PermissionError), path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """The folder itself: a name that is gone stays gone after a power cut."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _unreadable(bad: OSError) -> WorldFailed:
    return WorldFailed(f"the key store cannot be read: {bad}", fix="check its folder's rights")


def _unwritable(bad: OSError) -> WorldFailed:
    return WorldFailed(f"the key store cannot be written: {bad}", fix="free space or mend its rights")
