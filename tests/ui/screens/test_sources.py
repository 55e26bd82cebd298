"""What stands behind an answer, and a trace as a timeline: pure words from the API's JSON."""

from __future__ import annotations

from typing import Any

from ui.screens.sources import listed, named, sentences
from ui.screens.timeline import order_names, timeline, told_facts

TOOL: dict[str, Any] = {
    "number": 1,
    "source": "tool/call-1",
    "says": "worklist",
    "text": None,
    "tool": "worklist",
    "of": "book at entry 3667",
    "as_of": "2022-12-29T15:00:00Z",
    "entry": 3669,
}
PASSAGE: dict[str, Any] = {
    **dict.fromkeys(TOOL),
    "number": 2,
    "source": "passage/24",
    "says": "Energy <in> 2022",
    "text": "Exxon Mobil gained 84.1%.",
}


def test_a_look_up_shows_tool_state_time_and_entry() -> None:
    assert named(TOOL) == (
        "Worklist · book at entry 3667 · as of 29 Dec 2022, 10:00 ET · recorded as entry 3669"
    )


def test_a_passage_opens_to_its_stored_text_and_says_which_sentences_rest_on_it() -> None:
    cited = [{"sentence": 0, "source": "tool/call-1"}, {"sentence": 2, "source": "passage/24"}]
    html = listed({"sources": [TOOL, PASSAGE], "cited": cited})
    assert "<details" in html
    assert "<p>Exxon Mobil gained 84.1%.</p>" in html
    assert "Energy &lt;in&gt; 2022" in html
    assert "· sentence 1</span>" in html
    assert "· sentence 3</span>" in html


def test_runs_of_sentences_are_drawn_together() -> None:
    assert sentences([1, 2, 3, 5]) == "sentences 1–3, 5"


RELEASED: dict[str, Any] = {
    "order": "gh-1",
    "side": "sell",
    "quantity": "82",
    "symbol": "AAPL",
    "account": "a-1",
}


def test_an_order_is_named_by_what_it_is_in_every_later_entry() -> None:
    part_fill = {**RELEASED, "quantity": "30"}
    orders = order_names([{"payload": RELEASED}, {"payload": part_fill}])
    assert told_facts({"order": "gh-1", "venue": "ARCADIA"}, orders) == (
        ("order", "sell 82 AAPL"),
        ("venue", "ARCADIA"),
    )


def test_what_the_copilot_said_is_not_told_as_the_persons_own_act() -> None:
    entry = {
        "seq": 7,
        "recorded_at": "2026-11-21T03:16:06.201Z",
        "role": "gh_intake",
        "by": "Maria Alvarez",
        "event_type": "AnswerGiven",
        "payload": {"model": "offline"},
    }
    assert "copilot for Maria Alvarez" in timeline([entry])
