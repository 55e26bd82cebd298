"""The supervisor: starts what is planned, starts again what ends, stops everything.

Rule 1: a process dies with us, however we die (`ui.processes.tether`). Each leads a group of its own, so that
    Ctrl-C at the terminal is ours to answer.
Rule 2: one that ends is started again, sooner at first and later each time, until it has lived for a while.
    One that says that a person must look (exit code 5) is left alone: nothing is repeated over a lost record.
Rule 3: a stop asks first and kills after; those that nobody stands on stop first.
Rule 4: `<home>/run/processes.json` says what runs; a file `<home>/run/held/<name>` keeps that one stopped.
Rule 5: no secret reaches a log: words and environments are not written anywhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Final

from core.clock import WallClock
from core.errors import WorldFailed
from ui.processes.isolation import UMASK, Isolation
from ui.processes.plan import Process

TETHER: Final = Path(__file__).with_name("tether.py")
NEEDS_A_PERSON: Final = 5  # `ui.cli.EXIT_CODES` of lost integrity
LOOKS_EVERY: Final = timedelta(milliseconds=50)
FIRST_PAUSE: Final = timedelta(milliseconds=200)
LONGEST_PAUSE: Final = timedelta(seconds=10)
LIVED_A_WHILE: Final = timedelta(seconds=30)
STOPS_WITHIN: Final = timedelta(seconds=10)
SERVER_EVERY: Final = timedelta(seconds=3)
TRIES_AT_FIRST: Final = 3
LOG_MOST_BYTES: Final = 8_000_000


class State(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"
    HELD = "held"
    NEEDS_A_PERSON = "needs a person"
    STOPPED = "stopped"


SETTLED: Final = frozenset({State.READY, State.HELD, State.NEEDS_A_PERSON})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a process that lives may take to be ready: minutes, where the machine is busy."""

    says: timedelta = timedelta(seconds=60)
    kills: timedelta = timedelta(minutes=5)  # then it hangs


@dataclass(slots=True)
class Running:
    """One planned process and what became of it. Times are of the machine's monotonic clock."""

    plan: Process
    state: State = State.WAITING
    child: subprocess.Popen[bytes] | None = None
    since: timedelta = timedelta(0)
    again_at: timedelta = timedelta(0)
    ended: int = 0  # in a row, without having lived for a while
    starts: int = 0
    was_ready: bool = False
    waited_for: bool = False  # this start, and said so

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None


