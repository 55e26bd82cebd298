"""The bench of an order's life carries every order to its fill, and says how the rate held."""

from __future__ import annotations

from contextlib import closing

from evals.bench.lifecycle_memory import LifecycleMemoryBench


def test_every_order_is_filled_and_both_ends_are_measured() -> None:
    with closing(LifecycleMemoryBench(orders=100)) as bench:
        said = bench.subject()
    assert said.figure > 0
    assert said.detail["orders"] == 100
    assert said.detail["last_over_first"] > 0
