"""Deciding from a terminal: secrets come by standard input, and stand in no answer."""

from __future__ import annotations

import json

from tests.fixtures.office import Office
from tests.ui.api.test_terminal import Terminal, terminal
from tests.ui.api.test_tier_3 import MARIA, NGOZI, ROBERT, big_sale, withdraw

__all__ = ["terminal"]


def test_tier_3_is_approved_with_a_password_and_a_code_from_standard_input(
    office: Office, terminal: Terminal
) -> None:
    found = big_sale(office, "acc-1046")
    password = office.passwords[ROBERT]
    terminal.login(ROBERT)
    approve = ("proposals", "approve", found["proposal"], "--digest", found["digest"], "--code-stdin")
    wrong = terminal.run(*approve, typed="not it\n")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.strip().startswith("gatehouse: that code or password is not right")
    first = terminal.run(*approve, typed=f"{password}\n")
    assert first.returncode == 0, first.stderr
    assert "It needs one more: compliance." in first.stdout
    assert password not in first.stdout + first.stderr
    shown = terminal.run("proposals", "show", found["proposal"])
    assert "Needs one more: compliance." in shown.stdout
    assert "You cannot approve it" in shown.stdout
    withdraw(office, found)


def test_an_authenticator_is_enrolled_and_removed_at_the_terminal(office: Office, terminal: Terminal) -> None:
    terminal.login(NGOZI)
    password = office.passwords[NGOZI]
    said = terminal.run("people", "enrol-totp", "--stdin", typed=f"{password}\n000000\n")
    assert said.returncode == 1
    assert "otpauth://totp/Gatehouse:ngozi.adeyemi" in said.stdout
    assert "that code or password is not right" in said.stderr
    assert password not in said.stdout + said.stderr
    none = terminal.run("people", "remove-totp", "--stdin", typed="123456\n")
    assert none.returncode == 1
    assert "no authenticator" in none.stderr


def test_delegates_and_colleagues_are_recorded_at_the_terminal(office: Office, terminal: Terminal) -> None:
    day = office.of(MARIA).day()["session"]
    terminal.login(MARIA)
    named = terminal.run("people", "delegate", "adv-3", "--from", day, "--until", day, "--json")
    assert named.returncode == 0, named.stderr
    delegation = json.loads(named.stdout)["delegation"]
    assert delegation in terminal.run("people", "delegates").stdout
    assert terminal.run("people", "end-delegate", delegation).returncode == 0
    again = terminal.run("people", "end-delegate", delegation)
    assert again.returncode == 0, again.stderr  # the same act of the same person: one entry
    terminal.login(NGOZI)
    for words in (("pay", "pri-3", "--advisor", "adv-2"), ("related", "pri-3"), ("reports-to", "pri-3")):
        said = terminal.run("people", *words)
        assert said.returncode == 0, said.stderr
    term = ("--registration", "S14", "--from", "2022-12-01", "--until", "2022-12-30")
    assert terminal.run("people", "register", "pri-3", *term).returncode == 0
    own = terminal.run("people", "reports-to", "com-1")
    assert (own.returncode, len(own.stderr.strip().splitlines())) == (1, 1)


def test_comments_on_lines_come_from_the_terminal(office: Office, terminal: Terminal) -> None:
    found = big_sale(office, "acc-1046")
    terminal.login(ROBERT)
    back = ("proposals", "return", found["proposal"], "--digest", found["digest"], "--comment", "No.")
    bad = terminal.run(*back, "--line", "half of it")
    assert bad.returncode == 1
    assert "number=words" in bad.stderr
    assert terminal.run(*back, "--line", "0=Half of it.").returncode == 0
    assert "Order ticket 0: “Half of it.”" in terminal.run("proposals", "show", found["proposal"]).stdout
