"""`bench search` over a small library: it measures what it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evals.bench.harness import Result, measure
from evals.bench.search import SearchBench


@pytest.fixture(scope="module")
def measured() -> Iterator[Result]:
    bench = SearchBench(passages=12_000, questions=2)
    try:
        yield measure(bench)
    finally:
        bench.close()


@pytest.mark.long
def test_each_level_has_its_recall_and_both_sides_of_the_same_round(measured: Result) -> None:
    levels = measured.detail["percent_seen"]
    assert set(levels) == {"at_100", "at_50", "at_10", "at_1"}
    assert [levels[name]["compares_each"] for name in ("at_100", "at_10", "at_1")] == [False, True, True]
    for level in levels.values():
        assert level["exact_p95_ms"] > 0
        assert level["sequential_p95_ms"] > 0
        assert 0.9 <= level["recall_at_10"] <= 1
    assert measured.detail["recall_at_10"] == min(level["recall_at_10"] for level in levels.values())


@pytest.mark.long
def test_where_each_vector_is_compared_nothing_is_missed(measured: Result) -> None:
    assert measured.detail["percent_seen"]["at_1"]["recall_at_10"] == 1
