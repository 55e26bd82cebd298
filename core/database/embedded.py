"""The embedded PostgreSQL cluster: started for whoever needs it first, gone when nobody holds it.

Rule 1: liveness is a real connection with the real password. No pid file and no port is believed.
Rule 2: one socket in our own folder, scram-sha-256, random passwords. Never trust, never the network.
Rule 3: one start at a time (`start.lock`). Who comes second finds the first one's server.
Rule 4: holding is a kernel lock (see `core.database.guardian`), so nobody's death leaves a server behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import IO, Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from core.clock import WallClock
from core.database import guardian
from core.database.binaries import Binaries, ServerUser, bundled, can_enter, runnable, server_user
from core.database.tuning import settings_for
from core.errors import BadInput, GatehouseError, IntegrityLost, WorldFailed

SUPERUSER: Final = "postgres"
PORT: Final = 5432
SOCKET_PATH_MOST: Final = 107  # sockaddr_un, less its final zero
STARTS_WITHIN: Final = timedelta(seconds=60)
STOPS_WITHIN: Final = timedelta(seconds=60)
LOOKS_EVERY: Final = timedelta(milliseconds=40)
LOG_MOST_BYTES: Final = 16_000_000
# Where the state goes when root's own home cannot be entered by the server's user. Survives a restart.
SYSTEM_STATE: Final = Path("/var/lib/gatehouse-clusters")


@dataclass(slots=True)
class Cluster:
    """A running cluster that this process holds. When the last holder closes it or ends, the server stops."""

    folder: Path
    binaries: Binaries
    user: ServerUser
    overrides: Mapping[str, str]
    _hold: IO[str] = field(repr=False)
    _guardian: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The data folder carries the major version, so that another version never opens it by mistake."""
        return self.folder / f"pg{self.binaries.major}"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """For bootstrap and tests alone. Holds the password: never print it."""
        return self._dsn(database)

    def is_alive(self) -> bool:
        """Whether the server answers to its password now."""
        return self._answer() is None

    def ensure_running(self) -> None:
        """Start the server again where it and its guardian were killed; else nothing.

        Raises:
            WorldFailed: it does not start, and why.
            IntegrityLost: the data folder is broken.
        """
        with _only_one(self.folder / "start.lock"):
            self._start()

    def close(self) -> None:
        """Let go. When nobody else holds the cluster, wait until the server has stopped."""
        last = _is_last(self._hold)
        self._hold.close()
        if self._guardian is not None and last:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guardian.wait(timeout=STOPS_WITHIN.total_seconds())
        elif last:
            _wait_for(lambda: not _is_held(self.folder / "guardian.lock"), STOPS_WITHIN)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        deadline_ns = WallClock().monotonic_ns() + STARTS_WITHIN // timedelta(microseconds=1) * 1000
        said_before = self.log.stat().st_size if self.log.exists() else 0
        if self._guardian is not None and self._guardian.poll() is not None:
            self._guardian = None  # it gave up before; what stopped it may be gone
        while (answer := self._answer()) is not None:
            if 'database "postgres" does not exist' in answer or "authentication failed" in answer:
                raise _broken(self.data, answer.rpartition("FATAL:")[2].strip().splitlines()[0])
            if not _is_held(self.folder / "guardian.lock"):
                if self._guardian is not None and self._guardian.poll() == guardian.CANNOT_START:
                    self._guardian = None
                    raise self._why_not(said_before)
                if self._guardian is None or self._guardian.poll() is not None:
                    self._forget_the_dead()
                    self._guardian = self._new_guardian()
            if WallClock().monotonic_ns() > deadline_ns:
                raise self._why_not(said_before)
            Event().wait(LOOKS_EVERY.total_seconds())

    def _answer(self) -> str | None:
        """None from a live server; else what kept it from answering."""
        try:
            with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
                connection.execute("select 1")
        except psycopg.OperationalError as bad:
            return str(bad).strip()
        return None

    def _new_guardian(self) -> subprocess.Popen[bytes]:
        if self.log.exists() and self.log.stat().st_size > LOG_MOST_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        settings = {
            **settings_for(self.binaries.major),
            "unix_socket_directories": str(self.folder / "run"),
            "port": str(PORT),
            **self.overrides,
        }
        command = [self.binaries.program("postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        orders = {
            "folder": str(self.folder),
            "log": str(self.log),
            "command": command,
            "uid": self.user.uid,
            "gid": self.user.gid,
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(guardian.__file__)), json.dumps(orders)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is for us, not for the server
            )

    def _forget_the_dead(self) -> None:
        """Remove a pid file whose process is no server of this folder.

        PostgreSQL refuses to start when the pid in it belongs to any living process of its own user, which
        after a restart of a container is the rule rather than the exception.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
            works_in = Path(f"/proc/{pid}/cwd").readlink()
        except FileNotFoundError:
            works_in = Path("/")  # no such process
        except (OSError, ValueError, IndexError):
            return  # cannot tell: PostgreSQL decides
        if works_in != self.data.resolve():
            pid_file.unlink(missing_ok=True)

    def _why_not(self, said_before: int) -> GatehouseError:
        with self.log.open("rb") as log:
            log.seek(said_before)
            said = log.read().decode(errors="replace").splitlines()
        # A line without a user is the server's own, not an early caller's.
        fatal = [line.partition("] @ ")[2] for line in said if "] @ FATAL:" in line or "] @ PANIC:" in line]
        reasons = fatal or [line for line in said if line.startswith("postgres:")]
        return _explained(reasons[-1] if reasons else "it gave no reason", folder=self.data, log=self.log)

    def _dsn(self, database: str) -> str:
        password = (self.folder / "superuser.password").read_text()
        return make_conninfo(
            "",
            host=str(self.folder / "run"),
            port=self.overrides.get("port", str(PORT)),
            user=SUPERUSER,
            password=password,
            dbname=database,
            connect_timeout=5,
        )


def open_cluster(home: Path, *, major: int = 18, overrides: Mapping[str, str] | None = None) -> Cluster:
    """The cluster of that home, running: made at the first call, started where it is not up, and held.

    `overrides` are server settings over `core.database.tuning`; they count only for who starts the server.

    Raises:
        BadInput: `home` cannot hold a cluster, and what would do.
        WorldFailed: it does not start (full disk, no rights), and why.
        IntegrityLost: the data folder is broken.
    """
    user = server_user()
    folder = place_for(home, user=user)
    _refuse_long_socket_path(folder)
    _make_folder(folder, user=user)
    with _only_one(folder / "start.lock"):
        binaries = runnable(bundled(major), user=user, state=folder)
        hold = _hold_on(folder / "holders.lock")
        cluster = Cluster(folder, binaries, user, dict(overrides or {}), hold)
        try:
            _make_data_folder(cluster)
            cluster._start()
        except (
            BaseException
        ):  # an interrupt, too, must not leave a server held that nobody has; told on as it is
            hold.close()
            raise
    return cluster


def place_for(home: Path, *, user: ServerUser) -> Path:
    """`<home>/database`, or a folder of the system's where the server's user cannot come that far."""
    home = home.absolute()
    if user.uid is None or can_enter(_nearest_existing(home.parent)):
        return home / "database"
    return SYSTEM_STATE / sha256(str(home).encode()).hexdigest()[:12]


def _nearest_existing(folder: Path) -> Path:
    return next(step for step in (folder, *folder.parents) if step.exists())


def _refuse_long_socket_path(folder: Path) -> None:
    length = len(os.fsencode(folder / "run" / f".s.PGSQL.{PORT}"))
    if length > SOCKET_PATH_MOST:
        raise BadInput(
            f"the path {str(folder)!r} is too long for a socket ({length} of {SOCKET_PATH_MOST} bytes)",
            fix="set GATEHOUSE_HOME to a shorter path",
            field="GATEHOUSE_HOME",
        )


def _make_folder(folder: Path, *, user: ServerUser) -> None:
    """The cluster's folder and its own parents that are new; `run` for the socket, which others may enter."""
    try:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        run = folder / "run"
        run.mkdir(mode=0o755, exist_ok=True)
        if user.uid is not None and user.gid is not None:
            for ours in (folder.parent, folder):  # the home itself and below: no parent of it
                if not can_enter(ours):
                    ours.chmod(ours.stat().st_mode | 0o011)
            os.chown(run, user.uid, user.gid)
    except OSError as bad:
        raise BadInput(
            f"the state folder {str(folder)!r} cannot be made: {bad.strerror}",
            fix="set GATEHOUSE_HOME to a folder of yours, on a disk with room",
            field="GATEHOUSE_HOME",
        ) from bad


