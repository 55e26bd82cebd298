"""How many tax-aware plans of a thirty-name account a second, and the drift of ten thousand accounts.

Rule 1: subject is the product's own plan, from the account to whole shares with their lots. Baseline is the
    same continuous problem alone, put to HiGHS through cvxpy; it has no whole shares to find.
Rule 2: both are counted in the processor's time of this process, which a busy machine does not stretch.
Rule 3: accounts that HiGHS gives up on are left out of both sides; `detail` says how many, and by how many
    dollars the two answers differ at most.
Rule 4: `detail` has the book's drift beside the plainest pass of numpy over the same columns, and what it
    takes to lay the columns out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import process_time_ns
from typing import Any, Final

import numpy as np

from core.plan.assumptions import Assumptions, assumptions_on
from core.plan.drifting import columns, largest_drifts
from core.plan.settling import settle
from core.plan.tax_aware import TaxAware, tax_aware_plan, weighed
from core.plan.weighing import Problem
from core.risk.limits import DEFAULT_LIMITS
from evals.bench import rebalance_peer
from evals.bench.gate_world import SESSION
from evals.bench.harness import Bench, Round
from evals.bench.rebalance_world import NAMES, RebalanceWorld

PLANNED: Final = 40
BOOK: Final = 10_000
WAY: Final = TaxAware(gains_budget=None, weigh=True, washed=frozenset())


class RebalanceBench:
    name = "rebalance"
    unit = "plans/s"
    event_bytes = None

    def __init__(self, *, planned: int = PLANNED, book: int = BOOK) -> None:
        self._world = RebalanceWorld(accounts=max(planned, book))
        self._assumptions: Assumptions = assumptions_on(SESSION, DEFAULT_LIMITS)
        self._accounts, self._problems, self._unsolved, self._apart = [], [], 0, 0.0
        for account in self._world.accounts[:planned]:
            problem = weighed(account, self._world.market, self._assumptions, WAY)
            if not isinstance(problem, Problem):
                continue
            theirs, ours = rebalance_peer.solve(problem), settle(problem)
            if theirs is None or ours is None:
                self._unsolved += 1
                continue
            self._accounts.append(account)
            self._problems.append(problem)
            differ = [abs(float(ours.sold.get(s, 0)) - x) for s, x in theirs.sold.items()]
            differ += [abs(float(ours.bought.get(s, 0)) - x) for s, x in theirs.bought.items()]
            self._apart = max(self._apart, max(differ) / 1e6)
        begun = process_time_ns()
        self._columns = columns(self._world.accounts[:book], self._world.market)
        self._laid_out_s = (process_time_ns() - begun) / 1e9

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {}

    def subject(self) -> Round:
        calls_ms = []
        for account in self._accounts:
            begun = process_time_ns()
            tax_aware_plan(account, self._world.market, self._assumptions, WAY)
            calls_ms.append((process_time_ns() - begun) / 1e6)
        rate = 1e3 * len(calls_ms) / sum(calls_ms)
        return Round(figure=rate, calls_ms=calls_ms, detail=self._detail())

    def baseline(self) -> Round:
        took = _seconds(lambda: [rebalance_peer.solve(problem) for problem in self._problems])
        return Round(figure=len(self._problems) / took)

    def close(self) -> None:
        """Nothing is open."""

    def _detail(self) -> Mapping[str, Any]:
        exact = _seconds(lambda: [settle(problem) for problem in self._problems])
        ours = median(_seconds(lambda: largest_drifts(self._columns)) for _ in range(5))
        shares = self._columns.shares.astype(np.float64)
        prices = self._columns.prices.astype(np.float64)
        targets = self._columns.targets / 1e6
        bare = median(_seconds(lambda: _bare(shares, prices, targets)) for _ in range(5))
        return {
            "names": NAMES,
            "accounts_planned": len(self._accounts),
            "left_out_for_highs": self._unsolved,
            "most_dollars_apart": round(self._apart, 4),
            "continuous_and_exact_ms": round(exact * 1e3 / len(self._problems), 3),
            "drift_accounts": len(self._columns.accounts),
            "drift_ms": round(ours * 1e3, 3),
            "drift_bare_numpy_ms": round(bare * 1e3, 3),
            "drift_times_bare": round(ours / bare, 2),
            "drift_laid_out_s": round(self._laid_out_s, 3),
        }


def _bare(shares: Any, prices: Any, targets: Any) -> Any:
    values = shares * prices
    return np.abs(values / values.sum(axis=1)[:, None] - targets).max(axis=1)


def _seconds(work: Callable[[], object]) -> float:
    begun = process_time_ns()
    work()
    return (process_time_ns() - begun) / 1e9


def bench() -> Bench:
    return RebalanceBench()
