"""`test`: every check and every test, in one command. What CI runs, a person runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from core.clock import WallClock
from ui.commands.mutants import run_mutants
from ui.commands.scratch import scratch

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("core", "tools", "agents", "ui", "evals", "tests")
SUMMARY: Final = re.compile(r"^=* ?(\d+ .* in [\d.]+s.*?|no tests ran in [\d.]+s) ?=*$")

SETTINGS: Final = ("GATEHOUSE_", "OPENAI_", "DATABASE_URL")
TESTS_FAILED: Final = 1  # pytest's exit code for it
FEW_ENOUGH: Final = 3
WORKERS: Final = 3
"""One more than the cores of the machine that has to do it in time: half of a test is waiting."""
THE_SAME_ON_EVERY_SERVER: Final = (
    *("tests/ui", "tests/evals", "tests/browser", "tests/conformance", "tests/agents", "tests/house"),
    *("tests/core/worker", "tests/core/ledger/faults"),
    # Damage to rows that were fetched once, kills of our own processes, and two rules of ours compared.
    "tests/core/ledger/test_tamper_everywhere_db.py",
    "tests/core/people/test_carrying_out_db.py",
    "tests/core/gate/test_approval_door_db.py",
    "tests/core/gate/test_caps_race_db.py",
    "tests/core/standing/test_drawing_db.py",
    "tests/core/execution/test_halts_before_sends.py",
    "tests/core/gate/test_policies_narrow_db.py",
    "tests/core/execution/test_last_check_db.py",
)
"""What starts the product's processes, or asks nothing of a server that another test does not."""

Check = tuple[str, Sequence[str]]


def test(
    long: Annotated[bool, typer.Option("--long", help="Run the full counts that the issues name.")] = False,
    room: Annotated[str | None, typer.Option("--room", help="Only the tests of that folder.")] = None,
    workers: Annotated[int, typer.Option("--workers", help="How many tests run at once.")] = WORKERS,
    oldest: Annotated[
        bool, typer.Option("--oldest", help="What asks the database, on PostgreSQL 16.")
    ] = False,
) -> None:
    """Run format, lint, types, import contracts and tests. The last line is pytest's own summary."""
    folder = "tests" if room is None else f"tests/{room}"
    if not (ROOT / folder).is_dir():
        raise typer.BadParameter(f"there is no folder {folder}", param_hint="--room")
    words = [folder, "-n", str(workers), "--dist", "worksteal"]  # whole files, as long as it can be
    words += ["--long"] if long else []
    words += oldest_words(room=room, long=long) if oldest else []
    env = environment() | ({"GATEHOUSE_TEST_SERVER": "tcp16"} if oldest else {})
    with scratch() as place, ThreadPoolExecutor(1, "checks") as beside:
        checking = beside.submit(not_passed, () if oldest else checks())
        env |= {"TMPDIR": str(place)}
        code, summary = run_tests(words, env, place / "report.xml")
        if code == TESTS_FAILED and alone(words, env, failed(place / "report.xml"), place / "alone.xml"):
            code = 0
        broken = checking.result()
    if long and not oldest and room in (None, "core"):
        found = run_mutants(environment(), workers=workers)
        typer.echo("\n".join(found.lines()))
        broken += [] if found.enough else ["mutants"]
    if broken:
        typer.echo(f"these checks did not pass: {', '.join(broken)}")
    typer.echo(summary)
    if broken or code:
        raise typer.Exit(code or 1)


def oldest_words(*, room: str | None, long: bool) -> Sequence[str]:
    """What asks the database itself, without the processes over it: they are the same on every server."""
    words = ["-m", "database"]
    if long or room is not None:
        return words
    return [*words, *(f"--ignore={path}" for path in THE_SAME_ON_EVERY_SERVER)]


def checks() -> Sequence[Check]:
    rooms = [name for name in ROOMS if any((ROOT / name).rglob("*.py"))]
    return (
        ("format", ["ruff", "format", "--check", "--quiet", *rooms, "gatehouse"]),
        ("lint", ["ruff", "check", "--quiet", *rooms, "gatehouse"]),
        ("types", ["mypy", "--no-error-summary", *rooms]),
        ("imports", ["lint-imports", "--no-logo"]),
    )


