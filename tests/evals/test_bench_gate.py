"""The gate's bench decides what it says it decides: every policy, passes and denials alike."""

from __future__ import annotations

from core.risk.policies import POLICIES
from evals.bench.gate import GateBench


def test_a_small_round_asks_every_policy_and_some_orders_are_denied() -> None:
    bench = GateBench(accounts=40, symbols=30, decisions=400)
    found = bench.subject()
    assert found.figure > 0
    assert len(found.calls_ms) == 400
    assert found.detail["policies"] == len(POLICIES)
    assert 0 < found.detail["denied"] < 200 < found.detail["passed"]
