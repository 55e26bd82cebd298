"""A batch over HTTP, with real processes: assembled, submitted, approved and released, or turned down."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens.client import Problem

PRIYA, ROBERT = "priya.raman", "robert.hensley"


def key() -> str:
    return f"key-{os.urandom(6).hex()}"


def ready(office: Office, count: int) -> list[Any]:
    """Assessed proposals of hers that need neither a reason nor a consent."""
    found: list[Any] = []
    for need in office.of(PRIYA).worklist():
        if need["household"] in {p["household"] for p in office.of(PRIYA).proposals(status="submitted")}:
            continue
        one = office.assessed(PRIYA, need["household"])
        if one["status"] == "ASSESSED" and not one["found"] and not one["needs_consent"]:
            found.append(one)
        if len(found) == count:
            return found
    raise AssertionError(f"only {len(found)} can be put together")


def test_many_proposals_are_decided_as_one_and_each_is_released(office: Office) -> None:
    priya, robert = office.of(PRIYA), office.of(ROBERT)
    rows = ready(office, 2)
    named, ids = key(), [row["proposal"] for row in rows]
    made = priya.assemble_batch(ids, key=named)
    assert priya.assemble_batch(ids, key=named) == {**made, "repeated": True}
    with pytest.raises(Problem) as no:
        priya.decide_batch(made["batch"], "submit", {"digest": "0" * 64, "reasons": {}})
    assert (no.value.status, no.value.code) == (409, "digest_mismatch")
    told = priya.decide_batch(made["batch"], "submit", {"digest": made["digest"], "reasons": {}})
    assert told["status"] == "SUBMITTED"
    again = priya.decide_batch(made["batch"], "submit", {"digest": made["digest"], "reasons": {}})
    assert (again["repeated"], again["seq"]) == (True, told["seq"])
    with pytest.raises(Problem) as no:
        robert.decide(ids[0], "approve", {"digest": rows[0]["digest"], "reasons": {}})
    assert (no.value.status, no.value.code) == (409, "batch_decides")
    seen = robert.batch(made["batch"])
    assert [row["proposal"] for row in seen["rows"]] == sorted(ids)
    assert seen["digest"] == made["digest"]
    decided = robert.decide_batch(made["batch"], "approve", {"digest": made["digest"], "reasons": {}})
    assert decided["status"] == "APPROVED"
    for proposal in ids:
        out = until(lambda: priya.proposal(proposal), lambda p: p["status"] == "RELEASED")  # noqa: B023
        assert out["approved_by"] == [robert.me()["person"]]


def test_a_batch_is_turned_down_with_one_word_for_every_row(office: Office) -> None:
    priya, robert = office.of(PRIYA), office.of(ROBERT)
    rows = ready(office, 2)
    made = priya.assemble_batch([row["proposal"] for row in rows], key=key())
    priya.decide_batch(made["batch"], "submit", {"digest": made["digest"], "reasons": {}})
    with pytest.raises(Problem) as no:
        priya.decide_batch(made["batch"], "return", {"digest": made["digest"], "words": "no"})
    assert (no.value.status, no.value.code) == (403, "not_a_principal")
    body = {"digest": made["digest"], "words": "leave the bonds"}
    assert robert.decide_batch(made["batch"], "return", body)["status"] == "RETURNED"
    for row in rows:
        assert priya.proposal(row["proposal"])["closing"] == "leave the bonds"


def test_what_cannot_be_a_batch_is_refused_by_its_field(office: Office) -> None:
    for proposals in ([], ["prp-1"], ["prp-1", "prp-1"]):
        with pytest.raises(Problem) as no:
            office.of(PRIYA).assemble_batch(proposals, key=key())
        assert (no.value.status, no.value.field) == (422, "proposals")
    with pytest.raises(Problem) as no:
        office.of(PRIYA).assemble_batch(["prp-1", "prp-2"], key=key())
    assert no.value.status == 404
    with pytest.raises(Problem) as no:
        office.of(PRIYA).batch("bat-nothing")
    assert no.value.status == 404
