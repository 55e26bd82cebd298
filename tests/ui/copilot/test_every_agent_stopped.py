"""With every agent stopped the product serves people, over HTTP; and the copilot says what to use instead."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from agents.governance import TABLE
from tests.fixtures.office import Office
from tests.fixtures.processes import until
from tests.ui.api.test_placing import order, post, ticket, value
from tests.ui.copilot.desk_line import MARIA, DeskLine, answer, desk_line

ROBERT, NGOZI, ELENA = "robert.hensley", "ngozi.adeyemi", "elena.petrova"
pytestmark = pytest.mark.database


@pytest.fixture
def all_stopped(office: Office) -> Iterator[Office]:
    """Every agent of the table; what was stopped is resumed by another person."""
    for row in TABLE.values():
        office.of(NGOZI).halt(row.halt, "a model answers oddly", key=f"key-{os.urandom(6).hex()}")
    yield office
    for row in TABLE.values():
        office.of(ELENA).resume(row.halt)
    assert office.of(NGOZI).halts()["halts"] == []


def test_people_submit_approve_cancel_and_read(all_stopped: Office) -> None:
    maria, robert = all_stopped.of(MARIA), all_stopped.of(ROBERT)
    assert maria.worklist()
    assert maria.household("hh-103")["accounts"]
    ask = value(all_stopped, "select min(ask) from gatehouse.quote where symbol = 'AAPL'")
    body = order(all_stopped, order_type="limit", limit_price=f"{float(ask) * 0.99:.2f}", quantity="11")
    placed = post(all_stopped, ticket(all_stopped, MARIA), body).json()
    assert (placed["status"], placed["waits_for"]) == ("HELD", "principal"), placed
    robert.decide(placed["proposal_id"], "approve", {"digest": placed["digest"]})
    until(lambda: maria.order(placed["order_id"])["status"], lambda status: status == "ACCEPTED")
    maria.cancel_order(placed["order_id"])
    until(lambda: maria.order(placed["order_id"])["status"], lambda status: status == "CANCELLED")


def test_the_copilot_says_so_and_asks_no_model(
    all_stopped: Office, tmp_path_factory: pytest.TempPathFactory
) -> None:
    line: DeskLine
    with desk_line(all_stopped, tmp_path_factory.mktemp("stopped")) as line:
        heard = line.said("Rebalance the household hh-101")
        assert TABLE["orchestrator"].fallback.says in answer(heard)
        assert "token" not in {event.name for event in heard}
