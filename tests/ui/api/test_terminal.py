"""The command line as a person uses it: her own session file, JSON on stdout, one line for a no."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.office import Office
from tests.fixtures.processes import ROOT, until


class Terminal:
    """A terminal of one user, with a configuration folder of its own."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.env = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
        self.session = folder / "gatehouse" / "session.json"

    def run(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ui.cli", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, input=typed, capture_output=True, text=True, timeout=60
        )

    def login(self, name: str) -> subprocess.CompletedProcess[str]:
        password = self.office.passwords[name]
        return self.run("login", name, "--url", self.office.url, "--password-stdin", typed=f"{password}\n")


@pytest.fixture
def terminal(office: Office, tmp_path: Path) -> Terminal:
    return Terminal(office, tmp_path)


def test_the_session_file_is_the_users_alone_and_goes_with_the_session(terminal: Terminal) -> None:
    assert terminal.login("maria.alvarez").returncode == 0
    assert stat.S_IMODE(terminal.session.stat().st_mode) == 0o600
    ticket = json.loads(terminal.session.read_text())["ticket"]
    assert terminal.run("logout").returncode == 0
    assert not terminal.session.exists()
    assert ticket
    assert terminal.run("day", "show").returncode == 1


def test_without_a_session_one_line_says_how_to_get_one(terminal: Terminal) -> None:
    said = terminal.run("proposals", "list")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.strip() == "gatehouse: nobody is signed in here; run `gatehouse login`"


def test_a_no_is_one_line_and_not_zero(terminal: Terminal) -> None:
    terminal.login("maria.alvarez")
    found = terminal.office.assessed(
        "maria.alvarez", terminal.office.of("maria.alvarez").worklist()[4]["household"]
    )
    said = terminal.run("proposals", "submit", found["proposal"], "--digest", "0" * 64)
    assert said.returncode == 1
    assert len(said.stderr.strip().splitlines()) == 1
    assert "fingerprint" in said.stderr
    shown = json.loads(terminal.run("proposals", "show", found["proposal"], "--json").stdout)
    assert shown["status"] == found["status"]


def test_a_front_that_is_down_is_told_from_a_no(terminal: Terminal) -> None:
    said = terminal.run(
        "login", "maria.alvarez", "--url", "http://127.0.0.1:9", "--password-stdin", typed="x\n"
    )
    assert said.returncode == 3
    assert "Traceback" not in said.stderr


def test_a_question_is_answered_and_its_control_codes_are_not(terminal: Terminal) -> None:
    terminal.office.copilot.will_answer("All **well**\x1b[2J [bold]here[/]")
    terminal.login("maria.alvarez")
    said = terminal.run("chat", "How is it?")
    assert said.returncode == 0, said.stderr
    assert "All well" in said.stdout
    assert "\x1b" not in said.stdout
    assert "[bold]here" in said.stdout


def test_a_standing_approval_is_given_confirmed_and_revoked_at_the_terminal(terminal: Terminal) -> None:
    terminal.login("robert.hensley")
    words = ("standing", "propose", "--advisor", "adv-2", "--symbol", "KO", "--kind", "order")
    bounds = ("--dollars-each", "1000", "--dollars-a-day", "2000", "--dollars-in-all", "3000")
    days = ("--proposals-a-day", "2", "--valid-from", "2022-12-29", "--valid-until", "2023-01-31")
    said = terminal.run(*words, *bounds, *days, "--json")
    assert said.returncode == 0, said.stderr
    given = json.loads(said.stdout)
    again = terminal.run("standing", "confirm", given["standing"], "--digest", given["digest"])
    assert (again.returncode, len(again.stderr.strip().splitlines())) == (1, 1)
    terminal.login("ngozi.adeyemi")
    confirmed = terminal.run("standing", "confirm", given["standing"], typed="y\n")
    assert confirmed.returncode == 0, confirmed.stderr
    assert given["digest"] in confirmed.stdout
    listed = terminal.run("standing", "list")
    assert given["standing"] in listed.stdout.replace("\n", "")
    nothing = terminal.run("standing", "review", given["standing"], "--session", "2022-12-29")
    assert nothing.returncode == 1
    assert terminal.run("standing", "revoke", given["standing"]).returncode == 0
    told = json.loads(terminal.run("standing", "list", "--json").stdout)
    (mine,) = [one for one in told["standing"] if one["standing"] == given["standing"]]
    assert mine["status"] == "REVOKED"


def test_the_venues_are_told_as_the_worker_sees_them_and_to_nobody_outside(terminal: Terminal) -> None:
    assert terminal.run("venues").returncode == 1
    assert terminal.login("maria.alvarez").returncode == 0

    def told() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(terminal.run("venues", "--json").stdout)["venues"]
        return found

    seen = until(told, lambda venues: any(one["open"] for one in venues))
    (one, *_) = [one for one in seen if one["open"]]
    assert (one["breaker"], one["capabilities"]["simulated"], one["waiting"]) == ("closed", True, 0)
    assert f"{one['venue']}  open on" in terminal.run("venues").stdout
