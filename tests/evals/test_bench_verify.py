"""The bench of verification on little: that it measures what it says, not how fast."""

from __future__ import annotations

from evals.bench.harness import result
from evals.bench.verify import VerifyBench


def test_it_verifies_both_and_names_every_figure() -> None:
    bench = VerifyBench(entries=2_000, fewer=500, in_database=300)
    try:
        found = result(bench, [bench.subject()], [bench.baseline()])
    finally:
        bench.close()
    assert found.bench == "verify"
    assert found.event_bytes is not None
    assert 500 <= found.event_bytes <= 600
    assert found.detail["peak_mb"].keys() == {"500", "2000"}
    assert found.detail["database"]["entries"] == 300
    assert found.detail["database"].keys() >= {"figure", "baseline", "ratio", "ratio_min", "ratio_max"}
    assert found.detail["ten_million"] == "extrapolated"
