"""The command line: quick help, one line per refusal, and every row of the table leads somewhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from core.errors import Conflict, GatehouseError, IntegrityLost, OutcomeUnknown, WorldFailed
from tests.fixtures.forks import Said, forks
from tests.fixtures.servers import ROOT
from ui import cli
from ui.cli import COMMANDS, GROUPS


def gatehouse(*words: str, cwd: Path = ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command as a process, with those settings and no other."""
    environment: Mapping[str, str] = {"PYTHONPATH": str(ROOT), **settings}
    return subprocess.run(
        [sys.executable, "-P", "-m", "ui.cli", *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


# Nothing of ours is there but the table: what a command needs it has to import itself.
THEIRS: Final = (
    "cryptography.hazmat.primitives.ciphers.aead",
    *("httpx", "psycopg_pool", "pydantic", "rich.console", "typer"),
)


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Said]]:
    """Runs a command with those words in a process of its own: its exit code and all that it said."""
    with forks(tmp_path_factory.mktemp("said"), *THEIRS) as run:
        yield lambda words: run(words.split(), {"PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_table_can_say_what_it_does(name: str, forked: Callable[[str], Said]) -> None:
    code, said = forked(f"{name} --help")
    assert code == 0, said
    assert f"Usage: gatehouse {name}" in said


def test_every_group_has_commands_and_every_command_its_group() -> None:
    used = {name.split()[0] for name in COMMANDS if " " in name}
    assert used <= set(GROUPS)


def test_help_imports_no_command_and_no_framework() -> None:
    code = (
        "import sys; sys.argv = ['gatehouse', '--help']\nfrom ui import cli\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "heavy = {'psycopg', 'fastapi', 'streamlit', 'langgraph', 'pydantic', 'numpy'} & set(sys.modules)\n"
        "heavy |= {name for name in sys.modules if name.startswith('ui.commands.')}\n"
        "sys.stderr.write(repr(sorted(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_a_refusal_is_one_line_on_stderr_and_a_code_that_is_not_zero() -> None:
    done = gatehouse("bench", "no-such-bench")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("gatehouse: there is no bench 'no-such-bench'; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("family", "code"), [(Conflict, 1), (WorldFailed, 3), (OutcomeUnknown, 4), (IntegrityLost, 5)]
)
def test_the_exit_code_tells_the_family(family: type[GatehouseError], code: int) -> None:
    assert cli.exit_code(family("what", fix="mend")) == code


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = gatehouse(
        "bootstrap-db",
        DATABASE_URL="postgresql://owner:hunter2@127.0.0.1:1/gatehouse",
        GATEHOUSE_HOME=str(tmp_path),
    )
    assert done.returncode == 3
    assert done.stderr.startswith("gatehouse: the database cannot be reached")
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


def test_the_doctor_finds_this_machine_fit_and_names_a_bad_setting(tmp_path: Path) -> None:
    done = gatehouse("doctor", "--json", GATEHOUSE_HOME=str(tmp_path / "none"), GATEHOUSE_PORT="eighty")
    findings = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert not findings["settings"]["ok"]
    assert "GATEHOUSE_PORT" in findings["settings"]["says"]
    assert findings["server"]["ok"], findings["server"]
    assert "pgvector" in findings["server"]["says"]
    assert not (tmp_path / "none").exists()
