"""What every run starts from: a server, and a template database with the demo firm in it, the same each time.

Rule 1: the founding is the product's own, by the owner's login, with time and chance of a seed: the same
    journal on every machine. What it seals is sealed with nobody's key: nothing here opens it.
Rule 2: a run has a clone of its own. Nothing outlives the command.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from core.clock import SetClock
from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import AGENT, APPROVER, GATE, INTAKE, OWNER, WITNESS, Logins
from core.database.migrate import found as migrations
from core.database.migrate import migrate
from core.database.pools import async_pool, connect
from core.fact import Sealed
from core.firm.demo import SEED, founding
from core.ids import SubjectId, TraceId, random_bytes
from core.ledger.journal import Journal
from core.projections.follow import Follower
from evals.simulate.chance import Chance
from evals.simulate.loop import EPOCH
from evals.simulate.readied import readied
from evals.simulate.server import stamp

ROOT: Final = Path(__file__).resolve().parents[2]
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
TEMPLATE: Final = "simulation"
PAGE: Final = 100
TRACE: Final = TraceId("5" * 32)
# Its databases live for seconds, and end with the machine at the latest.
QUICK: Final = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Ground:
    """`home` is for files of runs; the server's processes may enter it. `template` is cloned for each."""

    home: Path
    superuser: str  # the address of the database `postgres`
    logins: Logins
    template: str

    @property
    def time_file(self) -> Path:
        """What the template's law reads the time from. One run at a time."""
        return self.home / "time"

    @contextmanager
    def clone(self, name: str) -> Iterator[str]:
        """A database of that name, for as long as this is open."""
        named, roles = sql.Identifier(name), (OWNER, AGENT, INTAKE, APPROVER, GATE, WITNESS)
        make = sql.SQL("create database {} template {} owner {} strategy file_copy")
        drop = sql.SQL("drop database if exists {} with (force)").format(named)
        with psycopg.connect(self.superuser, autocommit=True) as admin:
            admin.execute(drop)  # of a run that was killed
            admin.execute(make.format(named, sql.Identifier(self.template), sql.Identifier(OWNER)))
            granted = sql.SQL(", ").join(map(sql.Identifier, roles))
            admin.execute(sql.SQL("grant connect on database {} to {}").format(named, granted))
            try:
                yield name
            finally:
                admin.execute(drop)


@contextmanager
def made() -> Iterator[Ground]:
    """A server of its own, with the template."""
    with ExitStack() as stack:
        memory = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
        home = Path(tempfile.mkdtemp(prefix="gh-sim-", dir=memory))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        home.chmod(0o711)  # the server's own user enters
        cluster = stack.enter_context(open_cluster(home / "server", overrides=QUICK))
        admin = cluster.superuser_dsn(TEMPLATE)
        logins = bootstrap(admin, kept=None, new_passwords=True, whole_server=True)
        migrate(logins.dsn(OWNER), migrations(ROOT))
        with connect(admin, name="simulation") as superuser:  # who dies may be counted for a moment longer
            superuser.execute(f"alter role {GATE} connection limit -1".encode())
        ground = Ground(home, cluster.superuser_dsn("postgres"), logins, TEMPLATE)
        ready(ground, admin)
        yield ground


def ready(ground: Ground, admin: str, *, founded: bool = False) -> None:
    """Make a migrated database the template: with the simulation's time and chance, and the firm."""
    ground.time_file.write_bytes(stamp(EPOCH))
    ground.time_file.chmod(0o644)
    with connect(admin, name="simulation") as superuser:
        readied(superuser, ground.time_file)
        if not founded:
            asyncio.run(_founded(ground.logins.dsn(OWNER), ground.logins.dsn(GATE)))
        superuser.execute("analyze")


async def _founded(owner: str, gate: str) -> None:
    """Found the firm and fold it, so that no run begins with a long fold."""
    chance = Chance(SEED, "founding")
    random_bytes.set(chance.bytes)
    clock = SetClock(EPOCH)
    async with async_pool(owner, name="founding", most=1) as pool, Journal(pool, clock) as journal:
        page = []
        for entry in founding(SEED, _sealed, TRACE):
            page.append(entry)
            if len(page) == PAGE:
                await journal.record(*page)
                page = []
        await journal.record(*page)
    async with async_pool(gate, name="founding", most=2) as pool:
        await Follower(pool, snapshot_every=1).catch_up()


def _sealed(subject: SubjectId, field: str, text: str) -> Sealed:
    return Sealed(
        subject=subject, key=1, sealed=b64encode(sha256(f"{field}/{text}".encode()).digest()).decode()
    )
