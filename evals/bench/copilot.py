"""`bench copilot`: the product's own share of a turn, and our graph against the bare one of the same shape.

Rule 1: calls are questions over HTTP with every process up, less what the model took; `rebalance_p95_ms` is
    the same of a household of five accounts, to the proposal's figures.
Rule 2: the figure is a turn of the graph alone, and the baseline the same turn of a graph without policies,
    records and seals, on LangGraph's own checkpointer. Both think with the offline model.
Rule 3: the bare graph's tool reads nothing and is told at once what ours was told: what our tool takes counts
    against us. `detail` has what the ratio is where it reads what ours does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from statistics import median
from time import process_time_ns
from typing import Any, Final

from core import settings

settings.harden_agents()

from evals.bench.copilot_peer import Peer, peer  # noqa: E402 - after the environment is hardened
from evals.bench.copilot_world import CopilotWorld  # noqa: E402
from evals.bench.harness import Bench, Round, percentile  # noqa: E402

QUESTION: Final = "What does this household hold?"
REBALANCE: Final = "Rebalance this household."
QUESTIONS: Final = 20
REBALANCES: Final = 4
TURNS: Final = 20
SHOWN: Final = ("synchronous_commit", "fsync", "shared_buffers", "max_wal_size")
WARM: Final = (
    8  # turns before a round is timed: pools open, statements are prepared as in a process that serves
)


class CopilotBench:
    name = "copilot"
    unit = "ms a turn of the graph"
    event_bytes = None

    def __init__(
        self, *, questions: int = QUESTIONS, rebalances: int = REBALANCES, turns: int = TURNS
    ) -> None:
        self._questions, self._rebalances, self._turns = questions, rebalances, turns
        self._world = CopilotWorld()
        self._shares: list[float] = []
        self._plans: list[float] = []
        self._told = ""
        self._detail: dict[str, Any] = {"accounts": self._world.accounts}

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {name: self._world.setting(name) for name in SHOWN}

    def subject(self) -> Round:
        """Turns of our graph, and beside them turns over HTTP."""
        shares = [self._world.turn_ms(QUESTION)[1] for _ in range(self._questions)]
        self._plans += [self._world.turn_ms(REBALANCE)[1] for _ in range(self._rebalances)]
        self._shares += shares
        self._detail["question_p95_ms"] = percentile(sorted(self._shares), 95)
        self._detail["rebalance_p95_ms"] = percentile(sorted(self._plans), 95)
        turn = asyncio.run(self._ours())
        self._detail["graph_turn_ms"] = turn
        return Round(turn, shares, dict(self._detail))

    def baseline(self) -> Round | None:
        turn, reading = asyncio.run(self._theirs())
        self._detail["ratio_where_both_tools_read"] = self._detail["graph_turn_ms"] / reading
        return Round(turn)

    def close(self) -> None:
        self._world.close()

    async def _ours(self) -> float:
        asked = self._world.asked(self._turns + WARM)
        took: list[float] = []
        async with self._world.graph() as graph:
            cpu_ns = process_time_ns()
            for one in asked:
                begun_ns = self._world.clock.monotonic_ns()
                await graph.answers(one, QUESTION)
                took.append((self._world.clock.monotonic_ns() - begun_ns) / 1e6)
            self._detail["cpu_ms_here"] = (process_time_ns() - cpu_ns) / 1e6 / len(asked)
            self._told = await graph.told(asked[-1])
        return median(took[WARM:])

    async def _theirs(self) -> tuple[float, float]:
        """A turn of the bare graph in milliseconds: with a tool that reads nothing, and with ours."""
        [asked] = self._world.asked(1)

        async def told() -> str:
            return self._told

        async with self._world.graph() as graph, peer(self._world.superuser_dsn) as bare:
            self._detail["checkpointer_of_the_bare_graph"] = bare.checkpointer
            cpu_ns = process_time_ns()
            turn = await self._bare(bare, told)
            self._detail["cpu_ms_of_the_bare_graph"] = (
                (process_time_ns() - cpu_ns) / 1e6 / (self._turns + WARM)
            )
            return turn, await self._bare(bare, partial(graph.holdings, asked))

    async def _bare(self, bare: Peer, tool: Callable[[], Awaitable[str]]) -> float:
        took: list[float] = []
        for _ in range(self._turns + WARM):
            begun_ns = self._world.clock.monotonic_ns()
            await bare.answers(QUESTION, tool)
            took.append((self._world.clock.monotonic_ns() - begun_ns) / 1e6)
        return median(took[WARM:])


def bench() -> Bench:
    return CopilotBench()
