"""One connection of the journal's pool, on loan: what is asked on it is sent and read here, without a task.

Rule 1: a line is asked one thing at a time, and answers once: rows, or the error that psycopg would raise.
Rule 2: a line on which anything broke, or was broken off, is closed and never asked again.
Rule 3: a line that nobody needs goes back to the pool after a moment; where others wait for one, at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final
from weakref import WeakSet

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.rows import DictRow

from core.database.pools import AsyncPool
from core.database.statements import statements

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
ASKED: Final = ("append", "append_one", "stream_versions")  # each takes one text of JSON
LINGERS: Final = timedelta(milliseconds=20)  # an honest caller's next entry comes sooner, or much later

Rows = list[tuple[bytes | None, ...]]
Answer = Callable[[Rows | psycopg.Error], None]


class Line:
    """Made by `Lines`, inside the event loop."""

    def __init__(self, connection: AsyncConnection[DictRow]) -> None:
        self.connection = connection
        self._server = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = self._server.socket
        self._answer: Answer | None = None
        self._said: Rows | psycopg.Error = []
        self._listening = True
        self.rests_since = self._loop.time()
        self._loop.add_reader(self._socket, self._read)

    @property
    def good(self) -> bool:
        """Whether it can be asked."""
        return self._listening and self._answer is None

    def ask(self, what: str, parameter: bytes, answer: Answer) -> None:
        """Send it. `answer` is called later, and once."""
        self._answer, self._said = answer, []
        try:
            self._server.send_query_prepared(_prepared(what), [parameter])
            self._write()
        except psycopg.Error as bad:
            self._loop.call_soon(self._broke, bad)

    async def asked(self, what: str, parameter: bytes) -> Rows:
        """As `ask`, for whoever can wait.

        Raises:
            psycopg.Error: as the server or the connection says it.
        """
        done: asyncio.Future[Rows] = self._loop.create_future()

        def answer(said: Rows | psycopg.Error) -> None:
            if done.done():
                return
            if isinstance(said, psycopg.Error):
                done.set_exception(said)
            else:
                done.set_result(said)

        self.ask(what, parameter, answer)
        return await done

    def hang_up(self) -> None:
        """Read and write no more; nobody is answered."""
        self._answer = None
        if self._listening:
            self._listening = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def _write(self) -> None:
        """Send what the socket takes; the rest when it takes more."""
        try:
            if self._server.flush():
                self._loop.add_writer(self._socket, self._write)
            else:
                self._loop.remove_writer(self._socket)
        except psycopg.Error as bad:
            self._broke(bad)

    def _read(self) -> None:
        try:
            self._server.consume_input()
            while self._answer is not None and not self._server.is_busy():
                result = self._server.get_result()
                if result is None:
                    self._tell(self._said)
                    return
                if result.status == ExecStatus.TUPLES_OK:
                    columns = range(result.nfields)
                    self._said = [
                        tuple([result.get_value(row, column) for column in columns])
                        for row in range(result.ntuples)
                    ]
                else:
                    self._said = error_from_result(result)
        except psycopg.Error as bad:
            self._broke(bad)

    def _broke(self, bad: psycopg.Error) -> None:
        """The server's own last word says more than that the line is gone."""
        said = self._said if isinstance(self._said, psycopg.Error) else bad
        answer = self._answer
        self.hang_up()
        if answer is not None:
            answer(said)

    def _tell(self, said: Rows | psycopg.Error) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(said)


class Lines:
    """The lines of one journal."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool
        self._free: list[Line] = []
        self._ready: WeakSet[AsyncConnection[DictRow]] = WeakSet()  # whose statements are prepared
        self._returning: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def free(self) -> Line | None:
        """One that was used a moment ago and is good still."""
        while self._free:
            line = self._free.pop()
            if line.good:
                return line
            self.give_back(line)
        return None

    async def borrow(self) -> Line:
        """One of the pool's.

        Raises:
            psycopg.Error: there is none within the pool's time, or it broke at once.
        """
        connection = await self._pool.getconn()
        try:
            if connection not in self._ready:
                for what in ASKED:
                    await connection.execute(SQL[f"prepare_{what}"].encode())
                self._ready.add(connection)
            return Line(connection)
        except BaseException:  # a cancellation, too: half prepared, it must not go back as if it were good
            await connection.close()
            await self._pool.putconn(connection)
            raise

    def rest(self, line: Line, *, unprepared: bool = False) -> None:
        """It was answered: whoever comes next may have it. `unprepared`: somebody dropped its statements."""
        if unprepared:
            self._ready.discard(line.connection)
            self.give_back(line)
        elif not line.good or self._pool.get_stats().get("requests_waiting"):
            self.give_back(line)
        else:
            line.rests_since = asyncio.get_running_loop().time()
            self._free.append(line)
            self._look_again()

    def give_back(self, line: Line) -> None:
        """To the pool, which makes a new connection where this one broke."""
        task = asyncio.create_task(self._returned(line), name="line back to its pool")
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def close(self) -> None:
        """All go back. Those that are asked something are their caller's to give back before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._free:
            self.give_back(self._free.pop())
        await asyncio.gather(*self._returning, return_exceptions=True)

    def _look_again(self) -> None:
        if self._free and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(LINGERS.total_seconds(), self._nobody_came)

    def _nobody_came(self) -> None:
        """Give back what rested for long enough."""
        self._timer = None
        rested = asyncio.get_running_loop().time() - LINGERS.total_seconds()
        for line in [one for one in self._free if one.rests_since <= rested]:
            self._free.remove(line)
            self.give_back(line)
        self._look_again()

    async def _returned(self, line: Line) -> None:
        unfinished = not line.good
        line.hang_up()
        if unfinished:
            await line.connection.close()
        await self._pool.putconn(line.connection)


def _prepared(what: str) -> bytes:
    return f"gatehouse_{what}".encode()
