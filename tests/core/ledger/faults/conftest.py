"""A founded firm on a server that the test may break, and the ways to break it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database import logins as kept
from tests.core.ledger.faults.own import OwnServer, copied, founded
from tests.fixtures.servers import short_folder


@pytest.fixture(scope="session")
def founded_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A stopped server's home, with the founded firm. Made by whoever asks first."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    home = shared / "own-server"
    with (shared / "own-server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            short = short_folder()
            founded(short)
            short.rename(home)  # last: its presence says that it is complete
    return home


@pytest.fixture
def own(founded_home: Path) -> Iterator[OwnServer]:
    """A copy of it on a server of this test's own."""
    logins = kept.load(founded_home)
    assert logins is not None
    with copied(founded_home, logins) as one:
        yield one
