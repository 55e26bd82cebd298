"""Who is asking: a connection on which row policies show one person's book, for one transaction.

Rule 1: person and book come from the session row that the ticket names, by an owner's function. Nothing that
    a client may set decides what it sees.
Rule 2: the binding ends with the transaction: a pooled connection carries nobody over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.ahead import sent
from core.database.pools import AsyncPool, lend
from core.database.rows import Statement, one, rows
from core.database.statements import statements
from core.errors import SignInRequired

SQL: Final = statements(Path(__file__).with_name("statements.sql"))


@asynccontextmanager
async def asking(pool: AsyncPool, ticket: str) -> AsyncIterator[AsyncConnection[DictRow]]:
    """One consistent read as the ticket's person.

    Raises:
        SignInRequired: there is no such session, it has ended, or it is not good at this login.
    """
    async with lend(pool) as connection, AsyncExitStack() as stack:
        async with connection.pipeline():  # the transaction's begin goes with who asks, in one round trip
            await stack.enter_async_context(connection.transaction())
            await present(connection, ticket, by=SQL["present"])
        yield connection


async def found_by(pool: AsyncPool, ticket: str, statement: str, asked: Mapping[str, Any]) -> list[DictRow]:
    """The rows of one statement of the owner's that itself says who asks: one round trip. Its rows say
    `signed_in`.

    Raises:
        SignInRequired: as `asking`.
    """
    if "\x00" in ticket:
        raise _ended()
    async with lend(pool) as connection:
        found = await rows(connection, statement, {"ticket": ticket, **asked})
    if found and not found[0]["signed_in"]:
        raise _ended()
    return found


async def read_at_once(
    pool: AsyncPool, ticket: str, asked: Mapping[str, Statement]
) -> dict[str, list[DictRow]]:
    """What these statements show the ticket's person, by name: as `asking`, in one round trip.

    Raises:
        SignInRequired: as `asking`. What they showed nobody is not told.
    """
    async with read_ahead(pool, ticket, asked) as found:
        pass
    return found


@asynccontextmanager
async def read_ahead(
    pool: AsyncPool, ticket: str, asked: Mapping[str, Statement]
) -> AsyncIterator[dict[str, list[DictRow]]]:
    """As `read_at_once`: sent as it is entered, answered as it is left, so that the server reads while
    something else is done here. It yields what is filled then.

    Raises:
        SignInRequired: as `read_at_once`, when it is left.
    """
    if "\x00" in ticket:
        raise _ended()
    found: dict[str, list[DictRow]] = {}
    asks: dict[str, Statement] = {"present": (SQL["present"], {"ticket": ticket}), **asked}
    async with lend(pool) as connection, sent(connection, asks) as answers:
        yield found
    [who] = answers.pop("present")
    if who["person"] is None:
        raise _ended()
    found.update(answers)


async def present(connection: AsyncConnection[DictRow], ticket: str, *, by: str) -> None:
    """Bind the ticket's session to the transaction that is open, by that statement.

    Raises:
        SignInRequired: as `asking`.
    """
    await _presented(connection, ticket, by, {})


async def at_once(pool: AsyncPool, ticket: str, statement: str, asked: Mapping[str, Any]) -> DictRow:
    """The row of one statement that itself says who asks (`person`): one round trip. What it reads is what
    everybody may: the binding is not there yet when it begins.

    Raises:
        SignInRequired: as `asking`.
    """
    async with lend(pool) as connection:
        return await _presented(connection, ticket, statement, asked)


async def _presented(
    connection: AsyncConnection[DictRow], ticket: str, by: str, asked: Mapping[str, Any]
) -> DictRow:
    # No ticket of ours holds NUL, and no text of PostgreSQL can.
    row = None if "\x00" in ticket else await one(connection, by, {"ticket": ticket, **asked})
    if row is None or row["person"] is None:
        raise _ended()
    return row


def _ended() -> SignInRequired:
    return SignInRequired("your session has ended", fix="sign in again")
