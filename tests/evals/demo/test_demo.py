"""The whole demo as a process: green as it is, and red where one thing is sabotaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from evals.demo.breaks import SABOTAGES, Break
from tests.fixtures.servers import ROOT

PROMISED = (
    "proposals_drafted", "submitted", "approved", "declined", "denied_at_release", "consents",
    "orders_filled", "venue_messages", "venue_messages_without_release", "self_approvals", "journal_entries",
    "journal_verified", "positions_match_fold", "model", "seconds",
)  # fmt: skip
LOST = 5  # the exit code of lost integrity

pytestmark = pytest.mark.timeout(400)


def demo(*words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, what it printed, and what it said on the way. It leaves no world behind."""
    with tempfile.TemporaryDirectory(prefix="d-") as folder:
        os.chmod(folder, 0o711)  # each process of it has a user of its own
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ui.cli", "demo", "--json", *words],
            cwd="/",
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        assert list(Path(folder).glob("gatehouse-world-*")) == []
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found, done.stderr


def test_the_demo_is_green_and_names_the_query_of_each_figure() -> None:
    code, found, said = demo()
    assert (code, found["red"], found["claims_not_held"]) == (0, [], []), said
    assert set(PROMISED) <= set(found)
    assert all(
        found["figures"][name]["query"] and found["figures"][name]["value"] == found[name]
        for name in PROMISED
    )
    assert (found["venue_messages_without_release"], found["self_approvals"]) == (0, 0)
    assert found["denied_at_release"] == found["declined"] == 1
    assert found["orders_filled"] > 0


@pytest.mark.long
@pytest.mark.parametrize("what", Break)
def test_a_sabotage_turns_its_figure_red(what: Break) -> None:
    code, found, said = demo("--break", what)
    assert code == LOST
    assert SABOTAGES[what].red in found["red"]
    assert found["figures"][SABOTAGES[what].red]["why"]
    assert "this was the sabotage that you asked for" in said
