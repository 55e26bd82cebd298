"""Connections: one pool per login, each with its timeouts.

Rule 1: autocommit. The journal's append is one statement and a transaction around it is a defect; whoever
    needs a transaction asks for it by `connection.transaction()`.
Rule 2: no statement waits for ever: a statement, a lock and an idle transaction each have their time.
Rule 3: rows come as dicts, by the names that the statement gives.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.conninfo import make_conninfo
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from core.errors import BadInput, WorldFailed

SEARCH_PATH: Final = "gatehouse, copilot, public, pg_temp"
CONNECTS_WITHIN: Final = timedelta(seconds=5)
STATEMENT_WITHIN: Final = timedelta(seconds=10)
LOCK_WITHIN: Final = timedelta(seconds=5)
IDLE_IN_TRANSACTION: Final = timedelta(seconds=15)
WAITS_FOR_A_CONNECTION: Final = timedelta(seconds=10)
NOTHING_MORE: Final[Mapping[str, str]] = MappingProxyType({})

AsyncPool = AsyncConnectionPool[AsyncConnection[DictRow]]


def conninfo(
    dsn: str,
    *,
    name: str,
    statement_within: timedelta = STATEMENT_WITHIN,
    says: Mapping[str, str] = NOTHING_MORE,
) -> str:
    """`dsn` with our timeouts and search path; `name` is what the server's views show, `says` what the
    owner's functions may read of whoever asks.

    Raises:
        BadInput: it cannot be read. It is not shown: a password may stand in it.
    """
    options = {
        "search_path": SEARCH_PATH.replace(" ", ""),
        "statement_timeout": _ms(statement_within),
        "lock_timeout": _ms(LOCK_WITHIN),
        "idle_in_transaction_session_timeout": _ms(IDLE_IN_TRANSACTION),
        "timezone": "UTC",
        **says,
    }
    try:
        return make_conninfo(
            dsn,
            application_name=f"gatehouse-{name}",
            connect_timeout=CONNECTS_WITHIN // timedelta(seconds=1),
            options=" ".join(f"-c {key}={value}" for key, value in options.items()),
        )
    except psycopg.ProgrammingError:
        raise unreadable(name) from None  # its words repeat pieces of the address


def connect(dsn: str, *, name: str, statement_within: timedelta = STATEMENT_WITHIN) -> Connection[DictRow]:
    """One connection, for a command or a listener.

    Raises:
        WorldFailed: the server does not answer or does not know the login.
    """
    try:
        return Connection.connect(
            conninfo(dsn, name=name, statement_within=statement_within), autocommit=True, row_factory=dict_row
        )
    except psycopg.OperationalError as bad:
        raise unreachable(bad) from bad


async def connect_async(
    dsn: str,
    *,
    name: str,
    statement_within: timedelta = STATEMENT_WITHIN,
    says: Mapping[str, str] = NOTHING_MORE,
) -> AsyncConnection[DictRow]:
    """As `connect`, for the event loop."""
    told = conninfo(dsn, name=name, statement_within=statement_within, says=says)
    try:
        return await AsyncConnection.connect(told, autocommit=True, row_factory=dict_row)
    except psycopg.OperationalError as bad:
        raise unreachable(bad) from bad


def async_pool(
    dsn: str,
    *,
    name: str,
    most: int,
    least: int = 1,
    statement_within: timedelta = STATEMENT_WITHIN,
    says: Mapping[str, str] = NOTHING_MORE,
    asks_first: bool = True,
) -> AsyncPool:
    """A pool for the event loop, closed: open it with `async with`. It asks a connection whether it works
    before it lends it, or only looks whether the server has hung up: no round trip, and a connection that is
    just being ended fails whoever has it."""
    return AsyncConnectionPool(
        conninfo(dsn, name=name, statement_within=statement_within, says=says),
        connection_class=AsyncConnection[DictRow],
        kwargs=_EACH,
        min_size=least,
        max_size=most,
        timeout=WAITS_FOR_A_CONNECTION.total_seconds(),
        check=AsyncConnectionPool.check_connection if asks_first else _not_hung_up,
        name=name,
        open=False,
    )


@asynccontextmanager
async def lend(pool: AsyncPool) -> AsyncIterator[AsyncConnection[DictRow]]:
    """A connection for reading, autocommit. What breaks on the way is the world's fault, and says so.

    Whoever is told to stop while a statement runs may hear of it as a connection that broke, and the pool may
    just take another one: to them it is said again as what it is, or they would go on.

    Raises:
        WorldFailed: the server did not answer, the connection broke, or the server takes nothing now: to say
            who asks is a write.
    """
    try:
        async with pool.connection() as connection:
            _stop_if_told()
            yield connection
    except (psycopg.OperationalError, psycopg.InterfaceError, ReadOnlySqlTransaction) as bad:
        _stop_if_told()
        raise WorldFailed(
            f"the database did not answer: {(str(bad).splitlines() or ['no reason given'])[0]}",
            fix="try again; see that it runs",
        ) from bad


async def _not_hung_up(connection: AsyncConnection[DictRow]) -> None:
    """Raises OperationalError where what came meanwhile is the connection's end."""
    connection.pgconn.consume_input()  # the server's last words, if any,
    connection.pgconn.consume_input()  # and that there is nothing after them


def _stop_if_told() -> None:
    """Raises CancelledError where the task that asks was cancelled, whoever caught it meanwhile."""
    asking = asyncio.current_task()
    if asking is not None and asking.cancelling():
        raise asyncio.CancelledError


def unreadable(name: str) -> BadInput:
    """What to say of an address that is none."""
    return BadInput(
        f"the address of the database for {name!r} cannot be read",
        fix="write it like postgresql://login@host:5432/gatehouse",
    )


def unreachable(bad: psycopg.OperationalError) -> WorldFailed:
    """What a person needs to know of a server that did not answer. Holds no password."""
    said = str(bad).strip().splitlines() or ["no reason given"]
    return WorldFailed(
        f"the database cannot be reached: {said[-1].strip()}", fix="start it, or mend its address"
    )


_EACH: Final[dict[str, Any]] = {"autocommit": True, "row_factory": dict_row}


def _ms(time: timedelta) -> str:
    return str(time // timedelta(milliseconds=1))