class Supervisor:
    """One for each home, from the thread that it was made in: the processes are tied to that thread."""

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        home: Path,
        walls: Isolation,
        told: Callable[[str], None],
        keep_server: Callable[[], None],
        patience: Patience = Patience(),
    ) -> None:
        self._running = [Running(process) for process in processes]
        self._home = home
        self._walls = walls
        self._told = told
        self._keep_server = keep_server
        self._patience = patience
        self._server_at = timedelta(0)
        self._written = ""
        held = home / "run" / "held"
        held.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in held.iterdir():
            leftover.unlink()
        (home / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def settled(self) -> bool:
        """Everything is ready, or will not be without a person."""
        return all(one.state in SETTLED for one in self._running)

    def watch(self, until: Callable[[], bool]) -> None:
        """Keep everything running until then.

        Raises:
            WorldFailed: a process ended several times before it was ever ready, with its last words.
        """
        while not until():
            for one in self._running:
                self._look_at(one)
            if _now() >= self._server_at:
                self._look_after_the_server()
            self._write_down()
            Event().wait(LOOKS_EVERY.total_seconds())

    def stop(self) -> None:
        """Stop everything: those that nobody stands on first, each asked and then killed."""
        while alive := [one for one in self._running if one.alive]:
            stood_on = {name for one in alive for name in one.plan.after}
            _end([one for one in alive if one.plan.name not in stood_on])
        for one in self._running:
            one.state = State.STOPPED
        self._write_down()

    def _look_at(self, one: Running) -> None:
        if (self._home / "run" / "held" / one.plan.name).exists():
            if one.state is not State.HELD:
                _end([one])
                one.state, one.ended = State.HELD, 0
            return
        match one.state:
            case State.HELD:
                one.state = State.WAITING
            case State.STARTING | State.READY if not one.alive:
                self._has_ended(one)
            case State.STARTING if one.plan.is_ready():
                one.state, one.was_ready = State.READY, True
            case State.STARTING:
                self._waits_for(one)
            case State.READY if one.ended and _now() - one.since > LIVED_A_WHILE:
                one.ended = 0
            case State.WAITING if self._may_start(one):
                self._start(one)
            case State.PAUSING if _now() >= one.again_at:
                self._start(one)

    def _waits_for(self, one: Running) -> None:
        waited = _now() - one.since
        if waited > self._patience.kills:
            self._told(f"{one.plan.name} is not ready after {waited.seconds} s: killing it")
            _kill(one)
        elif waited > self._patience.says and not one.waited_for:
            one.waited_for = True
            self._told(f"{one.plan.name} is not ready after {waited.seconds} s: it runs, so it is waited for")

    def _may_start(self, one: Running) -> bool:
        stands_on = [other for other in self._running if other.plan.name in one.plan.after]
        return all(other.state in SETTLED for other in stands_on)

    def _start(self, one: Running) -> None:
        process, wall = one.plan, self._walls.of(one.plan.name)
        command = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid())]
        command += [sys.executable, "-P", "-m", "ui.cli", *process.words]
        with self._log(process.name) as log:
            one.child = subprocess.Popen(
                command,
                cwd=process.folders[0],
                env={**process.env, "HOME": str(process.folders[0])},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=UMASK,
                user=wall.user,
                group=wall.user,
                extra_groups=None if wall.user is None else list(wall.groups),
            )
        one.state, one.since, one.waited_for = State.STARTING, _now(), False
        one.starts += 1

    def _has_ended(self, one: Running) -> None:
        code = one.child.returncode if one.child else None
        _kill(one)  # what it may have started
        name, words = one.plan.name, last_words(self._home, one.plan.name)
        if code == NEEDS_A_PERSON:
            one.state = State.NEEDS_A_PERSON
            self._told(f"{name} has stopped for a person to look: {words}")
            return
        one.ended += 1
        if not one.was_ready and one.ended >= TRIES_AT_FIRST:
            raise WorldFailed(f"{name} does not start: {words}", fix=f"see {log_of(self._home, name)}")
        pause = min(FIRST_PAUSE * 2 ** min(one.ended - 1, 10), LONGEST_PAUSE)
        one.state, one.again_at = State.PAUSING, _now() + pause
        self._told(f"{name} ended ({_how(code)}); starting it again in {pause.total_seconds():g} s")

    def _look_after_the_server(self) -> None:
        try:
            self._keep_server()
        except WorldFailed as bad:
            self._told(f"{bad.says}; trying again")
        self._server_at = _now() + SERVER_EVERY

    def _write_down(self) -> None:
        """For `doctor`, worlds and whoever asks what runs."""
        told = {
            one.plan.name: {
                "state": one.state,
                "pid": one.child.pid if one.child and one.alive else None,
                "user": self._walls.of(one.plan.name).user,
                "starts": one.starts,
                "url": one.plan.url,
            }
            for one in self._running
        }
        text = json.dumps({"supervisor": os.getpid(), "walls": self._walls.says, "processes": told}, indent=1)
        if text == self._written:
            return
        fresh = status_file(self._home).with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(status_file(self._home))
        self._written = text

    @contextlib.contextmanager
    def _log(self, name: str) -> Iterator[int]:
        path = log_of(self._home, name)
        if path.exists() and path.stat().st_size > LOG_MOST_BYTES:
            path.replace(path.with_suffix(".log.old"))
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            yield log
        finally:
            os.close(log)


def status_file(home: Path) -> Path:
    return home / "run" / "processes.json"


def log_of(home: Path, name: str) -> Path:
    return home / "logs" / f"{name}.log"


def last_words(home: Path, name: str) -> str:
    """The last line of its log."""
    with contextlib.suppress(OSError):
        lines = log_of(home, name).read_text(errors="replace")[-4000:].strip().splitlines()
        if lines:
            return lines[-1].removeprefix("gatehouse: ")
    return "it said nothing"


def _end(some: Sequence[Running]) -> None:
    """Ask all of them, wait together, kill what is left."""
    for one in some:
        _signal(one, signal.SIGTERM)
    until = _now() + STOPS_WITHIN
    for one in some:
        if one.child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.child.wait(max(0.01, (until - _now()).total_seconds()))
            _kill(one)


def _kill(one: Running) -> None:
    _signal(one, signal.SIGKILL)
    if one.child is not None:
        one.child.wait()


def _signal(one: Running, number: signal.Signals) -> None:
    """To the whole group that it leads."""
    if one.child is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.child.pid, number)


def _how(code: int | None) -> str:
    return f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def _now() -> timedelta:
    return timedelta(microseconds=WallClock().monotonic_ns() // 1000)
