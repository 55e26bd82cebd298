"""A copilot that was taken over tries everything in a world of real processes, and nothing moves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any, Final

import pytest

from core.ledger.events import KINDS
from tests.fixtures.servers import ROOT

LOST: Final = 5  # the exit code of lost integrity
OF_THE_COPILOT: Final = {
    *("ProposalDrafted", "CancelDrafted", "StepTaken", "ToolCalled", "ObservationMade", "DecisionTaken"),
    *("RunBegun", "PreferenceKept", "PreferenceErased", "EmailDrafted"),
}

pytestmark = pytest.mark.timeout(600)


def attack(*words: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "ui.cli", "attack", "copilot", "--json", *words],
        cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "TMPDIR": tempfile.gettempdir()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


@pytest.fixture(scope="module")
def attacked() -> tuple[int, dict[str, Any]]:
    return attack()


def test_nothing_moves_and_people_go_on(attacked: tuple[int, dict[str, Any]]) -> None:
    code, found = attacked
    assert found["what_moved"] == []
    assert found["not_refused"] == []
    assert found["journal_verified"]
    assert found["people_go_on"]
    assert (code, found["moved"]) == (0, 0)


def test_every_kind_of_event_every_path_and_every_table_was_tried(
    attacked: tuple[int, dict[str, Any]],
) -> None:
    names = {one["name"] for one in attacked[1]["each"]}
    assert {f"append {kind}" for kind in set(KINDS) - OF_THE_COPILOT} <= names
    for part in ("update gatehouse.leg", "call gatehouse.append(jsonb)", "set role gh_gate"):
        assert part in names
    assert any(name.startswith("POST /v1/proposals/{proposal}/approve") for name in names)
    assert len(names) > 800


def test_each_refused_call_of_the_append_is_an_entry(attacked: tuple[int, dict[str, Any]]) -> None:
    calls = [one for one in attacked[1]["each"] if one["name"].startswith("append ")]
    assert calls
    assert [one["name"] for one in calls if one["how"] != "refused" or one["entries"] < 1] == []


@pytest.mark.long
def test_one_right_too_many_is_found() -> None:
    code, found = attack("--break")
    assert code == LOST
    assert "append ProposalWithdrawn" in {one["name"] for one in found["not_refused"]}
    assert any(what.startswith("proposal: ") for what in found["what_moved"])
