"""Which limits are in force, as the append has it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import one, rows
from core.database.statements import statements
from core.ids import Digest, ProposalId
from core.limits.versions import InForce, limits_of

SQL: Final = statements(Path(__file__).with_name("statements.sql"))

Connection = AsyncConnection[DictRow]


async def read_limits(connection: Connection) -> InForce:
    """The version in force on the firm's business day. Read it after the picture, in its transaction."""
    row = await one(connection, SQL["in_force"])
    since: date = row["effective_on"]
    return InForce(
        version=row["version"],
        digest=Digest(row["digest"]),
        seq=row["seq"],
        effective_on=None if row["version"] == 0 else since,
        limits=limits_of(row["limits"]),
    )


async def read_reassessed(connection: Connection, proposal: ProposalId) -> int | None:
    """The version that the proposal was last assessed again under; None: never was."""
    found = await rows(connection, SQL["reassessed"], {"proposal": proposal})
    return found[0]["version"] if found else None
