"""What a person may do wrong at the command line: each is one line that says what and how to mend it.

Nothing is started, made or half done by any of them.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.fixtures.forks import forks

KEY: Final = "0" * 64
NOBODY_LISTENS: Final = "postgresql://login:hunter2@127.0.0.1:1/gatehouse"
WITNESS: Final = {"GATEHOUSE_SIGNING_KEY": KEY}


LOADED: Final = tuple(
    f"ui.commands.{name}" for name in ("up", "database", "worker", "halt", "witness", "venue")
)

Ask = Callable[[str, Mapping[str, str], Path], tuple[int, list[str]]]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """The exit code and the lines of what one command wrote, in a process of its own."""
    kept = {
        name: word for name, word in os.environ.items() if not name.startswith(("GATEHOUSE_", "DATABASE_"))
    }
    with forks(tmp_path_factory.mktemp("said"), *LOADED) as run:

        def ask(words: str, env: Mapping[str, str], home: Path) -> tuple[int, list[str]]:
            code, text = run(words.split(), {**kept, "GATEHOUSE_HOME": str(home), **env})
            return code, text.strip().splitlines()

        yield ask


CASES: Final[tuple[tuple[str, Mapping[str, str], str], ...]] = (
    ("up", {"GATEHOUSE_PORT": "99999"}, "GATEHOUSE_PORT cannot be used: '99999' is not a port"),
    ("up", {"GATEHOUSE_HOST": "300.1.1.1"}, "port 8080 on 300.1.1.1 cannot be opened"),
    ("up", {"GATEHOUSE_HOME": "/proc/none"}, "the state folder '/proc/none' cannot be made"),
    ("bootstrap-db", {"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL cannot be used"),
    ("bootstrap-db", {"DATABASE_URL": "postgresql://[bad/x"}, "DATABASE_URL cannot be used"),
    ("bootstrap-db", {"DATABASE_URL": f"{NOBODY_LISTENS}?hunter2=1"}, "cannot be read; write it like"),
    ("bootstrap-db", {"DATABASE_URL": NOBODY_LISTENS}, "the database cannot be reached"),
    ("worker", {}, "GATEHOUSE_GATE_DSN is not set"),
    (
        "worker",
        {"GATEHOUSE_GATE_DSN": NOBODY_LISTENS, "GATEHOUSE_HALT_KEY": "0b" * 32},
        "the database cannot be reached",
    ),
    ("worker", {"GATEHOUSE_GATE_DSN": "x", "GATEHOUSE_HALT_KEY": "hunter2"}, "is not a key"),
    ("halt planet:mars", {}, "is nothing that can be stopped"),
    ("halt all --local", {}, "there is no product in this home yet"),
    ("worker", {"GATEHOUSE_GATE_DSN": "x", "GATEHOUSE_VENUES": "bad"}, "GATEHOUSE_VENUES cannot be used"),
    ("witness", {**WITNESS, "GATEHOUSE_WITNESS_DSN": "hunter2"}, "cannot be read; write it like"),
    ("witness", {"GATEHOUSE_WITNESS_DSN": "x", "GATEHOUSE_SIGNING_KEY": "hunter2"}, "is not a key"),
    ("audit verify", {}, "there is no database in"),
    ("people reset nobody", {}, "there is no database in"),
    ("proposals list", {}, "nobody is signed in here"),
    ("bench nope", {}, "there is no bench 'nope'"),
)


@pytest.mark.parametrize(("words", "env", "says"), CASES, ids=[f"{w} {sorted(e)}" for w, e, _ in CASES])
def test_what_cannot_be_is_one_line(
    said: Ask, words: str, env: Mapping[str, str], says: str, tmp_path: Path
) -> None:
    code, lines = said(words, env, tmp_path / "home")
    assert code not in (0, 2)
    assert len(lines) == 1, lines
    assert lines[0].startswith("gatehouse: ")
    assert says in lines[0]
    assert "; " in lines[0], "no fix"
    assert "hunter2" not in lines[0]
    assert not (tmp_path / "home" / "database").exists()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_one_line_before_anything_is_made(said: Ask, taken: int, tmp_path: Path) -> None:
    code, lines = said("up", {"GATEHOUSE_PORT": str(taken)}, tmp_path / "home")
    assert (code, len(lines)) == (3, 1)
    assert f"port {taken} on 127.0.0.1 cannot be opened" in lines[0]
    assert not (tmp_path / "home" / "database").exists()


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_a_venues_port_that_cannot_be_opened_is_one_line(
    said: Ask, port: str, taken: int, tmp_path: Path
) -> None:
    number = str(taken) if port == "taken" else port
    words = f"venue serve --name ARCADIA --port {number} --ledger {tmp_path / 'ledger'} --seed 1"
    code, lines = said(words, {"GATEHOUSE_VENUE_KEY_ARCADIA": "k"}, tmp_path / "home")
    assert (code, len(lines)) == (3, 1)
    assert f"port {number} cannot be opened" in lines[0]
