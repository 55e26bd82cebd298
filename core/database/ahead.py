"""Several statements sent together and read when their answers are wanted, without a cursor and a wait each.

Rule 1: they are one transaction of the server's, from the first to the last; where one fails, none answers.
Rule 2: a statement is prepared once a connection, for the types that it is asked with.
Rule 3: a connection on which one failed, broke or was broken off is closed: its pool makes another.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat
from psycopg.adapt import Transformer as Adapting
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import DictRow

from core.database.rows import Statement

Found = dict[str, list[DictRow]]  # by statement
Names = dict[tuple[str, tuple[int, ...]], bytes]

_PLACE: Final = re.compile(r"%\((\w+)\)[sbt]|%%")
_PREPARED: Final[WeakKeyDictionary[AsyncConnection[DictRow], Names]] = WeakKeyDictionary()


@asynccontextmanager
async def sent(connection: AsyncConnection[DictRow], asked: Mapping[str, Statement]) -> AsyncIterator[Found]:
    """These statements are with the server while this lasts. What is yielded holds all their rows, by name,
    once it is left.

    Raises:
        psycopg.Error: one failed, or the connection broke.
    """
    server, found = connection.pgconn, Found()
    try:
        server.enter_pipeline_mode()
        reading = [(name, _send(connection, *statement)) for name, statement in asked.items()]
        server.pipeline_sync()
        await _flushed(server)
        yield found
        results = await _results(server)
        server.exit_pipeline_mode()
        for (name, transformer), result in zip(reading, results, strict=True):
            found[name] = _rows(transformer, result)
    except BaseException:  # a cancellation, too: what is still to come would be taken for another's answer
        await connection.close()
        raise


def _send(
    connection: AsyncConnection[DictRow], statement: str, asked: Mapping[str, Any] | None
) -> Transformer:
    text, names = _places(statement)
    transformer: Transformer = Adapting(connection)
    known = asked or {}
    values = transformer.dump_sequence([known[name] for name in names], [PyFormat.AUTO] * len(names))
    types = transformer.types or ()
    prepared = _PREPARED.setdefault(connection, {})
    name = prepared.get((statement, types))
    if name is None:
        name = prepared[statement, types] = b"ahead_%d" % len(prepared)
        connection.pgconn.send_prepare(name, text, types)
    connection.pgconn.send_query_prepared(name, values, transformer.formats)
    return transformer


@lru_cache(maxsize=256)
def _places(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with numbers for its parameters, and their names in that order."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return "%" if found[1] is None else f"${names.setdefault(found[1], len(names) + 1)}"

    return _PLACE.sub(number, statement).encode(), tuple(names)


async def _results(server: PGconn) -> list[PGresult]:
    """What each statement answered, in order.

    Raises:
        psycopg.Error: one failed: the first that did.
    """
    results: list[PGresult] = []
    failed: PGresult | None = None
    while True:
        while server.is_busy():
            await _ready(server, to_write=False)
            server.consume_input()
        result = server.get_result()
        if result is None:  # the end of one statement's
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            break
        if result.status == ExecStatus.TUPLES_OK:
            results.append(result)
        elif result.status == ExecStatus.FATAL_ERROR and failed is None:
            failed = result
    if failed is not None:
        raise error_from_result(failed)
    return results


def _rows(transformer: Transformer, result: PGresult) -> list[DictRow]:
    transformer.set_pgresult(result)
    names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
    return transformer.load_rows(0, result.ntuples, lambda values: dict(zip(names, values, strict=True)))


async def _flushed(server: PGconn) -> None:
    """Send all of it. The server may answer meanwhile: that is taken in, or both would wait."""
    while server.flush():
        await _ready(server, to_write=True)
        server.consume_input()


async def _ready(server: PGconn, *, to_write: bool) -> None:
    loop, socket = asyncio.get_running_loop(), server.socket
    ready: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(socket, tell)
    if to_write:
        loop.add_writer(socket, tell)
    try:
        await ready
    finally:
        loop.remove_reader(socket)
        if to_write:
            loop.remove_writer(socket)
