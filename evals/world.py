"""A world: the whole product at work in a folder of its own, which ends without a trace.

    processes, database and ledgers are the product's own, started by its own command (`gatehouse up --bare`)

Rule 1: a world shares nothing with the user's data: its home, server, port, keys and people are its own.
Rule 2: it meets the product over HTTP, by the files that the supervisor keeps, and, where a story needs the
    other side, by the database's logins. It imports nothing of `ui`.
Rule 3: it ends with its maker, however that ends; nothing is left running.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import DictRow

from core.clock import WallClock
from core.database import logins as kept
from core.database.embedded import Cluster, open_cluster
from core.database.logins import OWNER, Logins
from core.database.pools import connect
from core.errors import WorldFailed
from core.people.sessions import set_password
from core.settings import environment
from core.venues.simulated.control import Address, tell
from core.venues.simulated.ledger import Line, read_ledger
from evals.person import Person

ROOT: Final = Path(__file__).resolve().parents[1]
VENUES: Final = ("ARCADIA", "BOREAL", "CORTLAND")
OPENS_WITHIN: Final = timedelta(minutes=4)  # on a busy machine
COMES_WITHIN: Final = timedelta(minutes=2)
STOPS_WITHIN: Final = timedelta(seconds=40)
LOOKS_EVERY: Final = timedelta(milliseconds=50)
# What of the user's settings a world keeps: which model thinks, and how the machine gets out to it.
KEEPS: Final = ("OPENAI_", "GATEHOUSE_MODEL", "GATEHOUSE_EMBEDDINGS")


@dataclass(slots=True)
class World:
    home: Path
    url: str
    logins: Logins
    cluster: Cluster
    _people: dict[str, Person] = field(default_factory=dict)

    # people

    def person(self, login: str) -> Person:
        """That person, signed in with a password of this world."""
        if login not in self._people:
            with self.connection(OWNER) as owner:
                password = set_password(owner, login)
            self._people[login] = Person(self.url, login, password)
        return self._people[login]

    # processes

    def processes(self) -> Mapping[str, Any]:
        """What runs, by name: state, pid, user, starts, url."""
        try:
            found: Mapping[str, Any] = json.loads((self.home / "run" / "processes.json").read_text())
        except FileNotFoundError:
            return {}
        processes: Mapping[str, Any] = found["processes"]
        return processes

    def kill(self, name: str) -> None:
        """End that process as a power cut would, and wait until the supervisor has it ready again."""
        before = self.processes()[name]
        os.kill(before["pid"], signal.SIGKILL)
        self.until(
            lambda: self._is(name, "ready") and self.processes()[name]["starts"] > before["starts"],
            f"{name} is started again",
        )

    def hold(self, name: str) -> None:
        """Stop that process and keep it stopped."""
        (self.home / "run" / "held" / name).touch()
        self.until(lambda: self._is(name, "held"), f"{name} stops")

    def let_go(self, name: str) -> None:
        """Let the supervisor start it again, and wait until it is ready."""
        (self.home / "run" / "held" / name).unlink()
        self.until(lambda: self._is(name, "ready"), f"{name} starts")

    def _is(self, name: str, state: str) -> bool:
        return bool(self.processes()[name]["state"] == state)

    # venues

    def ledger(self, venue: str) -> Sequence[Line]:
        """The venue's own record, as it is on its disk."""
        return read_ledger(self.home / "venues" / venue / "ledger.jsonl")

    def venue_key(self, venue: str) -> str:
        """The key with which the worker comes to that venue."""
        kept = json.loads((self.home / "secrets" / "processes.json").read_text())
        return str(kept["venues"][venue])

    def steer(self, control: Mapping[str, Any]) -> None:
        """Tell every simulated venue the same."""
        for venue in VENUES:
            url = self.processes()[f"venue-{venue.lower()}"]["url"]
            asyncio.run(tell(Address(venue, url, self.venue_key(venue)), control))

    # the database

    def connection(self, role: str) -> Connection[DictRow]:
        """A connection with that login."""
        return connect(self.logins.dsn(role), name="world")

    def superuser(self) -> Connection[DictRow]:
        """Attacker 3 of the design. For sabotage alone."""
        return connect(self.cluster.superuser_dsn(self.logins.database), name="world")

    # the command line

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`gatehouse <words>` on this world."""
        return subprocess.run(
            command(*words),
            cwd=self.home,
            env=settings_of(self.home),
            capture_output=True,
            text=True,
            check=False,
        )

    def until(self, holds: Callable[[], bool], what: str, *, within: timedelta = COMES_WITHIN) -> None:
        """Wait for that. Raises WorldFailed where it does not come in time."""
        if not came(holds, within):
            raise WorldFailed(f"waited {within.seconds} s in vain until {what}", fix=f"see {self.home}/logs")


@contextmanager
def opened(*, keep: bool = False, told: Callable[[str], None] = lambda _: None) -> Iterator[World]:
    """A world with the founded firm and every process ready. `keep` leaves its folder behind.

    Raises:
        WorldFailed: it does not come up, with the last words of its log.
    """
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="gatehouse-world-"))
        home.chmod(
            0o755
        )  # its processes may have users of their own; what is secret in it is closed by itself
        if not keep:
            stack.callback(shutil.rmtree, home, ignore_errors=True)
        port, log = free_port(), home / "up.log"
        told(f"opening a world of its own in {home}")
        process = stack.enter_context(_running(home, port, log))
        logins = _waited_for(home, process, log)
        cluster = open_cluster(home)
        stack.callback(cluster.close)
        yield World(home, f"http://127.0.0.1:{port}", logins, cluster)


def command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "ui.cli", *words]


def settings_of(home: Path) -> dict[str, str]:
    """The caller's environment, with this world's settings in place of the product's own."""
    ours = ("GATEHOUSE_", "DATABASE_URL", "OPENAI_")
    env = {
        name: text
        for name, text in environment().items()
        if not name.startswith(ours) or name.startswith(KEEPS)
    }
    return {**env, "GATEHOUSE_HOME": str(home), "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as any_free:
        any_free.bind(("127.0.0.1", 0))
        port: int = any_free.getsockname()[1]
    return port


def came(holds: Callable[[], bool], within: timedelta) -> bool:
    """Whether it came to hold in that time."""
    clock = WallClock()
    ends_ns = clock.monotonic_ns() + within // timedelta(microseconds=1) * 1000
    while not holds():
        if clock.monotonic_ns() > ends_ns:
            return False
        Event().wait(LOOKS_EVERY.total_seconds())
    return True


@contextmanager
def _running(home: Path, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    words = ("up", "--bare", "--with-parent", str(os.getpid()), "--pace-ms", "0")
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(*words),
            cwd=home,
            env={**settings_of(home), "GATEHOUSE_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C at the terminal is for us; it is stopped below
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPS_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _waited_for(home: Path, process: subprocess.Popen[bytes], log: Path) -> Logins:
    """The logins, once everything is ready."""

    def settled() -> bool:
        return process.poll() is not None or "Gatehouse is at" in log.read_text(errors="replace")

    in_time = came(settled, OPENS_WITHIN)
    logins = kept.load(home)
    if not in_time or process.poll() is not None or logins is None:
        words = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        raise WorldFailed(f"the world does not open: {words[-1]}", fix=f"see {log}")
    return logins
