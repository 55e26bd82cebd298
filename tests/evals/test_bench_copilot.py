"""`bench copilot` in small: turns over HTTP, and the graph beside the bare one, whose saver it names."""

from __future__ import annotations

import pytest

from evals.bench.copilot import CopilotBench
from evals.bench.harness import result


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_small_run_has_its_figures_and_names_the_checkpointer() -> None:
    bench = CopilotBench(questions=2, rebalances=1, turns=3)
    try:
        mine = bench.subject()
        found = result(bench, [mine], [bench.baseline() or mine])
    finally:
        bench.close()
    assert found.figure > 0
    assert found.ratio
    assert found.p95_ms is not None
    assert found.detail["rebalance_p95_ms"] > 0
    assert found.server_settings["fsync"] == "on"
