"""The bench of routing on little: that it measures what it says, not how fast."""

from __future__ import annotations

from evals.bench.harness import result
from evals.bench.route import RouteBench


def test_it_routes_among_six_with_every_record_and_names_every_figure() -> None:
    bench = RouteBench(routings=200)
    try:
        found = result(bench, [bench.subject()], [bench.baseline()])
    finally:
        bench.close()
    assert (found.bench, found.unit, found.detail["venues"]) == ("route", "routings/s", 6)
    assert found.detail["cpu_us"].keys() == {"p50", "p95", "p99"}
    assert found.event_bytes is not None
    assert 3_000 < found.event_bytes < 12_000
