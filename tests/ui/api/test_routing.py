"""Routing rules and execution quality over HTTP and at the command line, with real processes."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.fixtures.office import Office
from tests.fixtures.processes import until
from tests.ui.api.test_terminal import Terminal
from ui.screens import execution_quality
from ui.screens.client import Problem

MARIA, DAVID, ROBERT, NGOZI = "maria.alvarez", "david.nakamura", "robert.hensley", "ngozi.adeyemi"
HOUSEHOLD: Final = "hh-103"


def filled(office: Office, quantity: str) -> str:
    """An order that went the whole way."""
    maria, robert = office.of(MARIA), office.of(ROBERT)
    account = next(one for one in maria.household(HOUSEHOLD)["accounts"] if one["discretionary"])
    placed = maria.place_order(
        {
            "account_id": account["account"],
            "symbol": "KO",
            "side": "buy",
            "quantity": quantity,
            "order_type": "market",
            "time_in_force": "day",
            "advisor_id": "adv-1",
            "client_order_id": f"c-{os.urandom(6).hex()}",
        }
    )
    assert placed["digest"], [one for one in placed["risk_decisions"] if one["result"] == "breach"]
    robert.decide(placed["proposal_id"], "approve", {"digest": placed["digest"], "reasons": {}})
    until(lambda: maria.order(placed["order_id"]), lambda o: o["status"] == "FILLED")
    return str(placed["order_id"])


def reviewed(told: Any) -> int:
    """Orders in it: other tests of this office have theirs."""
    return sum(one["orders"] for one in told["lines"])


def held(told: Any) -> Any:
    return next(one for one in told["versions"] if one["version"] == told["in_force"])["routing"]


def test_an_order_that_was_executed_has_its_record_and_two_people_change_what_decides(
    office: Office, tmp_path: Path
) -> None:
    maria, ngozi, robert = office.of(MARIA), office.of(NGOZI), office.of(ROBERT)
    before = reviewed(ngozi.execution_review("2022-Q4"))
    order = filled(office, "3")
    told = maria.execution_quality(order)
    venue, seen = told["choices"][0]["venue"], {one["venue"] for one in told["choices"][0]["venues"]}
    assert {venue, *(one["venue"] for one in told["losers"])} == seen == {"ARCADIA", "BOREAL", "CORTLAND"}
    assert Decimal(told["shortfall"]) == Decimal(told["price_cost"]) + Decimal(told["fees"])
    assert (told["executed"], told["choices"][0]["version"]) == ("3", 0)
    assert f"<strong>{venue}</strong> chosen" in execution_quality.whole(told)
    with pytest.raises(Problem) as no:
        office.of(DAVID).execution_quality(order)
    assert no.value.status == 404

    # What the winner costs more, so that another one wins
    rules = held(robert.routing())
    table = {"taker_per_share": "5", "maker_per_share": "5", "taker_bps": "0", "maker_bps": "0"}
    dear = {**rules, "fees": [{"venue": venue, **table}], "weights": {**rules["weights"], "load_bps": "0.6"}}
    assert order in {one["order"] for one in robert.try_routing(dear, 100)["elsewhere"]}
    with pytest.raises(Problem) as no:
        robert.propose_routing(dear, {}, None)
    assert (no.value.status, no.value.code) == (422, "routing_reason_missing")
    terminal, file = Terminal(office, tmp_path / "robert"), tmp_path / "routing.json"
    file.write_text(json.dumps(dear))
    assert terminal.login(ROBERT).returncode == 0
    assert f"{venue} ->" in terminal.run("routing", "try", str(file)).stdout
    why = ("--why", "load_bps=Queues were long in November.")
    digest = json.loads(terminal.run("routing", "propose", str(file), *why, "--json").stdout)["digest"]

    # Until another person confirms it, it decides beside; from then on it decides
    (beside,) = maria.execution_quality(filled(office, "4"))["choices"][0]["beside"]
    assert (beside["what"], beside["rules"], beside["differs"]) == ("rules", digest, True)
    assert ngozi.routing()["proposed"]["reasons"] == {"load_bps": "Queues were long in November."}
    with pytest.raises(Problem) as no:
        robert.decide_routing(digest, "confirm")
    assert no.value.code == "same_person"
    ngozi.decide_routing(digest, "confirm")
    told = maria.execution_quality(filled(office, "5"))
    (choice,) = told["choices"]
    assert (choice["version"], choice["rules"]) == (1, digest)
    assert choice["venue"] != venue

    review = ngozi.execution_review("2022-Q4")
    assert reviewed(review) == before + 3
    assert [(one["rules"], one["asked"], one["differed"]) for one in review["shadows"]] == [(digest, 1, 1)]
    assert "no report under 17 CFR 242.605" in review["is_not"]


def test_an_advisor_reads_the_rules_and_sets_none(office: Office) -> None:
    maria = office.of(MARIA)
    rules = held(maria.routing())
    with pytest.raises(Problem) as no:
        maria.propose_routing(rules, {}, None)
    assert (no.value.status, no.value.code) == (403, "may_not_set_routing")
    with pytest.raises(Problem) as no:
        maria.try_routing(rules, 10)
    assert no.value.status == 403


@pytest.mark.parametrize(
    "wrong",
    [{"payment_for_order_flow": "1"}, {"latency_bps": "-1"}, {"trust_after": 0}, {"load_bps": "much"}],
)
def test_what_is_no_set_of_rules_is_refused_by_its_field(office: Office, wrong: dict[str, Any]) -> None:
    robert = office.of(ROBERT)
    rules = held(robert.routing())
    with pytest.raises(Problem) as no:
        robert.propose_routing({**rules, "weights": {**rules["weights"], **wrong}}, {}, None)
    assert no.value.status == 422


@pytest.mark.parametrize("period", ["2022", "2022-Q9", "yesterday"])
def test_a_review_of_no_period_is_refused(office: Office, period: str) -> None:
    with pytest.raises(Problem) as no:
        office.of(NGOZI).execution_review(period)
    assert (no.value.status, no.value.field) == (422, "period")
