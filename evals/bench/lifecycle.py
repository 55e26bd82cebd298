"""How many released orders a second come to their final fill on record: one worker, three venues over
sockets.

Rule 1: the worker is the product's own process, with all its duties; the time is the database's: from the
    first claim to the last fill's entry. Starting a process is not in it.
Rule 2: `detail` has the same with two workers, in one process without disk, sockets or database
    (`in_memory`), and the processor's time of one order in the workers, the venues and the server's backends:
    they share the machine, and on two cores that says more than the rate.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from statistics import median
from typing import Any, Final

from evals.bench.harness import Bench, Round
from evals.bench.lifecycle_memory import ORDERS as IN_MEMORY
from evals.bench.lifecycle_memory import LifecycleMemoryBench
from evals.bench.lifecycle_world import LifecycleWorld, cpu_s_of

ORDERS: Final = 2_000
WITHIN: Final = timedelta(minutes=5)
LOOKS_EVERY: Final = timedelta(milliseconds=200)
OPEN: Final = "select count(*) as open from gatehouse.leg where order_id = any (%s) and not ended"
LIVED: Final = """
select extract(epoch from (select max(recorded_at) from gatehouse.journal where event_type = 'OrderFilled')
                          - min(c.claimed_at)) as seconds, count(distinct c.lease) as workers
from gatehouse.claim c where c.order_id = any (%s)
"""


class LifecycleBench:
    name = "lifecycle"
    unit = "orders/s"
    event_bytes: int | None = None

    def __init__(self, *, orders: int = ORDERS, in_memory: int = IN_MEMORY) -> None:
        self._orders = orders
        self._in_memory = in_memory
        self._world = LifecycleWorld()
        self._two: list[float] = []
        self._memory: Mapping[str, Any] | None = None

    @property
    def server_settings(self) -> Mapping[str, str]:
        rows = self._world.superuser.execute(
            "select name, current_setting(name) as value from pg_settings"
            " where name in ('shared_buffers', 'synchronous_commit', 'fsync', 'max_wal_size')"
        ).fetchall()
        return {row["name"]: row["value"] for row in rows}

    def subject(self) -> Round:
        figure, detail = self._lived(workers=1)
        two, _ = self._lived(workers=2)
        self._two.append(two)
        if self._memory is None:
            self._memory = self._lived_in_memory()
        two_workers = {"two_workers_per_s": round(median(self._two), 1)}
        return Round(figure=figure, detail={**detail, **two_workers, "in_memory": self._memory})

    def baseline(self) -> None:
        return None

    def close(self) -> None:
        self._world.close()

    def _lived(self, *, workers: int) -> tuple[float, Mapping[str, Any]]:
        orders = self._world.release(self._orders)
        before = self._world.cpu_s()
        with ExitStack() as stack:
            running = [stack.enter_context(self._world.worker()) for _ in range(workers)]
            row = self._until_ended(orders)
            cpu_s = [cpu_s_of(process.pid) for process in running]
            spent = {name: spent - before[name] for name, spent in self._world.cpu_s().items()}
        kinds = "select count(*) from gatehouse.journal where event_type = 'OrderDoubted'"
        return self._orders / float(row["seconds"]), {
            "orders": self._orders,
            "workers": row["workers"],
            "worker_cpu_us_per_order": round(sum(cpu_s) * 1e6 / self._orders),
            **{f"{name}_cpu_us_per_order": round(s * 1e6 / self._orders) for name, s in spent.items()},
            "doubts": self._world.value(kinds),
        }

    def _lived_in_memory(self) -> Mapping[str, Any]:
        """The same life in one process: once, for it takes as long as all the rest."""
        with closing(LifecycleMemoryBench(orders=self._in_memory)) as bench:
            said = bench.subject()
        return {"per_s": round(said.figure), **said.detail}

    def _until_ended(self, orders: Sequence[str]) -> Mapping[str, Any]:
        ends = time.monotonic() + WITHIN.total_seconds()
        while (left := self._asked(OPEN, orders)["open"]) > 0:
            if time.monotonic() > ends:
                raise TimeoutError(f"{left} of {len(orders)} orders have not ended within {WITHIN}")
            time.sleep(LOOKS_EVERY.total_seconds())
        return self._asked(LIVED, orders)

    def _asked(self, statement: str, orders: Sequence[str]) -> Mapping[str, Any]:
        row = self._world.superuser.execute(statement.encode(), [list(orders)]).fetchone()
        return row or {}


def bench() -> Bench:
    return LifecycleBench()
