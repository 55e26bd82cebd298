"""What may stand in a log, tried on a process that meets a defect while it holds a secret."""

from __future__ import annotations

import subprocess
import sys

DEFECT = """
import sys
sys.argv = ["gatehouse", "--help"]
from ui import cli
try:
    cli.main()
except SystemExit:
    pass
import structlog

def opens() -> None:
    ticket = "the-secret-ticket"
    raise ValueError("a defect")

try:
    opens()
except ValueError as bug:
    structlog.get_logger("front").error("unhandled", path="/v1/me", exc_info=bug)
"""


def test_a_defect_is_logged_with_its_places_and_without_any_value() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEFECT], capture_output=True, text=True, check=True, timeout=60
    )
    said = done.stdout + done.stderr
    assert all(word in said for word in ("unhandled", "in opens", "a defect"))
    assert "the-secret-ticket" not in said