def _make_data_folder(cluster: Cluster) -> None:
    """Initialise once, all or nothing: under another name, renamed when complete."""
    if cluster.data.exists():
        _refuse_broken(cluster)
        return
    fresh = cluster.data.with_name(cluster.data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    password = secrets.token_urlsafe(32)
    try:
        _write_secret(cluster.folder / "superuser.password", password)
        fresh.mkdir(mode=0o700)
        if cluster.user.uid is not None and cluster.user.gid is not None:
            os.chown(fresh, cluster.user.uid, cluster.user.gid)
        _initdb(cluster, fresh, password)
        fresh.rename(cluster.data)
    except OSError as bad:
        raise _explained(str(bad), folder=cluster.data, log=cluster.log) from bad


def _initdb(cluster: Cluster, fresh: Path, password: str) -> None:
    user = cluster.user
    as_user: dict[str, Any] = (
        {"user": user.uid, "group": user.gid, "extra_groups": []} if user.uid is not None else {}
    )
    with tempfile.TemporaryDirectory(dir=cluster.folder / "run") as private:
        password_file = Path(private) / "password"
        _write_secret(password_file, password)
        if user.uid is not None and user.gid is not None:
            os.chown(private, user.uid, user.gid)
            os.chown(password_file, user.uid, user.gid)
        done = subprocess.run(
            [
                cluster.binaries.program("initdb"),
                f"--pgdata={fresh}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--locale=C.UTF-8",
                "--encoding=UTF8",
                "--data-checksums",
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=cluster.folder,
            env={"PATH": os.defpath, "TZ": "UTC"},
            **as_user,
        )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        wrong = [line for line in done.stderr.splitlines() if "error:" in line or "FATAL" in line]
        reason = wrong[-1] if wrong else f"initdb ended with {done.returncode}: {done.stderr.strip()[-200:]}"
        raise _explained(reason, folder=cluster.data, log=cluster.log)


def _refuse_broken(cluster: Cluster) -> None:
    version = cluster.data / "PG_VERSION"
    found = version.read_text().strip() if version.exists() else None
    if found != str(cluster.binaries.major) or not (cluster.folder / "superuser.password").exists():
        raise _broken(cluster.data, "its version file or password is missing or wrong")


def _explained(reason: str, *, folder: Path, log: Path) -> GatehouseError:
    """One line for a person: what stopped the server, and what would mend it."""
    if "No space left" in reason or "Disk quota" in reason:
        return WorldFailed(
            f"the disk that holds {str(folder)!r} is full",
            fix="free some space (about 200 MB at the first start) and start again",
        )
    broken = (
        "could not open file",
        "could not access",
        "could not find",
        "invalid",
        "corrupt",
        "could not locate",
        "not a database",
        "missing",
        "PANIC",
    )
    if any(word in reason for word in broken):
        return _broken(folder, reason)
    return WorldFailed(f"the embedded PostgreSQL did not start: {reason}", fix=f"see {log}")


def _broken(folder: Path, why: str) -> IntegrityLost:
    return IntegrityLost(
        f"the data folder {str(folder)!r} is broken: {why}",
        fix="restore it from a backup, or move it away to start with an empty one",
    )


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _hold_on(lock: Path) -> IO[str]:
    """A shared lock that the kernel keeps for as long as this process lives."""
    file = lock.open("a")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _is_last(hold: IO[str]) -> bool:
    """Whether no other process holds it. Taking it alone is the only way to ask the kernel."""
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(lock: Path) -> bool:
    with lock.open("a") as file:
        return not _is_last(file)


def _wait_for(ready: Callable[[], bool], within: timedelta) -> None:
    deadline_ns = WallClock().monotonic_ns() + within // timedelta(microseconds=1) * 1000
    while not ready() and WallClock().monotonic_ns() < deadline_ns:
        Event().wait(LOOKS_EVERY.total_seconds())
