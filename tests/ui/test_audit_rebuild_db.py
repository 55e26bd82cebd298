"""`audit rebuild` as a person types it."""

from __future__ import annotations

from core.worker.duties import AT_WORK
from tests.core.book.test_follower_db import stored
from tests.ui.test_audit_commands_db import Place, place

__all__ = ["place"]

TAMPERING = "update gatehouse.cash set settled = settled + 1 where account = %s"


def test_what_was_compared_is_counted_and_nothing_differs(place: Place) -> None:
    found = place.json("rebuild", "--compare")
    assert (found["ok"], found["different"], found["differences"]) == (True, 0, [])
    assert (
        found["entries"]
        == found["rows_at"]
        == place.firm.value("superuser", "select seq from gatehouse.head")
    )
    assert found["rows"]["lot"] == place.firm.value("superuser", "select count(*) from gatehouse.lot")


def test_a_changed_row_is_named_and_a_rebuild_mends_it(place: Place) -> None:
    before = stored(place.firm)
    account = place.firm.value("superuser", "select min(account) from gatehouse.cash")
    place.firm.ask("superuser", TAMPERING, account)
    said = place.run("rebuild", "--compare", code=5)
    assert f"cash {account}: settled is " in said
    assert place.json("rebuild")["rebuilt_to"] > 0
    assert stored(place.firm) == before
    assert place.json("rebuild", "--compare")["snapshots"] == 1


def test_a_rebuild_waits_for_no_worker(place: Place) -> None:
    place.firm.ask("superuser", "select pg_advisory_lock(%s)", AT_WORK)
    assert "a worker is at work" in place.run("rebuild", code=1)
