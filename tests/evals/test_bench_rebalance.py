"""`bench rebalance` in small: it measures plans against the same problem elsewhere, and the book's drift."""

from __future__ import annotations

from evals.bench.harness import result
from evals.bench.rebalance import RebalanceBench


def test_a_small_run_has_its_figures_and_the_two_answers_are_one() -> None:
    bench = RebalanceBench(planned=3, book=50)
    found = result(bench, [bench.subject()], [bench.baseline()])
    assert found.figure > 0
    assert found.ratio
    assert found.detail["accounts_planned"] + found.detail["left_out_for_highs"] == 3
    assert found.detail["most_dollars_apart"] < 1
    assert found.detail["drift_accounts"] == 50
    assert found.detail["drift_times_bare"] > 0
