"""The law of reconciliation: nobody but the worker finds and clears, and no run hides what stands open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.gate.deal import APPROVER, ELENA, GATE, MARIA
from tests.fixtures.firm import Answer, Firm

DIFFERENCE = "dif-" + "0" * 32


def found(firm: Firm, role: str = GATE, login: str | None = None, **changed: Any) -> Answer:
    said: dict[str, Any] = {
        "difference": DIFFERENCE,
        "party": "custodian:cus-1",
        "kind": "position",
        "key": "acc-1/AAA",
    }
    said |= {"ours": "40", "theirs": "35", "account": None, "order": None, "owner": "operations", **changed}
    item = firm.item("DifferenceFound", f"difference/{said['difference']}", said, login=login)
    return firm.append(role, item)[0]


def finished(firm: Firm, differences: int, run: str = "rec-1", **changed: Any) -> Answer:
    day = firm.value("superuser", "select session::text from gatehouse.market_day")
    kept = firm.ask("superuser", "select distinct custodian from gatehouse.account order by 1")
    unread = [f"custodian:{row['custodian']}" for row in kept]
    said = {"run": run, "why": "day", "session": day, "compared": [], "unread": unread, **changed}
    item = firm.item("ReconciliationFinished", f"reconciliation/{run}", {**said, "differences": differences})
    return firm.append(GATE, item)[0]


def taken(firm: Firm, login: str, **changed: Any) -> Answer:
    person = firm.value("superuser", "select person from gatehouse.person where login = %s", login)
    said = {"difference": DIFFERENCE, "person": person, **changed}
    item = firm.item("DifferenceTaken", f"difference/{DIFFERENCE}", said, login=login)
    return firm.append(APPROVER, item)[0]


def cleared(firm: Firm) -> Answer:
    said = {"difference": DIFFERENCE, "run": "rec-1"}
    return firm.append(GATE, firm.item("DifferenceCleared", f"difference/{DIFFERENCE}", said))[0]


def test_a_difference_stands_open_once_is_taken_and_is_cleared_by_a_comparison(firm: Firm) -> None:
    assert taken(firm, ELENA).code == "no_such_difference"
    assert found(firm).ok
    assert found(firm).code == "difference_open"
    assert finished(firm, 0).code == "reconciliation_misstated"
    assert finished(firm, 1).ok
    assert finished(firm, 1).code == "wrong_stream"  # once
    assert taken(firm, MARIA).code == "not_operations"
    assert taken(firm, ELENA, person="per-other").code == "not_operations"
    assert taken(firm, ELENA).ok
    state = "select taken_by, cleared_seq from gatehouse.difference"
    (row,) = firm.ask("superuser", state)
    assert row["taken_by"] is not None
    assert cleared(firm).ok
    assert cleared(firm).code == "no_such_difference"
    assert finished(firm, 0, "rec-2").ok
    assert found(firm).ok  # it came again


def test_people_ask_for_a_comparison_and_write_none(firm: Firm) -> None:
    def asks(login: str) -> str | None:
        item = firm.item("ReconciliationRequested", "reconciliation/rec-9", {"run": "rec-9"}, login=login)
        return firm.append(APPROVER, item)[0].code

    assert asks(MARIA) == "not_operations"
    assert asks(ELENA) is None
    assert asks(ELENA) == "wrong_stream"
    assert finished(firm, 0, "rec-9", why="asked").ok
    assert found(firm, APPROVER, ELENA).code == "no_right"


def test_no_run_leaves_a_custodian_of_the_firms_out(firm: Firm) -> None:
    kept = firm.ask("superuser", "select distinct custodian from gatehouse.account order by 1")
    first, *rest = (f"custodian:{row['custodian']}" for row in kept)
    others = [{"party": "custodian:another", "kind": "cash", "items": 1}]
    assert finished(firm, 0, unread=rest, compared=others).code == "reconciliation_misstated"
    assert finished(firm, 0, unread=["venue:ARCADIA", *rest]).code == "reconciliation_misstated"
    assert finished(firm, 0, unread=rest, compared=[{"party": first, "kind": "cash", "items": 0}]).ok


@pytest.mark.parametrize("changed", [{"session": "2022-12-28"}])
def test_a_run_is_of_the_business_day_that_stands(firm: Firm, changed: dict[str, Any]) -> None:
    assert finished(firm, 0, **changed).code == "reconciliation_misstated"
