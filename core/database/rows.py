"""Reading rows, in the two ways that the doors need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.errors import IntegrityLost

Statement = tuple[str, Mapping[str, Any] | None]  # and what it is asked with


async def rows(
    connection: AsyncConnection[DictRow], statement: str, asked: Mapping[str, Any] | None = None
) -> list[DictRow]:
    """All rows, in the statement's order."""
    cursor = await connection.execute(statement, asked)
    return await cursor.fetchall()


async def together(
    connection: AsyncConnection[DictRow], asked: Mapping[str, Statement]
) -> dict[str, list[DictRow]]:
    """All rows of several statements, by name: sent in this order, and waited for once. Where one fails, none
    answers."""
    async with connection.pipeline():
        cursors = {name: await connection.execute(*statement) for name, statement in asked.items()}
    return {name: await cursor.fetchall() for name, cursor in cursors.items()}


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
