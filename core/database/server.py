"""Whether a server will do: PostgreSQL 16 or later, with pgvector. One clear line where it will not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from core.errors import BadInput

OLDEST: Final = 160000


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself. `vector` is the version on offer; None where there is none."""

    version_number: int
    version: str
    vector: str | None

    @property
    def major(self) -> int:
        return self.version_number // 10000


def look_at(connection: Connection[Any]) -> Server:
    row = connection.execute(
        "select current_setting('server_version_num')::int as number,"
        " current_setting('server_version') as version,"
        " (select default_version from pg_available_extensions where name = 'vector') as vector"
    ).fetchone()
    number, version, vector = row.values() if isinstance(row, dict) else (row or (0, "unknown", None))
    return Server(number, version, vector)


def refuse_unfit(server: Server) -> None:
    """Nothing, where the server will do.

    Raises:
        BadInput: too old, or without pgvector.
    """
    if server.version_number < OLDEST:
        raise BadInput(
            f"the server is PostgreSQL {server.version}, and 16 is the oldest that serves",
            fix="point DATABASE_URL at a newer one, or unset it to use the embedded one",
            field="DATABASE_URL",
        )
    if server.vector is None:
        raise BadInput(
            f"the server (PostgreSQL {server.version}) has no pgvector",
            fix="install the extension 'vector' there, or unset DATABASE_URL to use the embedded one",
            field="DATABASE_URL",
        )
