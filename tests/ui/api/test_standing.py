"""Standing approvals over HTTP, with real processes: two people adopt one, the worker draws, one revokes."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens.client import Problem

MARIA, ROBERT, SUSAN, NGOZI = "maria.alvarez", "robert.hensley", "susan.feldman", "ngozi.adeyemi"
HOUSEHOLD = "hh-111"
TERMS = {
    "kind": "rebalance",
    "households": [HOUSEHOLD],
    "dollars_each": "50000",
    "dollars_a_day": "50000",
    "dollars_in_all": "50000",
    "proposals_a_day": 1,
    "valid_from": "2022-12-29",
    "valid_until": "2022-12-30",
}


def key() -> str:
    return f"key-{os.urandom(6).hex()}"


def offered(office: Office, **changed: Any) -> Any:
    return office.of(ROBERT).propose_standing({**TERMS, **changed}, key=key())


def test_an_advisor_submits_and_what_two_people_adopted_lets_it_out(office: Office) -> None:
    robert, ngozi, maria = office.of(ROBERT), office.of(NGOZI), office.of(MARIA)
    named = key()
    given = robert.propose_standing(TERMS, key=named)
    assert robert.propose_standing(TERMS, key=named) == {**given, "repeated": True}
    with pytest.raises(Problem) as no:
        robert.decide_standing(given["standing"], "confirm", {"digest": given["digest"]})
    assert (no.value.status, no.value.code) == (403, "same_person")
    with pytest.raises(Problem) as no:
        ngozi.decide_standing(given["standing"], "confirm", {"digest": "0" * 64})
    assert (no.value.status, no.value.code) == (409, "digest_mismatch")
    assert (
        ngozi.decide_standing(given["standing"], "confirm", {"digest": given["digest"]})["status"]
        == "CONFIRMED"
    )
    proposal = office.assessed(MARIA, HOUSEHOLD)
    (told,) = [f for f in proposal["findings"] if f["policy"] == "standing_bounds"]
    assert given["standing"] in told["says"]
    maria.decide(proposal["proposal"], "submit", {"digest": proposal["digest"], "reasons": {}})
    out = until(lambda: maria.proposal(proposal["proposal"]), lambda p: p["status"] == "RELEASED")
    assert (out["drawn_on"], out["approved_by"]) == (given["standing"], [])
    one = office.of(SUSAN).standing_one(given["standing"])
    assert (one["drawn_today"], one["drawn"], one["overdue"]) == (1, 1, False)
    (day,) = one["days"]
    assert [draw["proposal"] for draw in day["draws"]] == [proposal["proposal"]]
    path = f"days/{day['session']}/review"
    with pytest.raises(Problem) as no:  # the day is not over
        office.of(SUSAN).decide_standing(given["standing"], path, {"digest": day["digest"]})
    assert (no.value.status, no.value.code) == (409, "not_yet")
    assert robert.decide_standing(given["standing"], "revoke", None)["status"] == "REVOKED"
    assert maria.standing() == []  # it names a household, and not her
    with pytest.raises(Problem) as no:
        maria.standing_one(given["standing"])
    assert no.value.status == 404


def test_what_no_bound_holds_is_refused_by_its_field_or_its_code(office: Office) -> None:
    fields: tuple[tuple[dict[str, Any], str], ...] = (
        ({"dollars_each": 5}, "dollars_each"),
        ({"dollars_each": "0"}, "dollars_each"),
        ({"proposals_a_day": 0}, "proposals_a_day"),
        ({"kind": "transfer"}, "kind"),
        ({"valid_until": "soon"}, "valid_until"),
        ({"tier": 2}, "tier"),
    )
    for changed, field in fields:
        with pytest.raises(Problem) as no:
            offered(office, **changed)
        assert (no.value.status, no.value.field) == (422, field)
    codes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"dollars_each": "50000.01"}, "terms_out_of_bounds"),
        ({"households": []}, "terms_out_of_bounds"),
        ({"valid_until": "2023-03-30"}, "terms_out_of_bounds"),
    )
    for changed, code in codes:
        with pytest.raises(Problem) as no:
            offered(office, **changed)
        assert (no.value.status, no.value.code) == (422, code)
    with pytest.raises(Problem) as no:
        office.of(MARIA).propose_standing(TERMS, key=key())
    assert (no.value.status, no.value.code) == (403, "not_a_principal")
