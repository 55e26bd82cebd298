"""Forgetting over HTTP, with real processes: two people decide, the worker does it, the front has noticed."""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg
import pytest

from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens.client import Client, Problem

HANNAH, NGOZI, ELENA, MARIA, ROBERT = (
    "hannah.lindqvist",
    "ngozi.adeyemi",
    "elena.petrova",
    "maria.alvarez",
    "robert.hensley",
)
WORDS = "my sister's illness"


def key() -> str:
    return f"key-{os.urandom(6).hex()}"


def says(client: Client, thread: str, words: str, *, named: str | None = None) -> None:
    for _ in client.say(thread, words, key=named or key()):
        pass


def told(client: Client, thread: str) -> list[str]:
    return [line["text"] for line in client.messages(thread) if line["role"] == "advisor"]


def request_of(office: Office, request: str) -> Any:
    (found,) = [one for one in office.of(NGOZI).forgettings() if one["request"] == request]
    return found


def test_two_people_have_a_former_employees_words_forgotten(office: Office) -> None:
    hannah, maria = office.of(HANNAH), office.of(MARIA)
    hers, other = hannah.open_thread(None), maria.open_thread(None)
    says(hannah, hers, WORDS)
    says(maria, other, WORDS)
    assert told(hannah, hers) == [WORDS]  # the front has her key in its memory
    asked = office.of(NGOZI).ask_forget("res-1", "employee_left", "left in May", key=key())
    with pytest.raises(Problem) as no:
        office.of(NGOZI).decide_forget(asked["id"], "confirm")
    assert (no.value.status, no.value.code) == (403, "same_person")
    assert office.of(ELENA).decide_forget(asked["id"], "confirm")["status"] == "CONFIRMED"
    done = until(lambda: request_of(office, asked["id"]), lambda one: one["status"] == "FORGOTTEN")
    assert "passage" in done["stores"]
    assert told(hannah, hers) == ["[forgotten]"]
    assert hannah.me()["name"] == "[forgotten]"
    assert told(maria, other) == [WORDS]
    with pytest.raises(Problem) as no:
        says(hannah, hers, "hello again")
    assert no.value.code == "not_permitted"
    with psycopg.connect(office.database.superuser) as connection:
        row = connection.execute(
            "select text from gatehouse.journal where event_type = 'SubjectForgotten'"
        ).fetchone()
    assert row is not None
    stores = {one["store"]: one["count"] for one in json.loads(row[0])["payload"]["stores"]}
    assert stores["key"] == 1
    assert "left in May" not in row[0]


def test_a_client_is_refused_with_class_rule_and_day(office: Office) -> None:
    with pytest.raises(Problem, match=r"account records are kept .* 240\.17a-4\(c\)") as no:
        office.of(NGOZI).ask_forget("hh-101", "asked_by_the_person", None, key=key())
    assert (no.value.status, no.value.code) == (409, "retention_runs")
    bars = {bar["kind"]: bar["until"] for bar in office.of(NGOZI).kept("hh-101")["bars"]}
    assert bars["account_record"] is None


def test_a_hold_takes_two_people_to_lift_and_an_advisor_sees_none(office: Office) -> None:
    held = office.of(NGOZI).place_hold("aud-1", "regulator", None, key=key())
    with pytest.raises(Problem, match="legal hold") as no:
        office.of(ELENA).ask_forget("aud-1", "employee_left", None, key=key())
    assert no.value.code == "legal_hold"
    assert [one["hold"] for one in office.of(NGOZI).holds()] == [held["id"]]
    assert office.of(MARIA).holds() == []
    assert office.of(MARIA).forgettings() == []
    assert office.of(ROBERT).decide_hold(held["id"], "lift")["status"] == "LIFT_ASKED"
    assert office.of(NGOZI).decide_hold(held["id"], "lift")["status"] == "LIFTED"


@pytest.mark.parametrize("login", [MARIA, ROBERT])
def test_nobody_else_asks(office: Office, login: str) -> None:
    with pytest.raises(Problem) as no:
        office.of(login).ask_forget("adv-3", "employee_left", None, key=key())
    assert (no.value.status, no.value.code) == (403, "not_a_record_keeper")


def test_a_subject_without_words_is_not_found(office: Office) -> None:
    with pytest.raises(Problem) as no:
        office.of(NGOZI).ask_forget("nobody", "prospect_left", None, key=key())
    assert no.value.status == 404


def test_nothing_speaks_against_it_is_never_said_where_it_is_not_known(office: Office) -> None:
    with pytest.raises(Problem) as unknown:
        office.of(NGOZI).kept("nobody")
    assert unknown.value.status == 404
    with pytest.raises(Problem) as no:
        office.of(MARIA).kept("hh-101")
    assert (no.value.status, no.value.code) == (403, "not_permitted")
    assert office.of(ELENA).kept("aud-1")["bars"] == []


def test_operations_that_cannot_lift_a_hold_is_told_who_can(office: Office) -> None:
    held = office.of(NGOZI).place_hold("adv-2", "complaint", None, key=key())
    with pytest.raises(Problem) as no:
        office.of(ELENA).decide_hold(held["id"], "lift")
    assert "a principal on lifting a hold" in no.value.fix


def test_keys_are_rotated_while_people_work_and_a_double_click_is_one_message(office: Office) -> None:
    maria, thread, same = office.of(MARIA), office.of(MARIA).open_thread(None), key()
    says(maria, thread, "before", named=same)
    office.of(NGOZI).rotate_key(None, key=key())

    def rotated() -> Any:
        with psycopg.connect(office.database.superuser) as connection:
            return connection.execute("select bool_and(finished) from gatehouse.key_rotation").fetchone()

    until(rotated, lambda row: row == (True,), within=60.0)
    says(maria, thread, "after")
    says(maria, thread, "before", named=same)
    assert told(maria, thread) == ["before", "after"]
    assert maria.me()["name"] == "Maria Alvarez"
