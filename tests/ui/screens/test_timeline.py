"""The record in words: what one may choose exists, and the newest can stand first."""

from __future__ import annotations

from typing import Any

from core.ledger.events import KINDS
from ui.screens.timeline import CHOICES, event_words, timeline, told_facts


def test_every_choice_names_kinds_of_event_that_there_are() -> None:
    named = {kind for kinds in CHOICES.values() for kind in kinds.split(",") if kind}
    assert named <= {*KINDS}


def entry(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "recorded_at": "2022-12-29T15:00:00+00:00",
        "role": "gh_gate",
        "by": "gh_gate",
        "event_type": "OrderSent",
        "payload": {},
    }


def test_the_newest_entry_stands_first_where_that_is_asked() -> None:
    entries = [entry(71), entry(72)]
    assert timeline(entries).index(">71<") < timeline(entries).index(">72<")
    assert timeline(entries, newest_first=True).index(">72<") < timeline(entries, newest_first=True).index(
        ">71<"
    )


def test_a_thought_is_told_with_its_model_tools_tokens_and_cost() -> None:
    thought = {
        "asks": ["search_library"],
        "input_tokens": 11,
        "output_tokens": 7,
        "cost_usd": "0.000138",
        "said": {"sealed": {"subject": "hh-1", "key": 1, "sealed": "AAAA"}, "kept": None},
    }
    payload = {"agent": "research", "step": "plan", "model": "double", "thought": thought}
    assert told_facts(payload, {}) == (
        ("agent", "research"),
        ("step", "plan"),
        ("model", "double"),
        ("asks", "search library"),
        ("tokens read", "11"),
        ("tokens written", "7"),
        ("cost", "$0.000138"),
    )


def test_a_decision_is_told_with_what_was_chosen_and_by_which_rule() -> None:
    payload = {
        "agent": "orchestrator",
        "decision": "hand_over",
        "chosen": ["portfolio"],
        "because": "model_chose",
    }
    assert told_facts(payload, {})[1:] == (
        ("decision", "hand over"),
        ("chosen", "portfolio"),
        ("because", "model chose"),
    )
    assert event_words("DecisionTaken") == "Copilot’s decision"


def test_a_step_that_makes_no_sense_stops_no_reader() -> None:
    assert told_facts({"thought": "x", "chosen": 3, "asks": [{}]}, {})
