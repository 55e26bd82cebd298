"""Where the tests keep what they make: in memory, where the machine has room for it.

A test's database is made, used and dropped within a second, and nothing of it has to outlive the machine. On
a disk most of a run is spent on files that come and go.

Rule 1: a run's folder goes with the run. Of a run that was killed, the next one takes it away.
Rule 2: without room in memory everything is the same on the disk, and slower.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own there
ROOM: Final = 8 * 1024**3
"""Bytes that have to be free, in the folder and in the machine: a run takes up to three gigabytes."""
PREFIX: Final = "gh-test-"
LOCK: Final = "lock"


@contextmanager
def scratch(memory: Path = MEMORY, *, room: int = ROOM) -> Iterator[Path]:
    """A folder for this run's `TMPDIR`, gone at the end."""
    place = memory if has_room(memory, room) else Path(tempfile.gettempdir())
    take_away_dead(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    folder.chmod(0o711)  # the server's user passes through
    try:
        with (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def has_room(memory: Path, room: int) -> bool:
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        memory.is_dir() and os.access(memory, os.W_OK) and min(free, shutil.disk_usage(memory).free) >= room
    )


def take_away_dead(place: Path) -> None:
    """Folders whose run holds its lock no more."""
    for folder in place.glob(f"{PREFIX}*"):
        try:
            with (folder / LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (OSError, BlockingIOError):
            continue  # at work, another user's, or not locked yet
        shutil.rmtree(folder, ignore_errors=True)
