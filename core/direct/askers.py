"""Who places an order: a person with her session, or a program with its key.

Rule 1: what is remembered here lives for a moment and opens nothing: each append asks the database again.
Rule 2: a program drafts in its advisor's book, reads what she may read, and is nobody at every other door.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.database.statements import statements
from core.errors import SignInRequired
from core.ids import PersonId
from core.people.asker import asking

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
KEY_BEGINS: Final = "ghk."
REMEMBERED: Final = timedelta(seconds=10)
AT_MOST: Final = 10_000  # askers


class Asker(NamedTuple):
    """`who` drafts, in the book of `advisor`."""

    ticket: str
    who: PersonId
    advisor: PersonId
    machine: bool


class Askers:
    """One for each process that takes orders."""

    def __init__(self, pool: AsyncPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._known: dict[str, tuple[Asker, int]] = {}

    async def of(self, ticket: str) -> Asker:
        """Whose ticket or key that is.

        Raises:
            SignInRequired: nobody's, any more.
        """
        known = self._known.get(ticket)
        now = self._clock.monotonic_ns()
        if known is not None and known[1] > now:
            return known[0]
        async with reading(self._pool, ticket) as (_, asker):
            if len(self._known) >= AT_MOST:
                self._known.clear()
            self._known[ticket] = (asker, now + REMEMBERED // timedelta(microseconds=1) * 1000)
            return asker


@asynccontextmanager
async def reading(pool: AsyncPool, ticket: str) -> AsyncIterator[tuple[AsyncConnection[DictRow], Asker]]:
    """One consistent read of the book that the ticket or key opens.

    Raises:
        SignInRequired: there is no such session or key, or it has ended.
    """
    if not ticket.startswith(KEY_BEGINS):
        async with asking(pool, ticket) as connection:
            person = (await one(connection, SQL["person_asking"]))["person"]
            yield connection, Asker(ticket, person, person, False)
        return
    if "\x00" in ticket:
        raise _no_key()
    async with lend(pool) as connection, connection.transaction():
        row = await one(connection, SQL["present_machine"], {"key": ticket})
        if row["machine"] is None:
            raise _no_key()
        yield connection, Asker(ticket, row["machine"], row["advisor"], True)


def _no_key() -> SignInRequired:
    return SignInRequired("that key is not good, or no longer", fix="ask operations for another")
