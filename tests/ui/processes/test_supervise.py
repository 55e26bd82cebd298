"""The supervisor, on real processes: what ends is started again, and nothing outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.servers import ROOT
from tests.ui.processes.supervising import TOGETHER, venues_of
from ui.processes.supervise import Patience, Supervisor

NAMES = ("venue-arcadia", "venue-boreal", "venue-cortland")


class Supervised:
    """The supervisor's process and what its status file says."""

    def __init__(self, home: Path, *more: str) -> None:
        self.home = home
        self.log = home.with_suffix(".log")
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.ui.processes.supervising", str(home), *more],
                cwd=ROOT,
                stdout=out,
                stderr=out,
            )

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "run" / "processes.json").read_text())["processes"]
        return found

    def pid(self, name: str) -> int:
        return int(self.told()[name]["pid"])

    def state(self, name: str) -> str:
        return str(self.told()[name]["state"])

    def settled(self) -> bool:
        return "settled" in self.log.read_text()

    def held(self, name: str) -> Path:
        return self.home / "run" / "held" / name


def until(holds: Callable[[], bool], *, within: float = 30.0) -> None:
    ends = time.monotonic() + within
    while not holds():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    found = Supervised(tmp_path / "home")
    try:
        until(found.settled)
        yield found
    finally:
        found.process.terminate()
        found.process.wait(30)


def test_a_killed_process_is_started_again_and_the_others_go_on(supervised: Supervised) -> None:
    before = {name: supervised.pid(name) for name in NAMES}
    os.kill(before["venue-boreal"], signal.SIGKILL)
    until(lambda: supervised.told()["venue-boreal"]["starts"] == 2)
    until(lambda: supervised.state("venue-boreal") == "ready")
    after = {name: supervised.pid(name) for name in NAMES}
    assert after["venue-boreal"] != before["venue-boreal"]
    assert {n: after[n] for n in NAMES if n != "venue-boreal"} == {
        n: before[n] for n in NAMES if n != "venue-boreal"
    }
    assert "killed by signal 9" in supervised.log.read_text()


def test_nothing_outlives_a_supervisor_that_was_killed(supervised: Supervised) -> None:
    pids = [supervised.pid(name) for name in NAMES]
    assert all(map(is_alive, pids))
    supervised.process.kill()
    supervised.process.wait()
    until(lambda: not any(map(is_alive, pids)), within=5)


def test_a_stop_ends_every_process_and_says_so(supervised: Supervised) -> None:
    pids = [supervised.pid(name) for name in NAMES]
    supervised.process.terminate()
    assert supervised.process.wait(20) == 0
    assert not any(map(is_alive, pids))
    assert {supervised.state(name) for name in NAMES} == {"stopped"}


def test_a_process_that_is_held_stays_stopped_until_it_is_let_go(supervised: Supervised) -> None:
    pid = supervised.pid("venue-arcadia")
    supervised.held("venue-arcadia").touch()
    until(lambda: supervised.state("venue-arcadia") == "held")
    assert not is_alive(pid)
    supervised.held("venue-arcadia").unlink()
    until(lambda: supervised.state("venue-arcadia") == "ready")
    assert supervised.pid("venue-arcadia") != pid


def test_each_process_leads_a_group_of_its_own_and_has_one_log(supervised: Supervised) -> None:
    for name in NAMES:
        pid = supervised.pid(name)
        assert os.getpgid(pid) == pid
        assert (supervised.home / "logs" / f"{name}.log").stat().st_mode & 0o777 == 0o600


def test_a_lost_record_is_left_alone_for_a_person(tmp_path: Path) -> None:
    found = Supervised(tmp_path / "home", "BOREAL")
    try:
        until(found.settled)
        assert found.state("venue-boreal") == "needs a person"
        assert found.state("venue-arcadia") == "ready"
        assert "cannot be read" in found.log.read_text()
    finally:
        found.process.terminate()
        found.process.wait(30)


def test_a_process_that_never_starts_ends_the_start_with_its_own_words(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ledger = home / "venues" / "BOREAL" / "ledger.jsonl"
    ledger.mkdir(parents=True)  # a folder where its file should be
    found = Supervised(home)
    assert found.process.wait(40) == 3
    said = found.log.read_text().splitlines()[-1]
    assert said.startswith("venue-boreal does not start: the ledger ")
    assert str(home / "logs" / "venue-boreal.log") in said
    assert not any(told["pid"] for told in found.told().values())


def test_a_process_that_lives_is_waited_for_and_killed_only_where_it_hangs(tmp_path: Path) -> None:
    """Two venues run, and are asked whether they are ready: one says so late, the other never does."""
    said: list[str] = []
    late, hung, _ = venues_of(tmp_path)
    late = replace(late, is_ready=lambda: late.name in " ".join(said))
    hung = replace(hung, is_ready=lambda: False)
    for process in (late, hung):
        process.folders[0].mkdir(parents=True)
    supervisor = Supervisor(
        [late, hung],
        home=tmp_path,
        walls=TOGETHER,
        told=said.append,
        keep_server=lambda: None,
        patience=Patience(says=timedelta(milliseconds=300), kills=timedelta(milliseconds=900)),
    )
    try:
        supervisor.watch(lambda: any("killed by signal 9" in line for line in said))
        told = json.loads((tmp_path / "run" / "processes.json").read_text())["processes"]
    finally:
        supervisor.stop()
    assert (told[late.name]["state"], told[late.name]["starts"]) == ("ready", 1)
    kept = "is not ready after 0 s: it runs, so it is waited for"
    assert sorted(said[:2]) == sorted([f"{late.name} {kept}", f"{hung.name} {kept}"])
    assert said[2] == f"{hung.name} is not ready after 0 s: killing it"
