"""A program drafts and does nothing else: tried with its key and the intake's own login, past every door."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from core.database.logins import APPROVER, INTAKE
from core.firm.people import MARIA
from tests.core.direct.test_direct_orders_db import admit
from tests.core.gate.deal import MARIA as MARIA_LOGIN
from tests.core.gate.deal import Deal
from tests.fixtures.firm import Firm

MACHINE: Final = "mch-test"
DRAFTS: Final = {"ProposalDrafted", "ProposalAssessed", "ProposalDenied", "SignalReceived"}
OWN_STREAM: Final = {"PolicyDenied"}  # what was denied to itself
BY_ROLE: Final = {"CorrectionDrafted"}  # operations' alone
IN_THREAD: Final = {"MessageReceived", "AnswerGiven"}
STATED_IN_THREAD: Final = {
    "PreferenceErased"
}  # by whom stated it, in a conversation, which a program has not
DOCUMENT: Final[dict[str, Any]] = {
    "document": "doc-1",
    "title": "t",
    "source": "s",
    "dated": "2022-12-29",
    "body_digest": "0" * 64,
    "passages": 1,
}
BY_A_PERSON: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "SessionOpened": (f"person/{MACHINE}", {"person": MACHINE}),
    "ThreadOpened": ("thread/th-1", {"thread": "th-1", "household": None}),
    "DocumentStored": ("library/doc-1", DOCUMENT),
}


@pytest.fixture(scope="module")
def key(shared_firm: Firm) -> str:
    return admit(shared_firm, MACHINE)


@pytest.mark.parametrize("kind", BY_A_PERSON)
def test_what_a_person_opens_or_stores_a_program_does_not(shared_firm: Firm, key: str, kind: str) -> None:
    stream, payload = BY_A_PERSON[kind]
    (said,) = shared_firm.append(INTAKE, shared_firm.item(kind, stream, payload, ticket=key))
    assert (said.answer, said.code) == ("refused", "program_drafts_only")


def test_nothing_new_that_the_intake_may_write_is_open_to_a_program_unseen(shared_firm: Firm) -> None:
    rows = shared_firm.ask(
        "superuser", "select event_type from gatehouse.event_right where role = %s", INTAKE
    )
    known = DRAFTS | OWN_STREAM | BY_ROLE | IN_THREAD | STATED_IN_THREAD | {*BY_A_PERSON}
    assert {row["event_type"] for row in rows} == known, "say here what stops a program from writing it"


def test_it_erases_no_preference(shared_firm: Firm, key: str) -> None:
    named = "prf-" + "0" * 32
    payload = {"preference": named, "agent": None, "asked": None}
    item = shared_firm.item("PreferenceErased", f"preference/{named}", payload, ticket=key)
    assert shared_firm.append(INTAKE, item)[0].code == "no_such_preference"


def test_it_speaks_in_nobodys_conversation(shared_firm: Firm, key: str) -> None:
    thread = shared_firm.thread(MARIA_LOGIN)
    words = {"subject": MARIA, "key": 1, "sealed": "AAAA"}
    payload = {"thread": thread, "message": "m", "text": words}
    item = shared_firm.item("MessageReceived", f"thread/{thread}", payload, ticket=key)
    assert shared_firm.append(INTAKE, item)[0].code == "not_your_thread"


@pytest.mark.parametrize("kind", ["SessionOpened", "PolicyDenied"])
def test_nobody_writes_of_somebody_elses_session_or_denial(shared_firm: Firm, key: str, kind: str) -> None:
    more = {"action": "x", "resource": "x", "policies": [], "policy_set": "0" * 64, "code": "x"}
    payload = {"person": MARIA, **(more if kind == "PolicyDenied" else {})}
    (said,) = shared_firm.append(INTAKE, shared_firm.item(kind, f"person/{MARIA}", payload, ticket=key))
    assert said.code == "wrong_stream"


@pytest.mark.parametrize("role", [INTAKE, APPROVER])
def test_its_key_opens_no_door_of_people(shared_firm: Firm, key: str, role: str) -> None:
    with shared_firm.connection(role).transaction():
        assert shared_firm.value(role, "select gatehouse.present(%s)", key) is None
        assert shared_firm.ask(role, "select * from gatehouse.proposal") == []


@pytest.mark.parametrize("by", ["select gatehouse.present(%s)", "select gatehouse.present_machine(%s)"])
def test_it_stores_no_document_and_reads_none(shared_firm: Firm, key: str, by: str) -> None:
    said = {"title": "t", "source": "s", "dated": "2022-12-29", "body_digest": "0" * 64}
    stored = "select outcome from gatehouse.library_store(%s::jsonb, array['words'])"
    with shared_firm.connection(INTAKE).transaction(force_rollback=True):
        shared_firm.ask(INTAKE, by, key)
        assert shared_firm.value(INTAKE, stored, json.dumps(said)) == "not_signed_in"
        assert shared_firm.ask(INTAKE, "select document from gatehouse.document") == []


def test_what_it_is_for_it_still_does(shared_firm: Firm, key: str) -> None:
    deal = Deal(shared_firm)
    request = {"kind": "order", "household": deal.household, "accounts": [deal.account], "symbol": "AAPL"}
    asked = {**request, "side": "buy", "quantity": "1", "order_type": "market"}
    payload = {"proposal": deal.proposal, "request": asked, "provenance": []}
    item = shared_firm.item("ProposalDrafted", deal.stream, payload, ticket=key)
    assert shared_firm.append(INTAKE, item)[0].ok
