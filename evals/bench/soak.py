"""Does a worker grow, and do books and venues come apart, while orders come in under the usual faults?

Rule 1: one worker lives through the whole of it, and three venues over HTTP that misbehave by seed. Each
    takes `PER_SECOND` messages a second, of which what is read (quotes, health, reports) has up to a third;
    orders are released at `ORDERS_A_SECOND`, some seven tenths of what is left, while it goes on. An order's
    time begins with its release: released all at once, they would wait for the venues' pace, and not for us.
Rule 2: a round is a fifth of the minutes. The first warms up; `figure` is by how many percent an hour the
    worker's memory grew from the end of the first to the end of this one. A negative figure is a decrease.
    Minutes say little of an hour: pages of the allocator, and caches that fill, are most of it.
Rule 3: `detail` counts what came of the orders from their release on: those that have no last word after a
    minute (`open`) or had it later (`late`), the slowest in seconds, and executions that one side has and the
    other has not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from core.clock import WallClock
from core.venues.simulated.ledger import read_ledger
from evals.bench.harness import LEAST_ROUNDS, Bench, Round
from evals.bench.lifecycle_world import NAMES, LifecycleWorld

MINUTES: Final = 5
PER_SECOND: Final = 20  # tokens of each venue: sends, look-ups and cancels together
ORDERS_A_SECOND: Final = 30
A_MINUTE: Final = timedelta(minutes=1)
FAULTS: Final[Mapping[str, int]] = {
    "per_second": PER_SECOND,
    "drop_percent": 2,
    "reject_percent": 1,
    "time_out_percent": 1,
    "cut_percent": 1,
    "duplicate_percent": 3,
    "reorder_percent": 3,
}
"""Out of a hundred messages: what is meant by the usual mix."""
HOUR_S: Final = 3600
PERCENT: Final = 100
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
LATE: Final = """
select count(*) filter (where not l.ended and r.recorded_at < clock_timestamp() - %(within)s) as open,
       count(*) filter (where l.ended) as ended,
       count(*) filter (where e.at > r.recorded_at + %(within)s) as late,
       round(extract(epoch from max(e.at - r.recorded_at)), 1)::text as slowest_s
from gatehouse.leg l join gatehouse.journal r on r.seq = l.released_seq,
    lateral (
        select max(j.recorded_at) as at from gatehouse.journal j
        where l.ended and j.stream = 'order/' || l.order_id
    ) e
"""
OURS: Final = """
select x.order_id || '/' || x.execution as name, x.quantity from gatehouse.execution x
join gatehouse.leg l using (order_id) where l.ended and not x.busted
"""
ENDED: Final = "select order_id from gatehouse.leg where ended"


class SoakBench:
    name = "soak"
    unit = "percent an hour"
    event_bytes: int | None = None

    def __init__(self, minutes: int = MINUTES) -> None:
        self._seconds = minutes * 60 / LEAST_ROUNDS
        self._world = LifecycleWorld(faults=FAULTS, sockets=False)
        self._clock = WallClock()
        self._released = len(self._world.release(0))
        self._stack = ExitStack()
        self._worker = self._stack.enter_context(self._world.worker())
        self._warm: tuple[float, int] | None = None

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {}

    def subject(self) -> Round:
        self._release_for(self._seconds)
        at, now = time.monotonic(), _memory(self._worker.pid)
        since, warm = self._warm or (at, now)
        self._warm = (since, warm)
        hours = (at - since) / HOUR_S
        grown = (now - warm) * PERCENT / warm / hours if hours else 0.0
        return Round(
            figure=grown, detail={"worker_mb": now // 2**20, "warm_mb": warm // 2**20, **self._came_of()}
        )

    def baseline(self) -> None:
        return None

    def close(self) -> None:
        self._stack.close()
        self._world.close()

    def _release_for(self, seconds: float) -> None:
        """So many orders a second, a second's together."""
        begun = time.monotonic()
        for second in range(round(seconds)):
            orders = self._world.release_now(ORDERS_A_SECOND, at=self._clock.now())
            self._released += len(orders)
            time.sleep(max(begun + second + 1 - time.monotonic(), 0))

    def _came_of(self) -> Mapping[str, Any]:
        row = self._world.superuser.execute(LATE.encode(), {"within": A_MINUTE}).fetchone() or {}
        apart = self._apart()
        return {
            **row,
            "orders_a_second": ORDERS_A_SECOND,
            "messages_a_second_of_each_venue": PER_SECOND,
            "released": self._released,
            "apart": len(apart),
            "for_example": sorted(apart)[:3],
        }

    def _apart(self) -> set[str]:
        """Executions of ended orders that one side has and the other has not, or with other shares."""
        ended = {row["order_id"] for row in self._world.superuser.execute(ENDED.encode()).fetchall()}
        ours = {
            (row["name"], row["quantity"]) for row in self._world.superuser.execute(OURS.encode()).fetchall()
        }
        theirs = {
            (f"{line['order']}/{line['execution']}", Decimal(line["quantity"]))
            for name in NAMES
            for line in read_ledger(Path(self._world.home) / f"{name}.jsonl")
            if line["kind"] == "execution" and line["order"] in ended
        }
        return {name for name, _ in ours ^ theirs if name.partition("/")[0] in ended}


def _memory(pid: int) -> int:
    """Bytes that the process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def bench(minutes: int = MINUTES) -> Bench:
    return SoakBench(minutes)
