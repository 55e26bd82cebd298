"""Conversations over HTTP, with a double of the copilot at the other end of the relay."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest

from tests.fixtures.copilot_double import MODEL
from tests.fixtures.office import Office
from tests.fixtures.processes import until
from ui.screens.client import Client, Problem

MARIA = "maria.alvarez"


def test_a_message_is_in_the_record_before_the_copilot_hears_it(office: Office) -> None:
    maria = office.of(MARIA)
    thread = maria.open_thread(None)
    office.copilot.will_answer("Two households need you.")
    events = list(maria.say(thread, "Who needs me?", key=uuid4().hex))
    assert [event.name for event in events] == ["step", "token", "answer"]
    (heard,) = office.copilot.turns()
    record = maria.trace(heard["trace"])
    assert [entry["event_type"] for entry in record] == ["MessageReceived", "AnswerGiven"]
    assert record[0]["payload"]["message"] == heard["message"]
    assert "Who needs me?" not in str(record)
    said = maria.messages(thread)
    assert [(m["role"], m["text"]) for m in said] == [
        ("advisor", "Who needs me?"),
        ("copilot", "Two households need you."),
    ]
    assert said[1]["model"] == MODEL


def test_the_copilot_gets_a_ticket_that_is_not_the_persons_own(office: Office) -> None:
    maria = office.of(MARIA)
    office.copilot.will_answer("Yes.")
    list(maria.say(maria.open_thread(None), "Hello?", key=uuid4().hex))
    ticket = office.copilot.turns()[0]["ticket"]
    assert ticket != maria.ticket
    with pytest.raises(Problem) as no:
        Client(office.url, ticket).me()
    assert no.value.status == 401


def test_the_same_key_gets_the_same_answer_and_no_second_turn(office: Office) -> None:
    maria = office.of(MARIA)
    thread, key = maria.open_thread(None), uuid4().hex
    office.copilot.will_answer("Once.")
    list(maria.say(thread, "Count", key=key))
    again = list(maria.say(thread, "Count", key=key))
    assert [(event.name, event.data["text"]) for event in again] == [("answer", "Once.")]
    assert len(office.copilot.turns()) == 1
    assert len(maria.messages(thread)) == 2


def test_without_a_copilot_the_message_is_kept_and_the_person_is_told(office: Office) -> None:
    maria = office.of(MARIA)
    thread = maria.open_thread(None)
    office.copilot.down = True
    (event,) = maria.say(thread, "Are you there?", key=uuid4().hex)
    assert event.name == "error"
    assert event.data["says"] == "the copilot is not answering; proposals and decisions still work"
    assert [m["role"] for m in maria.messages(thread)] == ["advisor"]
    assert maria.worklist()
    ready = maria.ready()
    assert ready["ready"] is True
    assert {part["name"]: part["ready"] for part in ready["parts"]}["copilot"] is False


def test_an_answer_is_recorded_though_nobody_listens_any_more(office: Office) -> None:
    maria = office.of(MARIA)
    thread = maria.open_thread(None)
    office.copilot.will_answer("Still here.")
    office.copilot.holds = threading.Event()
    stream = maria.say(thread, "Wait for it", key=uuid4().hex)
    assert next(iter(stream)).name == "step"
    stream.close()  # type: ignore[attr-defined]
    office.copilot.holds.set()
    said = until(lambda: maria.messages(thread), lambda m: len(m) == 2)
    assert said[1]["text"] == "Still here."


def test_a_second_turn_on_a_busy_thread_is_told_to_wait(office: Office) -> None:
    maria = office.of(MARIA)
    thread = maria.open_thread(None)
    office.copilot.will_answer("Done.")
    office.copilot.holds = threading.Event()
    first = maria.say(thread, "One", key=uuid4().hex)
    assert next(iter(first)).name == "step"
    with pytest.raises(Problem) as no:
        list(maria.say(thread, "Two", key=uuid4().hex))
    assert (no.value.status, no.value.code) == (409, "conflict")
    office.copilot.holds.set()
    assert list(first)[-1].name == "answer"


def test_a_turn_is_stopped_by_whoever_asked_it_and_still_answers(office: Office) -> None:
    maria = office.of(MARIA)
    thread = maria.open_thread(None)
    assert maria.stop(thread) == {"stopping": False}
    office.copilot.will_answer("Stopped, as you asked.")
    office.copilot.holds = threading.Event()
    turn = maria.say(thread, "One", key=uuid4().hex)
    assert next(iter(turn)).name == "step"
    with pytest.raises(Problem) as no:
        office.of("robert.hensley").stop(thread)
    assert no.value.status == 404
    assert maria.stop(thread) == {"stopping": True}
    assert list(turn)[-1].data["text"] == "Stopped, as you asked."
    stops = [body for path, body in office.copilot.heard if path == "/stops"]
    assert {body["thread"] for body in stops} == {thread}
    assert maria.messages(thread)[-1]["text"] == "Stopped, as you asked."


def test_nobody_reads_or_writes_in_another_persons_thread(office: Office) -> None:
    thread = office.of(MARIA).open_thread(None)
    other = office.of("robert.hensley")
    with pytest.raises(Problem) as no:
        list(other.say(thread, "Mine now", key=uuid4().hex))
    assert no.value.status == 404
    assert other.messages(thread) == []


def test_a_thread_without_a_proposal_is_not_nudged(office: Office) -> None:
    maria = office.of(MARIA)
    assert maria.nudge(maria.open_thread(None)) == {"moved": False, "answered": False}
    assert not office.copilot.heard
