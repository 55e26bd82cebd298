"""Reconciliation with real processes: a custodian that errs is found out, taken on, and cleared by itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.settings import custodian_key
from tests.fixtures.custodians import KEYS, CustodianProcess
from tests.fixtures.office import Office
from tests.fixtures.processes import until
from tests.fixtures.venues import CLEARING, KEY
from ui.screens.client import Problem

MARIA, ELENA = "maria.alvarez", "elena.petrova"
NAME = "cus-harbor"


@pytest.fixture
def keepers(office: Office) -> CustodianProcess:
    assert office.keepers is not None
    return office.keepers


def test_a_custodian_that_errs_is_found_out_taken_on_and_cleared_by_itself(
    office: Office, keepers: CustodianProcess
) -> None:
    client = office.of(ELENA)
    first = client.reconcile()
    assert first["finished"]
    assert {one["party"] for one in first["run"]["compared"]} >= {
        "custodian:cus-harbor",
        "custodian:cus-meridian",
    }
    assert first["run"]["unread"] == []
    assert of_positions(first) == []
    assert first["counts"]["position"] > 500
    assert first["counts"]["custodians"] == 2
    held = next(
        line for line in keepers.ledger(NAME) if line["kind"] == "transfer" and line["symbol"] != "cash"
    )
    place = f"{held['account']}/{held['symbol']}"
    try:
        keepers.tell(NAME, faults={"positions": {place: "-1"}})
        wrong = client.reconcile()
        (one,) = of_positions(wrong)
        assert (one["key"], one["owner"], one["taken_by"]) == (place, "operations", None)
        assert not wrong["ok"]
        client.take_difference(one["difference"])
        assert of_positions(client.reconciliation())[0]["taken_by"] is not None
        keepers.kill()
        silent = client.reconcile()
        assert silent["run"]["unread"] == ["custodian:cus-harbor", "custodian:cus-meridian"]
        assert silent["counts"]["unread"] == 2
        assert not silent["ok"]
        assert len(of_positions(silent)) == 1  # silence clears nothing
        keepers.start()
        again = client.reconcile()
        assert again["run"]["unread"] == []
        assert len(of_positions(again)) == 1  # it remembers what it was told
    finally:
        if keepers.process is None:
            keepers.start()
        keepers.tell(NAME, faults={"positions": {}})
    assert until(lambda: of_positions(client.reconcile()), lambda found: not found) == []


def test_each_custodian_answers_its_own_key_alone_and_reads_no_order(
    office: Office, keepers: CustodianProcess
) -> None:
    asked = "statement?session=2022-12-29"
    for key in ("another", KEYS[custodian_key("cus-meridian")], CLEARING):
        assert keepers.ask(NAME, asked, key=key).status_code == 401
    assert keepers.ask(NAME, "statement?session=today").status_code == 400
    assert keepers.ask(NAME, "orders", quantity="1").status_code == 400
    venue = next(iter(keepers.venues.values()))

    def at_the_venue(verb: str, path: str, key: str) -> int:
        bearer = {"authorization": f"Bearer {key}"}
        return httpx.request(verb, venue + path, headers=bearer, trust_env=False).status_code

    assert at_the_venue("GET", "/clearing?after=0", CLEARING) == 200
    assert at_the_venue("GET", "/clearing?after=0", KEY) == 401
    for verb, path in (
        ("POST", "/orders"),
        ("GET", "/reports"),
        ("DELETE", "/orders/gh-1"),
        ("POST", "/simulation"),
    ):
        assert at_the_venue(verb, path, CLEARING) == 401


def of_positions(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in told["differences"] if one["kind"] == "position"]


def test_whoever_advises_reads_and_does_not_ask(office: Office) -> None:
    assert office.of(MARIA).reconciliation()["finished"] in (True, False)
    with pytest.raises(Problem) as no:
        office.of(MARIA).reconcile()
    assert (no.value.status, no.value.code) == (403, "not_operations")
