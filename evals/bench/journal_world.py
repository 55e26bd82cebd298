"""A fresh embedded server with one firm person and her conversations: what the journal's bench writes to.

Rule 1: the server is an embedded one with the product's settings: what is acknowledged is on the disk.
Rule 2: callers write with the copilot's login and the ticket of a conversation of their own.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.clock import WallClock
from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import INTAKE, OWNER, Logins
from core.database.migrate import found, migrate
from core.database.pools import async_pool, connect
from core.fact import Entry, Sealed
from core.firm.events import PersonEngaged
from core.firm.people import Role
from core.ids import PersonId, SubjectId, ThreadId, TraceId
from core.ledger.journal import Journal
from core.people.events import ThreadOpened

ROOT: Final = Path(__file__).resolve().parents[2]
TRACE: Final = TraceId("0" * 32)
PERSON: Final = PersonId("adv-1")
PROOF: Final = b"a proof for the bench"


@dataclass(frozen=True, slots=True)
class Caller:
    """A conversation, and the copilot's ticket for it."""

    thread: ThreadId
    ticket: str


class JournalWorld:
    """Opened when made; `close` stops the server and removes its folder."""

    def __init__(self, callers: int, *, role: Role = "advisor") -> None:
        self._role = role
        self.home = Path(tempfile.mkdtemp(prefix="gh-"))
        self.home.chmod(0o711)  # the server's own user enters
        self._cluster = open_cluster(self.home)
        self.admin_dsn = self._cluster.superuser_dsn("gatehouse")
        self.logins: Logins = bootstrap(self.admin_dsn, kept=None, new_passwords=True, whole_server=True)
        migrate(self.logins.dsn(OWNER), found(ROOT))
        self.superuser = connect(self.admin_dsn, name="bench")
        self.clock = WallClock()
        self.session = ""  # her own, at the front
        self.callers = asyncio.run(self._begin(callers))

    def value(self, statement: str, words: Sequence[Any] = ()) -> Any:
        row = self.superuser.execute(statement.encode(), words).fetchone()
        return None if row is None else next(iter(row.values()))

    def close(self) -> None:
        self.superuser.close()
        self._cluster.close()
        shutil.rmtree(self.home, ignore_errors=True)

    async def _begin(self, callers: int) -> Sequence[Caller]:
        await self._engage()
        ticket = self.session = secrets.token_urlsafe(32)
        async with (
            async_pool(self.logins.dsn(INTAKE), name="bench", most=3) as pool,
            Journal(pool, self.clock) as journal,
            pool.connection() as connection,
        ):
            signed_in = "select gatehouse.open_session(%s, %s, %s, %s)"
            await connection.execute(signed_in, ["bench", PROOF, uuid4(), _hash(ticket)])
            threads = [ThreadId(f"thr-{number}") for number in range(callers)]
            opened = (Entry(f"thread/{t}", ThreadOpened(thread=t), TRACE, ticket=ticket) for t in threads)
            await asyncio.gather(*(journal.record(entry) for entry in opened))
            return [await self._caller(connection, ticket, thread) for thread in threads]

    async def _engage(self) -> None:
        name = Sealed(subject=SubjectId(PERSON), key=1, sealed="AAAA")
        fact = PersonEngaged(person=PERSON, login="bench", role=self._role, name=name)
        async with (
            async_pool(self.logins.dsn(OWNER), name="bench", most=1) as pool,
            Journal(pool, self.clock) as journal,
        ):
            await journal.record(Entry(f"person/{PERSON}", fact, TRACE))
        self.superuser.execute(
            "insert into gatehouse.credential values ('bench', %s, %s, %s, now())",
            [PERSON, b"0" * 16, sha256(PROOF).digest()],
        )

    @staticmethod
    async def _caller(connection: AsyncConnection[DictRow], ticket: str, thread: ThreadId) -> Caller:
        own = secrets.token_urlsafe(32)
        opened = "select gatehouse.open_thread_session(%s, %s, %s, %s)"
        await connection.execute(opened, [ticket, thread, uuid4(), _hash(own)])
        return Caller(thread, own)


def _hash(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()
