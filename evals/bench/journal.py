"""How many durable, chained entries a second the journal takes from 128 callers that wait together.

Rule 1: subject is the product's own way: the copilot's login, a ticket in each entry, every check on. Each
    caller is acknowledged after the commit that holds its entry, and only then asks again.
Rule 2: baseline is COPY of those very rows by the same driver into an unchained table with the same indexes,
    in commits of the same size.
Rule 3: the server is a fresh embedded one with the product's settings: what is acknowledged is on the disk.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from psycopg import Connection
from psycopg.rows import DictRow

from core.clock import WallClock
from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import AGENT, INTAKE, OWNER, Logins
from core.database.migrate import found, migrate
from core.database.pools import async_pool, connect
from core.fact import Entry, Sealed
from core.firm.events import PersonEngaged
from core.ids import PersonId, SubjectId, ThreadId, TraceId
from core.ledger.journal import BATCH, Journal
from core.people.events import StepTaken, ThreadOpened
from evals.bench.harness import Bench, Round

ROOT: Final = Path(__file__).resolve().parents[2]
CALLERS: Final = 128
EACH: Final = 24  # entries of one caller in one round
TRACE: Final = TraceId("0" * 32)
PERSON: Final = PersonId("adv-1")
PROOF: Final = b"a proof for the bench"
SHOWN: Final = (
    *(
        "server_version",
        "fsync",
        "synchronous_commit",
        "full_page_writes",
        "wal_sync_method",
        "wal_compression",
    ),
    *("shared_buffers", "wal_buffers", "max_wal_size", "checkpoint_timeout", "commit_delay", "jit"),
)
COLUMNS: Final = (
    "seq, recorded_at, role, actor, text, event_id, event_type, event_version, stream, stream_version,"
    " trace_id, occurred_at, digest"
)


class JournalBench:
    """Opened when made; `close` stops the server and removes its folder."""

    name = "journal"
    unit = "entries/s"

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="gh-"))
        self._home.chmod(0o711)  # the server's own user enters
        self._cluster = open_cluster(self._home)
        admin = self._cluster.superuser_dsn("gatehouse")
        logins = bootstrap(admin, kept=None, new_passwords=True, whole_server=True)
        migrate(logins.dsn(OWNER), found(ROOT))
        self._superuser = connect(admin, name="bench")
        self._superuser.execute("create table gatehouse.unchained (like gatehouse.journal including indexes)")
        self._clock = WallClock()
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self._journal, self._callers = self._runner.run(self._begin(logins))
        self._copied = self._newest()

    @property
    def event_bytes(self) -> int:
        """Mean length of an entry's text."""
        return int(self._value("select coalesce(avg(octet_length(text)), 0)::int from gatehouse.unchained"))

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {name: str(self._value(f"select current_setting('{name}')")) for name in SHOWN}

    def subject(self) -> Round:
        calls_ms: list[float] = []
        begun = self._clock.monotonic_ns()
        self._runner.run(self._everybody(calls_ms))
        took_ns = self._clock.monotonic_ns() - begun
        return Round(
            figure=CALLERS * EACH / (took_ns / 1e9),
            calls_ms=calls_ms,
            detail={
                "callers": CALLERS,
                "batch": BATCH,
                "entries": CALLERS * EACH,
                "baseline": "COPY, same indexes",
            },
        )

    def baseline(self) -> Round:
        rows = self._fresh_rows()
        begun = self._clock.monotonic_ns()
        for at in range(0, len(rows), BATCH):
            self._copy(self._superuser, rows[at : at + BATCH])
        took_ns = self._clock.monotonic_ns() - begun
        return Round(figure=len(rows) / (took_ns / 1e9))

    def close(self) -> None:
        self._runner.run(self._open.aclose())
        self._runner.close()
        self._superuser.close()
        self._cluster.close()
        shutil.rmtree(self._home, ignore_errors=True)

    async def _begin(self, logins: Logins) -> tuple[Journal, Sequence[tuple[ThreadId, str]]]:
        """A person with a session, and for each caller a conversation of hers with its ticket."""
        await self._engage(logins)
        ticket = secrets.token_urlsafe(32)
        callers = []
        async with (
            async_pool(logins.dsn(INTAKE), name="bench", most=2) as pool,
            Journal(pool, self._clock) as journal,
            pool.connection() as connection,
        ):
            signed_in = "select gatehouse.open_session(%s, %s, %s, %s)"
            await connection.execute(signed_in, ["bench", PROOF, uuid4(), _hash(ticket)])
            for number in range(CALLERS):
                thread = ThreadId(f"thr-{number}")
                await journal.record(
                    Entry(f"thread/{thread}", ThreadOpened(thread=thread), TRACE, ticket=ticket)
                )
                its_own = secrets.token_urlsafe(32)
                opened = "select gatehouse.open_thread_session(%s, %s, %s, %s)"
                await connection.execute(opened, [ticket, thread, uuid4(), _hash(its_own)])
                callers.append((thread, its_own))
        pool = await self._open.enter_async_context(async_pool(logins.dsn(AGENT), name="bench", most=2))
        return await self._open.enter_async_context(Journal(pool, self._clock)), callers

    async def _engage(self, logins: Logins) -> None:
        name = Sealed(subject=SubjectId(PERSON), key=1, sealed="AAAA")
        fact = PersonEngaged(person=PERSON, login="bench", role="advisor", name=name)
        async with (
            async_pool(logins.dsn(OWNER), name="bench", most=1) as pool,
            Journal(pool, self._clock) as journal,
        ):
            await journal.record(Entry(f"person/{PERSON}", fact, TRACE))
        self._superuser.execute(
            "insert into gatehouse.credential values ('bench', %s, %s, %s, now())",
            [PERSON, b"0" * 16, sha256(PROOF).digest()],
        )

    async def _everybody(self, calls_ms: list[float]) -> None:
        await asyncio.gather(*(self._caller(thread, ticket, calls_ms) for thread, ticket in self._callers))

    async def _caller(self, thread: ThreadId, ticket: str, calls_ms: list[float]) -> None:
        for _ in range(EACH):
            fact = StepTaken(
                thread=thread, agent="planner", step="plan", model="a model of some name", took_ms=7
            )
            begun = self._clock.monotonic_ns()
            await self._journal.record(Entry(f"thread/{thread}", fact, TRACE, ticket=ticket))
            calls_ms.append((self._clock.monotonic_ns() - begun) / 1e6)

    def _fresh_rows(self) -> Sequence[tuple[Any, ...]]:
        """The rows that the last round left in the journal."""
        rows = self._superuser.execute(
            f"select {COLUMNS} from gatehouse.journal where seq > %s order by seq",  # noqa: S608
            [self._copied],
        ).fetchall()
        self._copied = self._newest()
        return [tuple(row.values()) for row in rows]

    @staticmethod
    def _copy(connection: Connection[DictRow], rows: Sequence[tuple[Any, ...]]) -> None:
        """One COPY, one commit."""
        with connection.cursor().copy(f"copy gatehouse.unchained ({COLUMNS}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)

    def _newest(self) -> int:
        return int(self._value("select seq from gatehouse.head"))

    def _value(self, statement: str) -> Any:
        row = self._superuser.execute(statement.encode()).fetchone()
        return None if row is None else next(iter(row.values()))


def bench() -> Bench:
    return JournalBench()


def _hash(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()
