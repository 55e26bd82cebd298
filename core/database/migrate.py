"""Migrations: SQL files, landed once, in the order of their names, and never changed after.

Rule 1: `<room>/**/migrations/<UTC yyyymmddhhmm>_<subject>.sql`. Two files never share a name.
Rule 2: each file is one transaction, unless its first line says `-- no transaction`. Such a file must be
    able to run twice: it is cut at the semicolons that end a line, and recorded when all are done.
Rule 3: a landed file that was changed, or that this version does not have, is refused by name.
Rule 4: one runner at a time, by an advisory lock. (That lock orders the runners; no law rests on it.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from core.database.pools import connect
from core.errors import IntegrityLost

ROOMS: Final = ("core", "tools", "agents", "ui")
FILE_NAME: Final = re.compile(r"\d{12}_[a-z0-9_]+\.sql")
NO_TRANSACTION: Final = "-- no transaction"
LOCK: Final = 0x6A7E_4005  # an arbitrary number, the same in every version
WITHIN: Final = timedelta(minutes=10)

RECORD: Final = """
create table if not exists gatehouse.migration (
    name text primary key,
    checksum text not null,
    landed_at timestamptz not null default now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.text.startswith(NO_TRANSACTION)


def found(root: Path) -> Sequence[Migration]:
    """Every migration below the rooms of that checkout, in the order in which they land.

    Raises:
        IntegrityLost: a name that is not like 202611200930_subject.sql, or one that comes twice.
    """
    by_name: dict[str, Path] = {}
    for file in sorted(path for room in ROOMS for path in (root / room).glob("**/migrations/*.sql")):
        if not FILE_NAME.fullmatch(file.name):
            raise IntegrityLost(
                f"the migration {str(file)!r} is misnamed", fix="name it <yyyymmddhhmm>_<subject>.sql"
            )
        if file.name in by_name:
            raise IntegrityLost(
                f"two migrations are named {file.name!r}", fix="give the later one its own minute"
            )
        by_name[file.name] = file
    return [Migration(name, by_name[name].read_text(encoding="utf-8")) for name in sorted(by_name)]


def migrate(owner: str, migrations: Sequence[Migration]) -> Sequence[str]:
    """Land what has not landed, as `owner`. Answers the names that landed now, in order.

    Raises:
        IntegrityLost: a landed migration was changed or is unknown here, or one broke; what landed before
            it stays, nothing of it does (except in a file without transaction).
        WorldFailed: the server does not answer.
    """
    with connect(owner, name="migrate", statement_within=WITHIN) as connection:
        connection.execute("set lock_timeout = 0")
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        connection.execute(RECORD)
        landed = {
            row["name"]: row["checksum"]
            for row in connection.execute("select name, checksum from gatehouse.migration")
        }
        refuse_changed(migrations, landed)
        fresh = [migration for migration in migrations if migration.name not in landed]
        for migration in fresh:
            _land(connection, migration)
        return [migration.name for migration in fresh]


def refuse_changed(migrations: Sequence[Migration], landed: dict[str, str]) -> None:
    """Nothing, where each landed migration is here, byte for byte.

    Raises:
        IntegrityLost: names the first that is not.
    """
    here = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in sorted(landed.items()):
        if name not in here:
            raise IntegrityLost(
                f"the database has the migration {name!r}, which this version does not know",
                fix="run the version of Gatehouse that landed it, or a later one",
            )
        if here[name] != checksum:
            raise IntegrityLost(
                f"the migration {name!r} was changed after it landed",
                fix="restore the file as it was and write the change as a new migration",
            )


def _land(connection: Connection[DictRow], migration: Migration) -> None:
    try:
        if migration.in_transaction:
            with connection.transaction():
                connection.execute(migration.text.encode())
                _record(connection, migration)
        else:
            for statement in re.split(r";[ \t]*$", migration.text, flags=re.MULTILINE):
                if _has_words(statement):
                    connection.execute(statement.encode())
            _record(connection, migration)
    except psycopg.Error as bad:
        raise IntegrityLost(
            f"the migration {migration.name!r} broke: {_where(bad)}", fix="mend it; it has not landed"
        ) from bad


def _record(connection: Connection[Any], migration: Migration) -> None:
    connection.execute(
        "insert into gatehouse.migration (name, checksum) values (%s, %s)",
        [migration.name, migration.checksum],
    )


def _has_words(statement: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("--") for line in statement.splitlines())


def _where(bad: psycopg.Error) -> str:
    said = bad.diag.message_primary or str(bad)
    return f"{said} (at character {bad.diag.statement_position})" if bad.diag.statement_position else said
