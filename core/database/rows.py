"""Reading rows, in the two ways that the doors need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.errors import IntegrityLost


async def rows(
    connection: AsyncConnection[DictRow], statement: str, asked: Mapping[str, Any] | None = None
) -> list[DictRow]:
    """All rows, in the statement's order."""
    cursor = await connection.execute(statement, asked)
    return await cursor.fetchall()


async def one(
    connection: AsyncConnection[DictRow], statement: str, asked: Mapping[str, Any] | None = None
) -> DictRow:
    """The row of a statement that always answers one.

    Raises:
        IntegrityLost: it answered none.
    """
    cursor = await connection.execute(statement, asked)
    row = await cursor.fetchone()
    if row is None:
        raise IntegrityLost("a statement that always answers gave no row", fix="run `gatehouse doctor`")
    return row
