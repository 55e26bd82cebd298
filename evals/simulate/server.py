"""The real server, asked one thing at a time: what it answers is a function of the seed.

Rule 1: a statement runs to its end before anything else runs, so the order of statements is the loop's order.
    On the way to the server and back it takes virtual time.
Rule 2: a worker that dies dies here at once: its connections are gone before anything else runs.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import Any, Final, Protocol

import psycopg
from psycopg import AsyncConnection, Connection, OperationalError, pq, waiting
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row

from core.database.pools import conninfo
from evals.simulate.chance import Chance
from evals.simulate.loop import VirtualLoop, true_time

SEARCH_PATH: Final = "gatehouse,copilot,public,pg_catalog,pg_temp"
IDLE: Final = pq.TransactionStatus.IDLE
LOOKS_EVERY: Final = 0.0005  # of the machine's own seconds
STAMP: Final = 32  # bytes


class Life(Protocol):
    """Whose connection it is."""

    chance: Chance
    dead: bool
    slowest_ms: int  # that the server is to it

    @property
    def stalls(self) -> float:
        """Seconds for which nothing of it reaches anybody."""
        ...

    def step(self) -> None:
        """It has done, or is about to do, something that lasts: it may die here."""
        ...


class Server:
    """One database for one run."""

    def __init__(self, loop: VirtualLoop, time_file: Path, superuser: Connection[DictRow]) -> None:
        self._loop = loop
        self._clock = os.open(time_file, os.O_WRONLY)
        self.superuser = superuser

    def close(self) -> None:
        os.close(self._clock)

    def show_time(self) -> None:
        """Put the server's clock where the loop is."""
        os.pwrite(self._clock, stamp(true_time(self._loop)), 0)

    def wait_until_gone(self, pids: Sequence[int]) -> None:
        """Return when these backends are no more."""
        while self.superuser.execute(_ALIVE, {"pids": list(pids)}).fetchone():
            sleep(LOOKS_EVERY)

    def wait_for_the_buried(self) -> None:
        """Return when the connections of leases that were ended are no more."""
        while self.superuser.execute(_BURIED).fetchone():
            sleep(LOOKS_EVERY)


_ALIVE: Final = "select from pg_stat_activity where pid = any (%(pids)s)"
_BURIED: Final = """
select from pg_locks k join pg_database d on d.oid = k.database and d.datname = current_database()
    join gatehouse.worker_lease w on k.objid = w.lease::oid
where k.locktype = 'advisory' and k.classid = 1786642436 and w.ended_at is not null and w.ended_by <> w.lease
"""


def stamp(at: datetime) -> bytes:
    return at.astimezone(UTC).isoformat(timespec="microseconds").encode().ljust(STAMP)


class Asking(AsyncConnection[DictRow]):
    """A connection whose every statement blocks, and takes virtual time before it begins."""

    server: Server
    life: Life

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if self.pgconn.transaction_status == IDLE:  # within a transaction nobody else may come between
            await asyncio.sleep(self.life.chance.ms(0.1, self.life.slowest_ms) + self.life.stalls)
            if self.life.dead:
                raise OperationalError("the process that asks is dead")
        self.server.show_time()
        return waiting.wait(gen, self.pgconn.socket, interval=interval, timeout=timeout)

    async def close(self) -> None:
        if not self.closed:
            self.server.wait_until_gone(finished([self]))

    async def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
        cursor = await super().execute(query, params, **how)
        if isinstance(query, str) and "lease_bury" in query:
            self.server.wait_for_the_buried()
        return cursor


