"""A firm of a few accounts in a database, three simulated venues as processes, and released orders as many
as asked.

Rule 1: what people decided stands in the journal as the product would have it, entry for entry and
    chained, and in the law's tables: written as rows at once, since deciding is another bench's work.
Rule 2: from the release on nothing is arranged: workers are the product's own processes, which claim the
    orders, route, send over sockets, and record, on an embedded server with the product's settings.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from core.clock import WallClock
from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import GATE, OWNER, Logins
from core.database.migrate import found, migrate
from core.database.pools import connect
from core.firm.demo import SEED
from core.firm.found import found as found_firm
from core.halts.file import HaltFile
from core.orders.events import Side
from core.orders.released import ReleasedOrder
from core.people.keystore import KeyStore
from core.settings import environment
from evals.bench.decided import AT, content
from evals.bench.instant import order_of
from evals.bench.released import Releasing

ROOT: Final = Path(__file__).resolve().parents[2]
LIMIT: Final = Decimal(500)
NAMES: Final = ("ARCADIA", "BOREAL", "CORTLAND")
TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_s_of(pid: int, *, of_children: bool = False) -> float:
    """Seconds of a process, its start among them, or of those of its children that have ended. One that is
    gone took nothing."""
    fields = _stat(pid)
    first = 13 if of_children else 11
    return sum(map(int, fields[first : first + 2])) / TICKS if fields else 0.0


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return []


class LifecycleWorld:
    """Opened when made; `close` stops everything and removes its folder."""

    def __init__(self, *, faults: Mapping[str, int] | None = None, sockets: bool = True) -> None:
        """`faults`: how its venues misbehave. `sockets`: in sessions that last, or over HTTP."""
        self._sockets = sockets
        self.home = Path(tempfile.mkdtemp(prefix="gh-"))
        self.home.chmod(0o711)  # the server's own user enters
        self._cluster = open_cluster(self.home)
        admin = self._cluster.superuser_dsn("gatehouse")
        self.logins: Logins = bootstrap(admin, kept=None, new_passwords=True, whole_server=True)
        migrate(self.logins.dsn(OWNER), found(ROOT))
        self.superuser = connect(admin, name="bench")
        self._halt_key = secrets.token_hex(32)
        HaltFile(self.home / "halts", bytes.fromhex(self._halt_key), WallClock()).make(())
        self._key = secrets.token_urlsafe(24)
        self._releasing = Releasing(self.superuser, iter(uuid4, None))
        self._made = 0
        self._found_firm()
        self._faults = self.home / "faults.json"
        self._faults.write_text(json.dumps(faults or {}))
        self._venues = [self._venue(name) for name in NAMES]

    def value(self, statement: str) -> Any:
        row = self.superuser.execute(statement.encode()).fetchone()
        return None if row is None else next(iter(row.values()))

    def cpu_s(self) -> Mapping[str, float]:
        """What the processor did so far for the venues together, and for the server's connections that are or
        were: what a backend took is its parent's when it has ended."""
        server = _parent(int(self.value("select pg_backend_pid() as pid")))
        backends = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]
        living = sum(cpu_s_of(pid) for pid in backends if _parent(pid) == server)
        return {
            "venues": sum(cpu_s_of(process.pid) for _, _, process in self._venues),
            "server": living + cpu_s_of(server, of_children=True),
        }

    def release(self, count: int) -> tuple[str, ...]:
        """So many more released orders, their decisions before them. Their ids. For before a worker begins:
        what the server knows of its tables is read anew."""
        released = self.release_now(count, at=AT)
        for table in (
            "journal",
            "stream_head",
            "proposal",
            "leg",
            "claim",
        ):  # or plans are for none
            self.superuser.execute(f"analyze gatehouse.{table}".encode())
        return released

    def release_now(self, count: int, *, at: datetime) -> tuple[str, ...]:
        """As `release`, as of a moment, while workers are at work."""
        orders = [self._order(self._made + number) for number in range(count)]
        self._made += count
        self._releasing.write([(order, content(order)) for order in orders], at=at, approved=True)
        return tuple(order.id for order in orders)

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """One of the product's workers, for as long as this is open."""
        env = {
            **environment(),
            "GATEHOUSE_HOME": str(self.home),
            "GATEHOUSE_HALTS": str(self.home / "halts"),
            "GATEHOUSE_KEYSTORE": str(self.home / "keys"),
            "GATEHOUSE_GATE_DSN": self.logins.dsn(GATE),
            "GATEHOUSE_HALT_KEY": self._halt_key,
            "GATEHOUSE_VENUES": ",".join(f"{name}={url}" for name, url, _ in self._venues),
            **{f"GATEHOUSE_VENUE_KEY_{name}": self._key for name in NAMES},
        }
        with (self.home / f"worker-{uuid4().hex[:6]}.log").open("wb") as log:
            words = [sys.executable, "-m", "ui.cli", "worker"]
            running = subprocess.Popen(words, env=env, stdout=log, stderr=log, cwd=ROOT)
            try:
                yield running
            finally:
                running.terminate()
                running.wait()

    def close(self) -> None:
        for _, _, process in self._venues:
            process.kill()
            process.wait()
        self.superuser.close()
        self._cluster.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _venue(self, name: str) -> tuple[str, str, subprocess.Popen[bytes]]:
        words = ["venue", "serve", "--name", name, "--port", "0", "--pace-ms", "0", "--seed", "7"]
        words += ["--faults", str(self._faults)]
        process = subprocess.Popen(
            [sys.executable, "-m", "ui.cli", *words, "--ledger", str(self.home / f"{name}.jsonl")],
            env={**environment(), f"GATEHOUSE_VENUE_KEY_{name}": self._key},
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        said = process.stdout.readline() if process.stdout is not None else b"{}"
        ports = json.loads(said)
        url = (
            f"tcp://127.0.0.1:{ports['socket_port']}"
            if self._sockets
            else f"http://127.0.0.1:{ports['port']}"
        )
        return name, url, process

    def _order(self, number: int) -> ReleasedOrder:
        """A small purchase that every venue would execute at once."""
        row = self._accounts[number % len(self._accounts)]
        named = {"account": row["account"], "custodian": row["custodian"]}
        return order_of(number, **named, limit=LIMIT, side=Side.BUY)

    def _found_firm(self) -> None:
        """The demo firm, and a household of the bench, whose orders these are. Cash is never short."""
        keys = self.home / "keys"
        keys.mkdir()
        clock = WallClock()
        asyncio.run(found_firm(self.logins.dsn(OWNER), KeyStore(keys), clock, seed=SEED, told=lambda _: None))
        self.superuser.execute("insert into gatehouse.household values ('hh-1', 'adv-1', false)")
        self.superuser.execute("update gatehouse.holding set held = 1e9 where symbol = 'cash'")
        self._accounts = self.superuser.execute(
            "select account, custodian from gatehouse.account order by account"
        ).fetchall()
