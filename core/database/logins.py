"""The logins: who they are, how many connections each may have, and the file that holds their passwords.

The file is `<home>/secrets/logins.json`, readable by its owner alone. A process is given its own login by
its environment and never sees the file.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo

from core.errors import BadInput, IntegrityLost

OWNER: Final = "gh_owner"
AGENT: Final = "gh_agent"
INTAKE: Final = "gh_intake"
APPROVER: Final = "gh_approver"
GATE: Final = "gh_gate"
WITNESS: Final = "gh_witness"

# Connections at most. Together 88: below the embedded server's 100 with room for a person who looks.
LIMITS: Final[Mapping[str, int]] = {
    OWNER: 8,
    AGENT: 16,
    INTAKE: 24,
    APPROVER: 12,
    GATE: 24,
    WITNESS: 4,
}

SETTING_OF: Final[Mapping[str, str]] = {
    AGENT: "GATEHOUSE_AGENT_DSN",
    INTAKE: "GATEHOUSE_INTAKE_DSN",
    APPROVER: "GATEHOUSE_APPROVER_DSN",
    GATE: "GATEHOUSE_GATE_DSN",
    WITNESS: "GATEHOUSE_WITNESS_DSN",
}


@dataclass(frozen=True, slots=True)
class Logins:
    """Where the database is, and the password of each role."""

    host: str
    port: str
    database: str
    passwords: Mapping[str, str] = field(repr=False)

    def dsn(self, role: str, *, database: str | None = None) -> str:
        """A connection string for that role. Holds the password: never print it."""
        return make_conninfo(
            "",
            host=self.host,
            port=self.port,
            dbname=database or self.database,
            user=role,
            password=self.passwords[role],
        )

    def environment(self, *roles: str) -> Mapping[str, str]:
        """The settings that give a process these logins, and no other."""
        return {SETTING_OF[role]: self.dsn(role) for role in roles}


def logins_file(home: Path) -> Path:
    return home / "secrets" / "logins.json"


def load(home: Path) -> Logins | None:
    """The logins of that home; None before the bootstrap.

    Raises:
        IntegrityLost: the file is there and cannot be read.
    """
    file = logins_file(home)
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return Logins(kept["host"], kept["port"], kept["database"], kept["passwords"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as bad:
        raise IntegrityLost(
            f"the logins in {str(file)!r} cannot be read",
            fix="restore the file, or run `gatehouse bootstrap-db --new-passwords`",
        ) from bad


def save(logins: Logins, home: Path) -> None:
    """Write the file anew.

    Raises:
        BadInput: the folder cannot be written.
    """
    keep_secret(
        logins_file(home),
        {
            "host": logins.host,
            "port": logins.port,
            "database": logins.database,
            "passwords": dict(logins.passwords),
        },
    )


def keep_secret(file: Path, held: Mapping[str, object]) -> None:
    """Write a file of secrets as JSON, all or nothing, for its owner alone.

    Raises:
        BadInput: the folder cannot be written.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_secret(file, json.dumps(held, indent=1))
    except OSError as bad:
        raise BadInput(
            f"{str(file)!r} cannot be written: {bad.strerror}",
            fix="set GATEHOUSE_HOME to a folder of yours, on a disk with room",
            field="GATEHOUSE_HOME",
        ) from bad


def write_secret(file: Path, text: str) -> None:
    """Replace `file` by `text` in one step, readable by its owner alone from the first byte."""
    fresh = file.with_name(file.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