class Pool:
    """As far as the product uses one. First come, first served."""

    def __init__(
        self, server: Server, life: Life, dsn: str, *, most: int, says: Mapping[str, str] | None = None
    ) -> None:
        told = conninfo(dsn, name="simulation", says=says or {})
        self._dsn = make_conninfo(told, options=f"{_options(told)} -c search_path={SEARCH_PATH}")
        self._server = server
        self._life = life
        self._most = most
        self._made: list[Asking] = []
        self._free: list[Asking] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def made(self) -> Asking:
        """A connection of its own, outside the pool's count."""
        if self._life.dead:
            raise OperationalError("the process that asks is dead")
        pgconn = pq.PGconn.connect(self._dsn.encode())
        if pgconn.status != pq.ConnStatus.OK:
            raise OperationalError(pgconn.get_error_message())
        pgconn.nonblocking = 1
        connection = Asking(pgconn, row_factory=dict_row)
        connection.server, connection.life = self._server, self._life
        await connection.set_autocommit(True)
        connection.prepare_threshold = 5
        self._made.append(connection)
        return connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Asking]:
        found = await self._taken()
        try:
            yield found
        finally:
            self._back(found)

    async def getconn(self) -> OnLine:
        found = await self._taken()
        return OnLine.of(found)

    async def putconn(self, line: OnLine) -> None:
        self._back(line.connection)

    def get_stats(self) -> Mapping[str, int]:
        return {"requests_waiting": len(self._waiting)}

    def sever(self) -> list[int]:
        """End all connections as a killed process does. The backends that had them."""
        pids = finished([one for one in self._made if not one.closed])
        self._made.clear()
        self._free.clear()
        return pids

    async def _taken(self) -> Asking:
        while True:
            while self._free:
                found = self._free.pop()
                if not found.closed:
                    return found
                self._made.remove(found)
            if len(self._made) <= self._most:
                return await self.made()
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next()
                raise

    def _back(self, found: Asking) -> None:
        if found in self._made:
            if found.closed:
                self._made.remove(found)
            else:
                self._free.append(found)
        self._next()

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return


def _options(told: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(told).get("options", ""))


class OnLine:
    """A pool's connection as the journal's own line takes it: it sends, and hears when it is answered."""

    def __init__(self, connection: Asking) -> None:
        self.connection = connection
        self.pgconn = _OnTheWay(connection)
        self.execute: Callable[..., Any] = connection.execute
        self.close = connection.close

    @staticmethod
    def of(connection: Asking) -> OnLine:
        known: OnLine | None = getattr(connection, "on_line", None)
        if known is None:
            known = OnLine(connection)
            connection.on_line = known  # type: ignore[attr-defined]  # one for each, for as long as it lives
        return known


class _OnTheWay:
    """What the line does with its connection. An append takes virtual time there, and back."""

    def __init__(self, connection: Asking) -> None:
        self._connection = connection
        self._life = connection.life
        self._said: list[pq.abc.PGresult | None] | None = None
        self._broken = False
        self.heard: Callable[[], object] | None = None

    @property
    def socket(self) -> _OnTheWay:
        return self

    def send_query_prepared(self, name: bytes, parameters: Sequence[bytes]) -> None:
        if self._life.dead or self._connection.closed:
            raise OperationalError("the connection is closed")
        self._said = None
        there = self._life.chance.ms(0.1, self._life.slowest_ms) + self._life.stalls
        asyncio.get_running_loop().call_later(there, self._arrives, name, parameters)

    def flush(self) -> int:
        return 0

    def consume_input(self) -> None:
        if self._broken:
            raise OperationalError("the connection broke")

    def is_busy(self) -> int:
        return self._said is None

    def get_result(self) -> pq.abc.PGresult | None:
        return self._said.pop(0) if self._said else None

    def _arrives(self, name: bytes, parameters: Sequence[bytes]) -> None:
        life = self._life
        life.step()
        if life.dead or self._connection.closed:
            return
        breaks = life.chance.percent(1)  # the connection: before it happens, or after
        happens = not breaks or life.chance.percent(50)
        if happens:
            self._connection.server.show_time()
            said: pq.abc.PGresult = self._connection.pgconn.exec_prepared(name, parameters)
            self._said = [said, None]
        if breaks:
            self._broken = True
            self._connection.server.wait_until_gone(finished([self._connection]))
        asyncio.get_running_loop().call_later(life.chance.ms(0.1, life.slowest_ms), self._comes_back)

    def _comes_back(self) -> None:
        self._life.step()
        if not self._life.dead and self.heard is not None:
            self.heard()


def finished(connections: Sequence[Asking]) -> list[int]:
    """End them without a word. The backends that had them."""
    pids = [one.pgconn.backend_pid for one in connections]
    for one in connections:
        one.pgconn.finish()
    return pids
