"""Halts over HTTP, with real processes: one person stops, another resumes, whom it concerns sees it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.halts.scope import KINDS
from tests.core.halts.test_law_of_halts_db import alert
from tests.fixtures.firm import Firm
from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens.client import Client, Problem

MARIA, DAVID, ROBERT, SUSAN, NGOZI, ELENA, HANNAH = (
    *("maria.alvarez", "david.nakamura", "robert.hensley", "susan.feldman"),
    *("ngozi.adeyemi", "elena.petrova", "hannah.lindqvist"),
)


def key() -> str:
    return f"key-{os.urandom(6).hex()}"


def refused(call: Any, *words: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(Problem) as no:
        call(*words, **named)
    return no.value.status, no.value.code


def scopes(client: Client) -> list[str]:
    return [one["scope"] for one in client.halts()["halts"]]


@pytest.fixture(autouse=True)
def nothing_stays_halted(office: Office) -> Iterator[None]:
    """The office is everybody's: what a test stopped is resumed, by whoever may."""
    yield
    for scope in set(scopes(office.of(NGOZI))):
        for login in (NGOZI, ELENA, SUSAN, ROBERT):
            try:
                office.of(login).resume(scope)
                break
            except Problem:
                continue
    assert scopes(office.of(NGOZI)) == []


def test_one_person_stops_it_and_another_resumes(office: Office) -> None:
    said = office.of(ROBERT).halt("all", "the feed looks odd", key=key())
    assert said["workers"] == 1
    assert said["silent_workers"] == []
    assert said["says"] == "Trading is stopped for everything. No further order leaves"
    (one,) = office.of(MARIA).halts()["halts"]
    assert (one["scope"], one["says"], one["by_name"]) == ("all", "everything", "Robert Hensley")
    assert one["reason"] == "the feed looks odd"
    assert refused(office.of(ROBERT).resume, "all") == (403, "halted_by_you")
    assert refused(office.of(MARIA).resume, "all") == (403, "may_not_resume")
    assert office.of(SUSAN).resume("all")["seq"] > said["seq"]
    assert office.of(MARIA).halts()["halts"] == []
    assert refused(office.of(SUSAN).resume, "all") == (404, "not_found")


def test_a_second_click_is_the_same_halt_and_after_it_was_resumed_none(office: Office) -> None:
    same = key()
    first = office.of(ROBERT).halt("symbol:AAPL", None, key=same)
    again = office.of(ROBERT).halt("symbol:AAPL", None, key=same)
    assert (again["halt"], again["repeated"]) == (first["halt"], True)
    assert refused(office.of(ROBERT).halt, "symbol:AAPL", None, key=key()) == (409, "halted_before")
    office.of(SUSAN).resume("symbol:AAPL")
    assert refused(office.of(ROBERT).halt, "symbol:AAPL", None, key=same) == (409, "conflict")


def test_an_advisor_stops_what_is_hers_and_others_do_not_see_it(office: Office) -> None:
    office.of(MARIA).halt("household:hh-101", "she called", key=key())
    assert scopes(office.of(MARIA)) == ["household:hh-101"]
    assert scopes(office.of(DAVID)) == []
    assert scopes(office.of(ROBERT)) == ["household:hh-101"]
    assert refused(office.of(MARIA).halt, "all", None, key=key()) == (403, "may_not_halt")
    assert refused(office.of(HANNAH).halt, "all", None, key=key()) == (403, "may_not_halt")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_scope_can_be_stopped(office: Office, kind: str) -> None:
    account = office.of(MARIA).household("hh-101")["accounts"][0]["account"]
    named = {
        "venue": "ARCADIA",
        "account": account,
        "household": "hh-101",
        "advisor": "adv-1",
        "agent": "proposal",
        "tool": "propose_order",
        "strategy": "momentum",
        "symbol": "AAPL",
    }[kind]
    office.of(NGOZI).halt(f"{kind}:{named}", None, key=key())
    assert scopes(office.of(NGOZI)) == [f"{kind}:{named}"]


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        *[
            (scope, 422)
            for scope in ("", "ALL", "planet:mars", "venue:", "agent:nobody", "tool:rm", "x" * 99)
        ],
        *[(scope, 404) for scope in ("venue:NOWHERE", "account:acc-0", "symbol:NOPE")],
    ],
)
def test_what_is_not_there_is_refused_by_its_field(office: Office, scope: str, status: int) -> None:
    with pytest.raises(Problem) as no:
        office.of(NGOZI).halt(scope, None, key=key())
    assert no.value.status == status
    assert scopes(office.of(NGOZI)) == []


def one_assessed(office: Office) -> Any:
    """A rebalance of the first household of her worklist that nothing else is under way for."""
    for need in office.of(MARIA).worklist():
        proposal = office.assessed(MARIA, need["household"])
        if proposal["status"] == "ASSESSED":
            return proposal
    raise AssertionError("none of her households can be rebalanced now")


def test_under_a_halt_decisions_are_told_early_and_nothing_is_lost(office: Office) -> None:
    proposal = one_assessed(office)
    reasons = {f["policy"]: "it fits" for f in proposal["findings"] if f["result"] == "finding"}
    body = {"digest": proposal["digest"], "reasons": reasons}
    office.of(NGOZI).halt(f"household:{proposal['household']}", None, key=key())
    with pytest.raises(Problem) as no:
        office.of(MARIA).decide(proposal["proposal"], "submit", body)
    assert f"trading is stopped for household {proposal['household']}" in no.value.says
    assert "another person resumes" in no.value.fix
    office.of(ELENA).resume(f"household:{proposal['household']}")
    office.of(MARIA).decide(proposal["proposal"], "submit", body)
    office.of(MARIA).decide(proposal["proposal"], "withdraw", {})


def test_the_answer_names_what_is_out_and_what_is_due(office: Office) -> None:
    left = office.of(NGOZI).halt("all", None, key=key())["left"]
    assert left == office.of(NGOZI).left_in("all")
    seen = office.of(MARIA).left_in("all")
    assert {due["account"] for due in seen["cash_due"]} <= {due["account"] for due in left["cash_due"]}
    assert all(due["what"] in {"withdrawal", "fee"} for due in left["cash_due"])


def test_an_alert_is_seen_and_acknowledged_once(office: Office) -> None:
    firm = Firm(office.database, office_keys(office))
    name = alert(firm, "venue:ARCADIA", venue="ARCADIA", order="gh-1", kind="venue_contradicts")
    firm.close()
    (one,) = [a for a in office.of(ROBERT).halts()["alerts"] if a["alert"] == name]
    assert one["says"] == "ARCADIA contradicts itself about order gh-1"
    assert one["scope"] == "venue:ARCADIA"
    assert refused(office.of(MARIA).acknowledge, name) == (403, "may_not_halt")
    office.of(ROBERT).acknowledge(name)
    assert [a for a in office.of(ROBERT).halts()["alerts"] if a["alert"] == name] == []
    assert refused(office.of(ROBERT).acknowledge, name) == (409, "alert_answered")


def office_keys(office: Office) -> Path:
    return Path(office.env["GATEHOUSE_KEYSTORE"])


def test_a_reason_is_nowhere_in_clear(office: Office) -> None:
    word = f"odd-{os.urandom(4).hex()}"
    office.of(ROBERT).halt("symbol:KO", word, key=key())
    folder = office_keys(office).parent / "home" / "halts"
    until(lambda: (folder / "halts").read_bytes(), lambda raw: b"symbol:KO" in raw)
    assert word.encode() not in (folder / "halts").read_bytes()
    assert json.dumps(office.of(NGOZI).entries(type="TradingHalted")).count(word) == 0
