"""Entries with everything that `verify` compares, in pages, for whoever reads very many of them.

Rule 1: the text comes as bytes and the times as whole microseconds: no time that the database can hold is
    unreadable.
Rule 2: the next page is on its way while this one is looked at. Memory: two pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import DictRow, tuple_row
from psycopg.types.numeric import Int8BinaryLoader
from psycopg.types.string import ByteaBinaryLoader

from core.ledger.journal import SQL

PAGE: Final = 1_000
SINCE_2000: Final = timedelta(days=10_957) // timedelta(microseconds=1)  # where PostgreSQL counts from


class Row(NamedTuple):
    """One row of the journal. Its times are microseconds since 2000-01-01, as PostgreSQL keeps them."""

    seq: int
    recorded: int
    role: str
    actor: str
    text: bytes
    event_id: str
    event_type: str
    event_version: int
    stream: str
    stream_version: int
    trace_id: str
    occurred: int
    digest: bytes


class Columns(NamedTuple):
    """A page the other way round."""

    seq: Sequence[int]
    recorded: Sequence[int]
    role: Sequence[str]
    actor: Sequence[str]
    text: Sequence[bytes]
    event_id: Sequence[str]
    event_type: Sequence[str]
    event_version: Sequence[int]
    stream: Sequence[str]
    stream_version: Sequence[int]
    trace_id: Sequence[str]
    occurred: Sequence[int]
    digest: Sequence[bytes]


Page = list[tuple[Any, ...]]
"""Plain tuples in the order of `Row`: making the names costs more than checking the digest."""


async def pages(connection: AsyncConnection[DictRow], after: int) -> AsyncGenerator[Page, None]:
    """Every page behind that entry, until there is none. Closed early, it leaves the connection free."""
    page = await _page(connection, after)
    while page:
        coming = asyncio.create_task(_page(connection, page[-1][0]))
        try:
            await asyncio.sleep(0)  # lets the question go out
            yield page
            page = await coming
        finally:
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError, psycopg.Error):
                    await coming


async def _page(connection: AsyncConnection[DictRow], after: int) -> Page:
    async with _plain(connection) as cursor:
        await cursor.execute(SQL["chained_after"], {"after": after, "page": PAGE})
        return await cursor.fetchall()


def _plain(connection: AsyncConnection[DictRow]) -> AsyncCursor[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True, row_factory=tuple_row)
    cursor.adapters.register_loader("text", ByteaBinaryLoader)
    cursor.adapters.register_loader("timestamptz", Int8BinaryLoader)
    return cursor
