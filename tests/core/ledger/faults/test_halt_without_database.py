"""Trading is stopped while the database is down, and the record takes it in when it is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from core.errors import WorldFailed
from core.halts.file import NAME
from tests.core.gate.deal import SUSAN
from tests.core.halts.test_law_of_halts_db import resume
from tests.core.ledger.faults.own import OwnServer
from tests.core.worker.test_halts_db import local, nothing_leaves, sends, standing
from tests.core.worker.test_worker_db import NAMES, Floor
from tests.fixtures.venues import one_venue
from ui.commands import halt as command

HOUSEHOLDS = ("hh-101", "hh-103", "hh-105")


@pytest.fixture
def floor(own: OwnServer, tmp_path: Path) -> Iterator[Floor]:
    with ExitStack() as stack:
        venues = [stack.enter_context(contextmanager(one_venue)(name, tmp_path)) for name in NAMES]
        yield Floor(own.firm, venues, tmp_path, stack)


def test_with_the_database_stopped_nothing_is_sent_after_the_answer(own: OwnServer, floor: Floor) -> None:
    worker = floor.worker("worker")
    deals = [floor.rebalanced(household) for household in HOUSEHOLDS]
    floor.until(lambda: sends(floor) >= 1, "sent something")
    own.stop()
    said = local(floor, "all", "--reason", "the database is gone")
    sent = sends(floor)
    assert said["silent_workers"] == []
    assert said["on_the_way"] == 0
    ends = time.monotonic() + 2
    while time.monotonic() < ends:
        assert sends(floor) == sent
        time.sleep(0.02)
    # The record comes back, and another worker: it takes the halt in, with the time at which it happened.
    worker.kill()
    worker.wait()
    own.start()
    floor.firm = own.firm
    for deal in deals:
        deal.firm = own.firm
    assert standing(floor.firm) == []
    floor.worker("again")
    floor.until(lambda: standing(floor.firm) == [("all", "machine")], "taken in")
    nothing_leaves(floor)
    assert sends(floor) == sent
    rows = "select h.halted_at < j.recorded_at from gatehouse.halt h join gatehouse.journal j using (seq)"
    assert floor.firm.value("superuser", rows)
    assert resume(floor.firm, "all", SUSAN).ok
    floor.until(lambda: all(floor.over(deal) for deal in deals), "all over")
    floor.nothing_is_lost_or_doubled()
    assert floor.firm.verified().ok


def test_a_local_halt_needs_no_worker_either_and_waits_for_one(own: OwnServer, floor: Floor) -> None:
    own.stop()
    said = local(floor, "venue:ARCADIA")
    assert said["workers"] == 0
    assert "No worker is at work: nothing can leave" in said["says"]
    assert b"venue:ARCADIA" in (floor.folder / "home" / "halts" / NAME).read_bytes()
    own.start()
    floor.firm = own.firm
    floor.worker("worker")
    floor.until(lambda: ("venue:ARCADIA", "machine") in standing(floor.firm), "taken in")
    # It was halted before there was a first file: what else was to be is not known, so a person looks.
    assert ("all", "file") in standing(floor.firm)


def test_who_cannot_read_the_machines_secrets_is_told_who_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_HOME", str(tmp_path))
    monkeypatch.delenv("GATEHOUSE_HALT_KEY", raising=False)
    with pytest.raises(WorldFailed, match="no product in this home"):
        command.halt("all", local=True)
