"""How many orders a second are decided, with the decision durable: every policy asked, and all on the disk.

Rule 1: subject is the product's own way behind the HTTP edge: `DirectOrders.place`, 128 callers waiting, in
    this process; each answer is after its commit. Two entries an order.
Rule 2: baseline is the same decisions in memory, not recorded: the ratio says what being durable costs.
Rule 3: `detail` has the latencies at a pace of 1,000 a second, and the processor's time of an order, ours and
    the server's, which say what a quiet machine could do; and what the disk alone takes to keep a page: no
    answer comes before that.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from time import process_time_ns
from typing import Any, Final

import uvloop

from core.clock import WallClock
from core.database.logins import INTAKE
from core.database.pools import async_pool
from core.direct.orders import Asked, DirectOrders, assessed, assumed_on, proposal_of, request_of
from core.ledger.journal import Journal
from core.risk.policies import POLICIES
from evals.bench.harness import Bench, Round, percentile
from evals.bench.orders_world import OrdersWorld

ACCOUNTS: Final = 10_000
SYMBOLS: Final = 500
WAITING: Final = 128
DECISIONS: Final = 4_000  # of one round
PACE: Final = 1_000  # a second
PACED: Final = 2_000
PAGE: Final = 8_192  # bytes
KEPT: Final = 100  # pages, one behind the other
FUNCTIONS: Final = (
    "look",
    "take_direct",
    "take_direct_one",
    "law_proposal_drafted",
    "law_proposal_assessed",
    "law_proposal_denied",
    "take_together",
    "take",
    "write_down",
)

Placed = tuple[str, Asked]


class DecideBench:
    name = "decide"
    unit = "decisions/s"
    event_bytes: int | None = None

    def __init__(
        self, *, accounts: int = ACCOUNTS, symbols: int = SYMBOLS, decisions: int = DECISIONS
    ) -> None:
        self._world = OrdersWorld(accounts=accounts, symbols=symbols)
        self._clock = self._world.clock
        self._decisions = decisions
        self._paced: list[float] = []
        self._rates: list[float] = []
        self._cpu_us: Mapping[str, float] = {}
        self._loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._loop.run(self._open())

    @property
    def server_settings(self) -> Mapping[str, str]:
        rows = self._world.superuser.execute(
            "select name, current_setting(name) as value from pg_settings"
            " where name in ('shared_buffers', 'synchronous_commit', 'fsync', 'max_wal_size')"
        ).fetchall()
        return {row["name"]: row["value"] for row in rows}

    def subject(self) -> Round:
        calls_ms: list[float] = []
        figure = self._loop.run(self._waiting(self._decisions, calls_ms))
        self._rates.append(figure)
        self._paced += self._loop.run(self._at_pace(PACED))
        self.event_bytes = self._world.value(
            "select avg(octet_length(text))::int from gatehouse.journal where stream like 'proposal/%'"
        )
        return Round(figure=figure, calls_ms=calls_ms, detail=self._detail())

    def baseline(self) -> Round:
        asked = list(self._world.orders(self._decisions))
        figure = self._loop.run(self._in_memory(asked))
        return Round(figure=figure)

    def close(self) -> None:
        self._loop.run(self._shut())
        self._loop.close()
        self._world.close()

    async def _open(self) -> None:
        self._pool = async_pool(self._world.logins.dsn(INTAKE), name="bench", most=6)
        await self._pool.open()
        self._journal = Journal(self._pool, self._clock)
        self.orders = DirectOrders(self._pool, self._journal, self._clock)
        for key in self._world.keys.values():  # every book read once, as after the first orders of a morning
            asker = await self.orders.askers.of(key)
            book = next(p for p in self._world.firm.pictures if p.household.advisor == asker.advisor)
            await self.orders.books.ground(asker, book.household.accounts[0].id)

    async def _shut(self) -> None:
        await self._journal.__aexit__(None, None, None)
        await self._pool.close()

    async def _waiting(self, count: int, calls_ms: list[float]) -> float:
        """Decisions a second, where so many callers always wait."""
        asked = deque(self._world.orders(count))

        async def caller() -> None:
            while asked:
                key, order = asked.popleft()
                begun = self._clock.monotonic_ns()
                await self.orders.place(key, order)
                calls_ms.append((self._clock.monotonic_ns() - begun) / 1e6)

        begun, ours, theirs = self._clock.monotonic_ns(), process_time_ns(), self._server_ns()
        await asyncio.gather(*(caller() for _ in range(WAITING)))
        self._cpu_us = {
            "ours": round((process_time_ns() - ours) / 1e3 / count, 1),
            "server": round((self._server_ns() - theirs) / 1e3 / count, 1),
        }
        return count / self._since(begun)

    def _server_ns(self) -> int:
        """The processor's time of the server's own processes that serve us."""
        rows = self._world.superuser.execute(
            "select pid from pg_stat_activity where application_name like 'gatehouse-bench%'"
        ).fetchall()
        return sum(cpu_ns(row["pid"]) for row in rows)

    async def _at_pace(self, count: int) -> Sequence[float]:
        """Milliseconds of each call, where one begins every thousandth of a second, whatever others do."""
        calls_ms: list[float] = []
        loop, begun = asyncio.get_running_loop(), asyncio.get_running_loop().time()

        async def one(key: str, order: Asked, due: float) -> None:
            await self.orders.place(key, order)
            calls_ms.append((loop.time() - due) * 1e3)

        async with asyncio.TaskGroup() as tasks:
            for n, (key, order) in enumerate(self._world.orders(count)):
                due = begun + n / PACE
                await asyncio.sleep(max(0.0, due - loop.time()))
                tasks.create_task(one(key, order, due))
        return calls_ms

    async def _in_memory(self, asked: Sequence[Placed]) -> float:
        begun = self._clock.monotonic_ns()
        for key, order in asked:
            asker = await self.orders.askers.of(key)
            ground = await self.orders.books.ground(asker, order.account)
            proposal = proposal_of(asker.who, order.client_order)
            on = assumed_on(ground.market.session, self.orders.books.limits)
            assessed(proposal, request_of(order, ground), ground, on)
        return len(asked) / self._since(begun)

    def _detail(self) -> Mapping[str, Any]:
        paced = sorted(self._paced)
        return {
            "policies": len(POLICIES),
            "accounts": self._world.firm.accounts,
            "waiting": WAITING,
            "entries_an_order": 2,
            "paced_a_second": PACE,
            "paced_p50_ms": percentile(paced, 50),
            "paced_p99_ms": percentile(paced, 99),
            "disk_p50_ms": percentile(sorted(disk_ms(self._world.home, KEPT)), 50),
            "median_so_far": round(median(self._rates)),
            "cpu_us_an_order": self._cpu_us,
            "server_us_an_order": self._loop.run(self._server_us()),
        }

    async def _server_us(self) -> Mapping[str, float]:
        """Microseconds that the server spends on an order in each function, those that it calls included."""
        self._world.superuser.execute("alter role gh_intake set track_functions = 'all'")
        before = self._times()
        async with async_pool(self._world.logins.dsn(INTAKE), name="bench-watched", most=2) as pool:
            async with Journal(pool, self._clock) as journal:
                watched = DirectOrders(pool, journal, self._clock)
                watched.askers, watched.books = self.orders.askers, self.orders.books
                asked = list(self._world.orders(4 * WAITING))
                await asyncio.gather(*(watched.place(key, order) for key, order in asked))
            async with pool.connection() as connection:
                await connection.execute("select pg_stat_force_next_flush()")
        self._world.superuser.execute("alter role gh_intake reset track_functions")
        after = self._times()
        return {
            name: round((after.get(name, 0.0) - before.get(name, 0.0)) * 1e3 / (4 * WAITING), 1)
            for name in FUNCTIONS
        }

    def _times(self) -> Mapping[str, float]:
        self._world.superuser.execute("select pg_stat_clear_snapshot()")
        rows = self._world.superuser.execute(
            "select funcname, total_time from pg_stat_user_functions"
        ).fetchall()
        return {row["funcname"]: row["total_time"] for row in rows}

    def _since(self, begun: int) -> float:
        return (self._clock.monotonic_ns() - begun) / 1e9


def cpu_ns(pid: int) -> int:
    """Of a process of this machine. Source: proc(5), /proc/[pid]/stat, utime and stime in clock ticks."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def disk_ms(folder: Path, count: int) -> Sequence[float]:
    """Milliseconds that the disk under that folder takes to keep a page, one after the other."""
    clock, taken = WallClock(), []
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(PAGE * count))
        file.flush()
        os.fsync(file.fileno())
        for n in range(count):
            begun = clock.monotonic_ns()
            os.pwrite(file.fileno(), b"x" * PAGE, n * PAGE)
            os.fdatasync(file.fileno())
            taken.append((clock.monotonic_ns() - begun) / 1e6)
    return taken


def bench() -> Bench:
    return DecideBench()
