"""The bench of halts counts what it says it counts: sends, on both sides of the answer."""

from __future__ import annotations

from evals.bench.halt import HaltBench


def test_in_a_small_round_no_send_begins_after_the_answer() -> None:
    bench = HaltBench(orders=60, before=10)
    try:
        found = bench.subject()
    finally:
        bench.close()
    assert found.figure <= 0
    assert found.detail["sends_after_the_answer"] == 0
    assert found.detail["sends_before_the_answer"] >= 10
    assert found.detail["workers"] == 1
