"""Which walls stand between the processes: users of their own where we are root, else one user for all.

Rule 1: a process may read what it needs and no more: `front` and `worker` the key store and the halts, the
    witness its heads, each venue its own ledger. Everything else of the home belongs to who started it.
Rule 2: whether a stranger can run this checkout is tried, not guessed: one of those users runs it once.
Rule 3: where the files do not allow it (a checkout or home that others cannot enter), all run as we do, and
    `doctor` says so. No right of anybody's folder is changed to make it work.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
# Numbers that neither Debian nor systemd gives to anybody.
# Source: systemd, docs/UIDS-GIDS.md: 60706 to 61183 are unused.
FIRST_USER: Final = 60_710
KEYS_GROUP: Final = 60_740
READS_KEYS: Final = ("front", "worker")
HALTS_GROUP: Final = 60_741
HALTS: Final = ("front", "worker")
TRIES_WITHIN: Final = timedelta(seconds=30)
UMASK: Final = 0o027


@dataclass(frozen=True, slots=True)
class Wall:
    """Who a process runs as. None: as we do."""

    user: int | None
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Isolation:
    """`separate`: each process has a user of its own. `says` is for people."""

    separate: bool
    says: str
    walls: Mapping[str, Wall]

    def of(self, name: str) -> Wall:
        return self.walls.get(name, Wall(None))


def isolation(names: Sequence[str], home: Path) -> Isolation:
    """What holds for these processes here. Runs one of them for a moment where we are root."""
    if os.geteuid() != 0:
        return Isolation(
            False,
            "one user for all processes: one that is taken over can read the others' files and memory; the "
            "database's rights still hold for each login",
            {},
        )
    why = _refused_to_a_stranger(home)
    if why is not None:
        return Isolation(False, f"root for all processes: another user cannot run them ({why})", {})
    walls = {
        name: Wall(
            FIRST_USER + number,
            (*((KEYS_GROUP,) if name in READS_KEYS else ()), *((HALTS_GROUP,) if name in HALTS else ())),
        )
        for number, name in enumerate(names)
    }
    last = FIRST_USER + len(names) - 1
    return Isolation(True, f"each process has a user of its own ({FIRST_USER} to {last})", walls)


def hand_over(keys: Path, halts: Path, walls: Isolation, folders: Mapping[str, Sequence[Path]]) -> None:
    """Give each process the folders that it writes, and `front` and `worker` the key store in `keys` and the
    folder of halts.

    `folders` are by process. They are made where they are missing. Also after a change from one user to
    several and back, everything in them belongs to who needs it now.
    """
    for name, mine in folders.items():
        for folder in mine:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            user = walls.of(name).user
            _give(folder, user if user is not None else os.geteuid(), None, folder_mode=0o700)
    for folder, group in ((keys, KEYS_GROUP), (halts, HALTS_GROUP)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if walls.separate:
            # Set-group-id: a file that one of the two makes is the other's to read.
            _give(folder, os.geteuid(), group, folder_mode=0o2770)
        elif os.geteuid() == 0:
            _give(folder, 0, 0, folder_mode=0o700)


def _give(folder: Path, user: int, group: int | None, *, folder_mode: int) -> None:
    """The folder and what is in it. A file that goes meanwhile is nobody's."""
    if os.geteuid() != 0:
        return
    folder.chmod(folder_mode)
    for path in (folder, *_inside(folder)):
        at = path.lstat()
        if stat.S_ISREG(at.st_mode) and at.st_nlink > 1:
            continue  # a second name of a file that may be somebody else's
        wanted = (user, user if group is None else group)
        if (at.st_uid, at.st_gid) != wanted:
            os.chown(path, *wanted, follow_symlinks=False)
    folder.chmod(folder_mode)  # a change of owner takes the set-group-id away


def _inside(folder: Path) -> Iterator[Path]:
    return folder.rglob("*")


def _refused_to_a_stranger(home: Path) -> str | None:
    """Why another user cannot run the product from here; None where she can."""
    needs = f"import os, ui.cli, psycopg; os.stat({str(home)!r})"
    try:
        tried = subprocess.run(
            [sys.executable, "-P", "-c", needs],
            cwd="/",
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
            user=FIRST_USER,
            group=FIRST_USER,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            timeout=TRIES_WITHIN.total_seconds(),
        )
    except (OSError, subprocess.SubprocessError) as bad:
        return str(bad)
    said = tried.stderr.strip().splitlines()
    return None if tried.returncode == 0 else (said[-1] if said else f"exit code {tried.returncode}")
