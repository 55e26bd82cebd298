"""Held e-mails over HTTP, from the copilot's draft to a principal's review; who governs the agents."""

from __future__ import annotations

import pytest

from tests.fixtures.office import Office
from tests.ui.as_the_copilot import drafts_email
from ui.screens.client import Problem

MARIA, DAVID, ROBERT, NGOZI = "maria.alvarez", "david.nakamura", "robert.hensley", "ngozi.adeyemi"


@pytest.fixture(scope="module")
def email(office: Office) -> str:
    """One that the copilot drafted for Maria, by its id."""
    return drafts_email(office, MARIA, "hh-101")


def test_from_draft_to_review_each_by_whom_it_must_be_and_nothing_is_sent(office: Office, email: str) -> None:
    maria, robert = office.of(MARIA), office.of(ROBERT)
    held = maria.email(email)
    assert (held["status"], held["agent"], held["version"]) == ("HELD", "research", 1)
    assert [one["finding"] for one in held["found"]] == ["name_missing"]
    assert len(held["disclosures"]) == 3
    with pytest.raises(Problem) as no:
        robert.act_on_email(email, "review", {"digest": held["digest"], "comment": None})
    assert no.value.code == "email_not_adopted"
    text = held["text"].replace("[your name and the firm's name]", "Maria Alvarez, the firm")
    body = {"seen": held["digest"], "subject": held["subject"], "text": text}
    with pytest.raises(Problem) as no:
        office.of(DAVID).act_on_email(email, "adopt", body)
    assert no.value.status == 404, "it is not in his book"
    first = maria.act_on_email(email, "adopt", body)
    again = maria.act_on_email(email, "adopt", body)
    assert (again["seq"], again["repeated"]) == (first["seq"], True)
    adopted = robert.email(email)
    assert (adopted["status"], adopted["found"]) == ("ADOPTED", [])
    with pytest.raises(Problem) as no:
        maria.act_on_email(email, "review", {"digest": adopted["digest"], "comment": None})
    assert (no.value.status, no.value.code) == (403, "own_email")
    with pytest.raises(Problem) as no:
        office.of(NGOZI).act_on_email(email, "review", {"digest": adopted["digest"], "comment": None})
    assert (no.value.status, no.value.code) == (403, "not_a_principal")
    with pytest.raises(Problem) as no:
        robert.act_on_email(email, "review", {"digest": held["digest"], "comment": None})
    assert no.value.code == "email_changed"
    robert.act_on_email(email, "review", {"digest": adopted["digest"], "comment": None})
    done = maria.email(email)
    assert (done["status"], done["decided_by_name"]) == ("REVIEWED", "Robert Hensley")
    assert [one["email"] for one in maria.emails(status="reviewed")] == [email]
    told = [one["event_type"] for one in maria.trace(done["trace"])]
    assert [kind for kind in told if kind.startswith("Email")] == [
        "EmailDrafted",
        "EmailAdopted",
        "EmailChecked",
        "EmailReviewed",
    ]


def test_a_text_with_a_control_character_or_an_unknown_field_is_refused(office: Office, email: str) -> None:
    maria = office.of(MARIA)
    held = maria.email(email)
    whole = {"seen": held["digest"], "subject": "A", "text": "Some words."}
    for wrong in (
        {"text": "a\x00b"},
        {"text": " "},
        {"to": "a@b.example"},
        {"seen": "x"},
        {"text": "x" * 8_001},
    ):
        with pytest.raises(Problem) as no:
            maria.act_on_email(email, "adopt", {**whole, **wrong})
        assert no.value.status == 422, wrong
    with pytest.raises(Problem) as no:
        maria.email("eml-none")
    assert no.value.status == 404


def test_every_agent_says_who_governs_it_and_whether_a_person_has_stopped_it(office: Office) -> None:
    robert = office.of(ROBERT)
    told = {one["agent"]: one for one in robert.governance()}
    assert {*told} == {"orchestrator", "portfolio", "research", "proposal"}
    assert "draft_email" in told["research"]["tools"]
    assert all(one["stopped"] is None and one["between"] and one["fallback"] for one in told.values())
    robert.halt(told["research"]["scope"], "a test", key="stop-research-1")
    try:
        now = {one["agent"]: one for one in office.of(MARIA).governance()}
        assert now["research"]["stopped"]["by_name"] == "Robert Hensley"
        assert now["portfolio"]["stopped"] is None
    finally:
        office.of(NGOZI).resume(told["research"]["scope"])
    assert {one["agent"]: one for one in robert.governance()}["research"]["stopped"] is None
