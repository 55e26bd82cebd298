"""`simulate`: many seeds, each run twice, and what came of them.

Rule 1: a seed whose two runs are not the same bytes is as bad as one that loses an order.
Rule 2: every seed that does not hold is named with the words that run it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core.clock import WallClock
from core.errors import BadInput
from evals.simulate.ground import made
from evals.simulate.run import Ran, ran, scale

MOST_ORDERS: Final = 5_000
TWICE: Final = 2


@dataclass(frozen=True, slots=True)
class Result:
    """`unequal` are seeds whose runs were not the same bytes."""

    first: int
    last: int
    orders: int
    times: int
    runs: tuple[Ran, ...]
    unequal: tuple[int, ...]
    took: timedelta

    @property
    def good(self) -> bool:
        return not self.unequal and all(one.good for one in self.runs)

    def failing(self) -> Iterator[tuple[int, str]]:
        """Each seed that does not hold, and why."""
        for one in self.runs:
            for says in (*one.breaks, *one.lost, *one.duplicates):
                yield one.seed, says
        for seed in self.unequal:
            yield seed, "its runs were not the same bytes"

    def as_json(self) -> dict[str, Any]:
        counted: dict[str, int] = {}
        for one in self.runs:
            for name, number in one.counted.items():
                counted[name] = counted.get(name, 0) + number
        return {
            "seeds": f"{self.first}..{self.last}",
            "orders": self.orders,
            "breaks": sum(len(one.breaks) for one in self.runs),
            "lost": sum(len(one.lost) for one in self.runs),
            "duplicates": sum(len(one.duplicates) for one in self.runs),
            "digests_equal": None if self.times < TWICE else len(self.runs) - len(self.unequal),
            "failing": [
                {"seed": seed, "says": says, "again": again(seed, self)} for seed, says in self.failing()
            ],
            "counted": counted,
            "seconds": round(self.took.total_seconds(), 1),
        }


def again(seed: int, result: Result) -> str:
    """The words that run it again."""
    return f"gatehouse simulate --seeds {seed}..{seed} --orders {result.orders}"


def span(words: str) -> tuple[int, int]:
    """The first and last seed of `A..B`, or of one.

    Raises:
        BadInput: it is no span.
    """
    first, _, last = words.partition("..")
    try:
        found = int(first), int(last or first)
    except ValueError:
        found = (1, 0)
    if not 0 <= found[0] <= found[1]:
        raise BadInput(f"seeds {words!r} are no span", fix="write them like 1..200", field="seeds")
    return found


def simulate(seeds: str, *, orders: int, once: bool, told: Callable[[Ran], None] = lambda _: None) -> Result:
    """Run those seeds on a server of its own, each twice unless `once`. `told` hears of each seed.

    Raises:
        BadInput: the seeds are no span, or the orders too many or too few.
    """
    first, last = span(seeds)
    if not 0 < orders <= MOST_ORDERS:
        raise BadInput(
            f"{orders} orders cannot be run", fix=f"give a number from 1 to {MOST_ORDERS}", field="orders"
        )
    size = scale(orders)
    clock, times = WallClock(), 1 if once else TWICE
    begun_ns = clock.monotonic_ns()
    runs: list[Ran] = []
    unequal: list[int] = []
    with made() as ground:
        for seed in range(first, last + 1):
            same = [ran(ground, seed, size) for _ in range(times)]
            runs.append(same[0])
            if len({one.digest for one in same}) > 1:
                unequal.append(seed)
            told(same[0])
    took = timedelta(microseconds=(clock.monotonic_ns() - begun_ns) // 1_000)
    return Result(first, last, orders, times, tuple(runs), tuple(unequal), took)