def not_passed(asked: Sequence[Check]) -> list[str]:
    """The names of those that do not pass. One after the other: they run beside the tests."""
    return [name for name, command in asked if not passes(name, command)]


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one check; what it says is shown only when it does not pass."""
    program, *rest = command
    started_ns = WallClock().monotonic_ns()
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *rest],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    took = timedelta(microseconds=(WallClock().monotonic_ns() - started_ns) // 1000)
    typer.echo(f"{name:<8} {'ok' if done.returncode == 0 else 'NOT OK':<7} {took.total_seconds():6.1f} s")
    if done.returncode != 0:
        typer.echo(done.stdout + done.stderr)
    return done.returncode == 0


def run_tests(words: Sequence[str], env: Mapping[str, str], report: Path) -> tuple[int, str]:
    """Pytest's exit code and its last line; everything before that line is shown as it comes."""
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *words]
    process = subprocess.Popen(
        command, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    summary = "no tests ran"
    for line in process.stdout or ():
        if found := SUMMARY.match(line.strip()):
            summary = found.group(1)
        elif "generated xml file" not in line:
            typer.echo(line, nl=False)
    code = process.wait()
    if report.exists():
        show_shares(report)
    return code, summary


def failed(report: Path) -> Sequence[str]:
    """The names of the tests that did not pass."""
    if not report.exists():
        return ()
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - our own pytest wrote it a moment ago
    return [
        f"{case.get('classname')}.{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]


def alone(words: Sequence[str], env: Mapping[str, str], names: Sequence[str], report: Path) -> bool:
    """Run the few that failed once more, one at a time with nothing beside them. Whether each of them passes.

    What passes only then is named: it is not as independent of its neighbours, or of the machine's load, as
    a test has to be. Where more than a few failed, nothing is run again.
    """
    if not 0 < len(names) <= FEW_ENOUGH:
        return False
    typer.echo(f"\n{len(names)} failed beside others; once more, alone:")
    code, summary = run_tests(
        [*words, "-n", "0", "--last-failed", "--last-failed-no-failures", "none"], env, report
    )
    typer.echo(summary)
    if code != 0 or failed(report) or not passed_in(report, len(names)):
        return False
    typer.echo("PASSED ONLY ALONE, and to be mended:\n" + "\n".join(f"  {name}" for name in names))
    return True


def passed_in(report: Path, number: int) -> bool:
    """Whether so many were run and none of them skipped."""
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - as above
    return len(cases) >= number and all(case.find("skipped") is None for case in cases)


def show_shares(report: Path) -> None:
    """The share of the tests' time that each room took."""
    seconds: defaultdict[str, float] = defaultdict(float)
    tests: Counter[str] = Counter()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own pytest wrote it a moment ago
        parts = case.get("classname", "").split(".")
        room = parts[1] if len(parts) > 2 and parts[0] == "tests" else "tests"
        seconds[room] += float(case.get("time", "0"))
        tests[room] += 1
    whole = sum(seconds.values()) or 1
    typer.echo("\nroom          tests  seconds  share")
    for room, took in sorted(seconds.items(), key=lambda each: -each[1]):
        typer.echo(f"{room:<12} {tests[room]:>6} {took:>8.1f} {100 * took / whole:>5.0f} %")


def environment() -> dict[str, str]:
    """The caller's environment without the product's own settings, which would change what is tested.

    Bytecode is kept whatever the caller says: a run starts hundreds of processes, and without it each of them
    compiles all that it imports, which takes longer than the rest of its start.
    """
    kept = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - handed on to the tests as it is
        if not name.startswith((*SETTINGS, "PYTHONDONTWRITEBYTECODE"))
    }
    return {"PATH": os.defpath, **kept, "PYTHONPATH": str(ROOT), "LANGSMITH_TRACING": "false"}
