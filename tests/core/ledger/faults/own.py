"""A server of a test's own with the founded firm on it, which the test may break in any way.

Rule 1: what is durable in the product is durable here: fsync is on, and a dead server is started again.
Rule 2: the firm is founded once for the run; each test gets a copy of the data folder, made while none runs.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

from core.database.embedded import Cluster, open_cluster
from core.database.logins import AGENT, APPROVER, GATE, INTAKE, OWNER, WITNESS, Logins
from tests.fixtures.firm import TEMPLATE, Firm, founded_once
from tests.fixtures.processes import until
from tests.fixtures.servers import QUICK, Database, TestServer, leave, made, short_folder

SETTINGS: Final[Mapping[str, str]] = {
    "fsync": "on",
    "full_page_writes": "on",
    "min_wal_size": "32MB",  # two segments: a small disk is soon full
    "max_wal_size": "64MB",
    "restart_after_crash": "on",
    "recovery_init_sync_method": "syncfs",  # one call for the fresh copy instead of one a file
}


@dataclass
class OwnServer:
    """`cluster` holds the server up; without it nothing runs but what the test starts."""

    home: Path
    logins: Logins
    cluster: Cluster | None = None
    _firm: Firm | None = field(default=None, repr=False)
    _tickets: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def data(self) -> Path:
        return self.home / "database" / "pg18"

    @property
    def superuser(self) -> str:
        return make_conninfo(
            "",
            host=self.logins.host,
            port=self.logins.port,
            user="postgres",
            password=(self.home / "database" / "superuser.password").read_text(),
            dbname=TEMPLATE,
            connect_timeout=5,
        )

    @property
    def firm(self) -> Firm:
        """The firm by fresh connections after every start; its tickets stay good."""
        if self._firm is None:
            dsn = {role: self.logins.dsn(role, database=TEMPLATE) for role in ROLES}
            database = Database(
                name=TEMPLATE,
                superuser=self.superuser,
                owner=dsn[OWNER],
                agent=dsn[AGENT],
                intake=dsn[INTAKE],
                approver=dsn[APPROVER],
                gate=dsn[GATE],
                witness=dsn[WITNESS],
            )
            self._firm = Firm(database, self.home / "firm-keys", _tickets=self._tickets)
        return self._firm

    def start(self) -> None:
        """Up and answering; recovered where it was broken."""
        self.forget_connections()
        if self.cluster is None:
            self.cluster = open_cluster(self.home, overrides=SETTINGS)
        else:
            self.cluster.ensure_running()

    def start_again(self) -> None:
        """After the reason why it died has gone, whoever holds it."""
        if self.cluster is not None:
            self.start()
        until(self.answers, bool)
        self.forget_connections()

    def stop(self) -> None:
        """Down, and nobody starts it again."""
        self.forget_connections()
        if self.cluster is not None:
            self.cluster.close()
            self.cluster = None

    def kill(self) -> None:
        """As a power cut of the server alone; the guardian starts it again."""
        os.kill(self.postmaster(), signal.SIGKILL)

    def postmaster(self) -> int:
        """The one that lives: one that was just killed stands in its file until the next one starts."""
        return int(until(self._living, bool))

    def _living(self) -> str | None:
        pid_file = self.data / "postmaster.pid"
        pid = next(iter(pid_file.read_text().split()), "") if pid_file.exists() else ""
        return pid if pid and Path("/proc", pid).exists() else None

    def answers(self) -> bool:
        """Whether it lets somebody in now."""
        try:
            psycopg.connect(self.superuser).close()
        except psycopg.OperationalError:
            return False
        return True

    def forget_connections(self) -> None:
        if self._firm is not None:
            self._firm.close()
            self._firm = None


ROLES: Final = (OWNER, AGENT, INTAKE, APPROVER, GATE, WITNESS)


def founded(home: Path) -> Logins:
    """The firm in a data folder that no server has open when this returns."""
    cluster = open_cluster(
        home, overrides={**QUICK, **{k: SETTINGS[k] for k in ("min_wal_size", "max_wal_size")}}
    )
    try:
        # Not compacted: that fills segments of the log which a small disk is not to have.
        logins = made(cluster, home, compacted=False)
        founded_once(TestServer(home, cluster, logins), home / "firm-keys")
    except BaseException:
        leave(cluster, home)
        raise
    cluster.close()
    return logins


@contextmanager
def copied(template: Path, logins: Logins) -> Iterator[OwnServer]:
    """A copy, started; stopped and removed at the end."""
    home = short_folder()
    subprocess.run(["cp", "-a", f"{template}/.", str(home)], check=True)
    own = OwnServer(home, _moved(logins, home))
    try:
        own.start()
        yield own
    finally:
        own.stop()
        shutil.rmtree(home, ignore_errors=True)


def _moved(logins: Logins, home: Path) -> Logins:
    return Logins(str(home / "database" / "run"), logins.port, logins.database, logins.passwords)
