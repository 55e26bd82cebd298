"""The worker under a halt, as a process: nothing leaves, whatever it lives through, until it is resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from core.halts.file import NAME
from tests.core.gate.deal import NGOZI, ROBERT, SUSAN
from tests.core.halts.test_law_of_halts_db import acknowledge, alert, halt, resume
from tests.core.worker.test_worker_db import Floor, opened
from tests.fixtures.firm import Firm, FirmTemplate
from tests.fixtures.halts import KEY_HEX
from tests.fixtures.processes import ROOT

STANDING: Final = "select scope, cause, named from gatehouse.halt where lifted_seq is null order by seq"


@pytest.fixture
def floor(firm_template: FirmTemplate, tmp_path: Path) -> Iterator[Floor]:
    with opened(firm_template, tmp_path) as one:
        yield one


def local(floor: Floor, *words: str) -> dict[str, Any]:
    """`gatehouse halt ... --local` as the machine's owner, with nobody signed in."""
    env = {
        "GATEHOUSE_HOME": str(floor.folder / "home"),
        "GATEHOUSE_HALT_KEY": KEY_HEX,
        "HOME": str(floor.folder),
        "XDG_CONFIG_HOME": str(floor.folder / "config"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "halt", *words, "--local", "--json"],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def in_the_file(floor: Floor) -> bytes:
    """What the halt file holds; nothing where there is none yet."""
    file = floor.folder / "home" / "halts" / NAME
    return file.read_bytes() if file.exists() else b""


def sends(floor: Floor) -> int:
    return sum(line.get("verb") == "send" for line in floor.lines())


def nothing_leaves(floor: Floor, seconds: float = 1.0) -> None:
    before = (sends(floor), len(floor.facts("OrderReleased")))
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        assert (sends(floor), len(floor.facts("OrderReleased"))) == before
        time.sleep(0.05)


def standing(firm: Firm) -> list[tuple[str, str]]:
    return [(row["scope"], row["cause"]) for row in firm.ask("superuser", STANDING)]


def test_a_local_halt_is_taken_into_the_record_and_another_person_resumes_it(floor: Floor) -> None:
    floor.worker("worker")
    floor.until(lambda: floor.at_work() is not None, "at work")
    floor.until(lambda: bool(list((floor.folder / "home" / "halts").glob("*.sock"))), "listening")
    said = local(floor, "all", "--reason", "somebody looks odd")
    assert (said["workers"], said["silent_workers"]) == (1, [])
    floor.until(lambda: standing(floor.firm) == [("all", "machine")], "taken in")
    (taken,) = floor.facts("TradingHalted")
    assert taken["reason"]["subject"] == "machine"
    assert "odd" not in json.dumps(taken)
    floor.until(lambda: b"odd" not in in_the_file(floor), "sealed")
    held = floor.firm.ask("superuser", "select halted_at, seq from gatehouse.halt")[0]
    recorded = floor.firm.value(
        "superuser", "select recorded_at from gatehouse.journal where seq = %s", held["seq"]
    )
    assert held["halted_at"] < recorded  # when it happened, not when it was known
    nothing_leaves(floor, 0.3)
    assert resume(floor.firm, "all", SUSAN).ok
    deal = floor.rebalanced("hh-101")
    floor.until(lambda: floor.over(deal), "filled after it was resumed")
    assert floor.firm.verified().ok


def test_what_was_approved_waits_under_a_halt_over_a_killed_worker_and_goes_on(floor: Floor) -> None:
    first = floor.worker("first")
    deals = [floor.rebalanced("hh-101"), floor.rebalanced("hh-103")]
    floor.until(lambda: sends(floor) >= 1, "sent something")
    assert halt(floor.firm, "all", NGOZI).ok
    floor.until(lambda: b"all" in in_the_file(floor), "in the file")
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(0.2)  # what had left is written at the venue
    before = sends(floor)
    floor.worker("second")
    floor.until(lambda: floor.at_work() is not None, "at work")
    nothing_leaves(floor)
    assert sends(floor) == before
    assert {deal.status for deal in deals} <= {"APPROVED", "RELEASED"}  # nobody's decision is lost
    assert resume(floor.firm, "all", NGOZI).code == "halted_by_you"
    nothing_leaves(floor, 0.5)
    assert resume(floor.firm, "all", ROBERT).ok
    floor.until(lambda: all(floor.over(deal) for deal in deals), "all over")
    assert {deal.status for deal in deals} == {"RELEASED"}
    floor.nothing_is_lost_or_doubled()


def test_a_file_that_was_damaged_stops_everything_until_a_person_resumes(floor: Floor) -> None:
    floor.worker("worker")
    deal = floor.rebalanced("hh-101")
    floor.until(lambda: floor.over(deal), "filled")
    (floor.folder / "home" / "halts" / NAME).write_bytes(b"all is well\n")
    floor.until(lambda: ("all", "file") in standing(floor.firm), "halted")
    nothing_leaves(floor, 0.5)
    assert resume(floor.firm, "all", ROBERT).ok
    deal = floor.rebalanced("hh-105")
    floor.until(lambda: floor.over(deal), "filled after it was resumed")
    assert standing(floor.firm) == []


def test_a_file_that_was_taken_away_while_nobody_ran_brings_back_what_the_record_says(floor: Floor) -> None:
    worker = floor.worker("first")
    floor.until(lambda: floor.at_work() is not None, "at work")
    assert halt(floor.firm, "all", NGOZI).ok
    worker.kill()
    worker.wait()
    (floor.folder / "home" / "halts" / NAME).unlink(missing_ok=True)
    floor.worker("second")
    floor.until(lambda: floor.at_work() is not None, "at work")
    floor.until(lambda: b'"all"' in in_the_file(floor), "in the file")
    assert standing(floor.firm) == [("all", "person")]


def test_an_alert_that_nobody_acknowledges_halts_its_scope_and_no_wider(floor: Floor) -> None:
    floor.env["GATEHOUSE_ALERT_SECONDS"] = "2"
    floor.worker("worker")
    floor.until(lambda: floor.at_work() is not None, "at work")
    seen, unseen = alert(floor.firm, "venue:ARCADIA"), alert(floor.firm, "venue:BOREAL")
    assert acknowledge(floor.firm, seen).ok
    floor.until(lambda: standing(floor.firm) != [], "halted")
    assert standing(floor.firm) == [("venue:BOREAL", "alert")]
    assert floor.facts("TradingHalted")[0]["alert"] == unseen
    deal = floor.rebalanced("hh-101")
    floor.until(lambda: floor.over(deal), "filled elsewhere")
    assert not [line for line in floor.venues[1].ledger() if line.get("verb") == "send"]
    assert standing(floor.firm) == [("venue:BOREAL", "alert")]
    assert resume(floor.firm, "venue:BOREAL", ROBERT).ok


def test_a_draft_under_a_halt_is_denied_in_plain_words(floor: Floor) -> None:
    floor.worker("worker")
    floor.until(lambda: floor.at_work() is not None, "at work")
    assert halt(floor.firm, "household:hh-101").ok
    deal = floor.drafted("hh-101")
    floor.until(lambda: deal.status == "DENIED", "denied")
    (denied,) = floor.facts("ProposalDenied")
    says = [f["says"] for f in denied["findings"] if f["policy"] == "halted" and f["result"] == "breach"]
    assert set(says) == {"trading is stopped for household hh-101"}
