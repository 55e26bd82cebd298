"""Reconciliation with real processes: a custodian that errs is found out, taken on, and cleared by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens.client import Problem

MARIA, ELENA = "maria.alvarez", "elena.petrova"


def custody(office: Office) -> Path:
    return Path(office.env["GATEHOUSE_HOME"]) / "halts" / "custody"


def test_a_custodian_that_errs_is_found_out_taken_on_and_cleared_by_itself(office: Office) -> None:
    client = office.of(ELENA)
    first = client.reconcile()
    assert first["finished"]
    assert {one["party"].partition(":")[0] for one in first["run"]["compared"]} >= {"custodian"}
    assert first["run"]["unread"] == []
    assert [one for one in first["differences"] if one["kind"] == "position"] == []
    file = next(custody(office).glob("*.jsonl"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["simulated"] is True
    held = next(line for line in lines if line["kind"] == "transfer" and line["symbol"] != "cash")
    place = f"{held['account']}/{held['symbol']}"
    errs = custody(office) / "errs.json"
    try:
        errs.write_text(json.dumps({file.stem: {"positions": {place: "-1"}}}))
        (one,) = of_positions(client.reconcile())
        assert (one["key"], one["owner"], one["taken_by"]) == (place, "operations", None)
        client.take_difference(one["difference"])
        assert of_positions(client.reconciliation())[0]["taken_by"] is not None
        errs.write_text(json.dumps({file.stem: {"away": True}}))
        silent = client.reconcile()
        assert silent["run"]["unread"] == [f"custodian:{file.stem}"]
        assert len(of_positions(silent)) == 1  # silence clears nothing
    finally:
        errs.unlink(missing_ok=True)
    assert until(lambda: of_positions(client.reconcile()), lambda found: not found) == []


def of_positions(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in told["differences"] if one["kind"] == "position"]


def test_whoever_advises_reads_and_does_not_ask(office: Office) -> None:
    assert office.of(MARIA).reconciliation()["finished"] in (True, False)
    with pytest.raises(Problem) as no:
        office.of(MARIA).reconcile()
    assert (no.value.status, no.value.code) == (403, "not_operations")
