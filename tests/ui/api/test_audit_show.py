"""`gatehouse audit show` as a person uses it: one trace, or what something was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.office import Office
from tests.ui.api.test_terminal import Terminal


@pytest.fixture
def terminal(office: Office, tmp_path: Path) -> Terminal:
    mine = Terminal(office, tmp_path)
    assert mine.login("maria.alvarez").returncode == 0
    return mine


def test_an_account_reads_as_it_was_and_says_where_it_stands(terminal: Terminal) -> None:
    maria = terminal.office.of("maria.alvarez")
    account = maria.households()[0]["accounts"][0]
    wanted = ("audit", "show", "--account", account, "--true-at", "2022-12-29T15:00:00Z")
    said = terminal.run(*wanted)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(f"Account {account}")
    assert "business day 29 Dec 2022" in said.stdout
    assert "true at 2022-12-29 15:00:00.000 UTC. It stands at entry" in said.stdout
    document = json.loads(terminal.run(*wanted, "--json").stdout)
    assert document["positions"] == maria.as_of("accounts", account)["positions"]


def test_a_household_reads_with_its_accounts(terminal: Terminal) -> None:
    row = terminal.office.of("maria.alvarez").households()[0]
    said = terminal.run("audit", "show", "--household", row["household"])
    assert said.returncode == 0, said.stderr
    assert [f"Account {account}" in said.stdout for account in row["accounts"]] == [True] * len(
        row["accounts"]
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "one thing is shown at a time"),
        (("a" * 32, "--account", "acc-1"), "one thing is shown at a time"),
        (("a" * 32, "--as-of", "2026-11-21T15:00:00Z"), "a trace is shown whole"),
        (("--account", "acc-none"), "there is no account 'acc-none' in your book"),
        (("--household", "hh-101", "--as-of", "noon"), "that is no time"),
    ],
)
def test_what_cannot_be_shown_is_one_line(terminal: Terminal, words: tuple[str, ...], says: str) -> None:
    said = terminal.run("audit", "show", *words)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"gatehouse: {says}")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("since", "says"),
    [
        ("2020-01-01", ""),
        ("9999-12-31", ""),
        ("soon", "neither a sequence nor a time"),
        ("999999999", "before what you ask for"),
    ],
)
def test_a_tail_begins_at_a_day_or_says_why_it_does_not(terminal: Terminal, since: str, says: str) -> None:
    told = terminal.run("audit", "tail", "--no-follow", "--json", "--since", since)
    assert (told.returncode, says in told.stderr) == (1 if says else 0, True)
    assert bool(told.stdout) == (since == "2020-01-01")


def test_a_trace_that_is_none_is_said_in_one_line_that_tells_its_form(terminal: Terminal) -> None:
    told = terminal.run("audit", "tail", "--no-follow", "--trace", "xyz")
    assert told.returncode == 1
    assert "trace: it has the form ^[0-9a-f]{32}$; copy it whole, as it was shown" in told.stderr


def test_a_word_that_is_none_of_those_is_answered_with_those(terminal: Terminal) -> None:
    told = terminal.run("people", "hold", "hh-101", "--matter", "fun")
    assert told.returncode == 1
    assert "matter: it is one of litigation, regulator, complaint or internal_review" in told.stderr
