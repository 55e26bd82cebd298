"""A recorded conversation runs again to the byte; another model or prompt shows; nothing can happen in it."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agents.breaker import Breaker
from agents.model import Thinker, offline
from agents.recorded import RecordedModel, Run, runs, said
from agents.replay import Other, RecordedDesk, opened, replay
from agents.replay_told import diff, first_difference
from core.errors import NotFound, WorldFailed
from core.people.events import AnswerGiven
from tests.agents.endpoint import Played, endpoint
from tests.agents.running import ask, copilot, nudge
from tests.agents.test_chain import NOBODY, behind
from tests.tools.book import FAMILIES, SimulatedDesk
from tools.contract import Preference

CASH = "How much cash does the Okafor household have?"
REBALANCE = "Rebalance the Okafor household."


class Recorder:
    """A conversation with the offline model, and its record as the audit tells it."""

    def __init__(self, *, preferences: tuple[Preference, ...] = (), thinker: Thinker | None = None) -> None:
        self.desk, self.at, self.preferences = SimulatedDesk(), copilot(thinker=thinker), preferences
        self.entries: list[dict[str, Any]] = []
        self._seen = 0
        self._asked = 0

    async def says(self, text: str) -> None:
        self._asked += 1
        message = f"msg-{self._asked}"
        self._add("MessageReceived", {"thread": "thr-1", "message": message, "text": text})
        self._take(await ask(self.at, self.desk, text, message=message, preferences=self.preferences))

    async def wakes(self) -> None:
        self._take(await nudge(self.at, self.desk))

    def _take(self, events: list[dict[str, Any]]) -> None:
        for fact in self.desk.recorded[self._seen :]:
            told = opened_of(self.desk, fact.model_dump(mode="json"))
            self._add(fact.event_type(), told)
        self._seen = len(self.desk.recorded)
        for event in events:
            if event["event"] == "answer":
                told = {name: event[name] for name in AnswerGiven.model_fields if name in event}
                self._add("AnswerGiven", {"thread": "thr-1", **told})

    def _add(self, event_type: str, told: Any) -> None:
        self.entries.append({"event_type": event_type, "trace": "0" * 32, "told": told})

    @property
    def runs(self) -> list[Run]:
        return runs(copy.deepcopy(self.entries))


def opened_of(desk: SimulatedDesk, told: Any) -> Any:
    """In clear, large words too."""
    if isinstance(told, list):
        return [opened_of(desk, one) for one in told]
    if isinstance(told, dict) and {*told} == {"sealed", "kept"} and told["kept"]:
        return opened({"subject": "s", "key": 1, "sealed": desk.bodies[told["kept"]["digest"]]})
    if isinstance(told, dict) and {*told} not in ({"sealed", "kept"}, {"subject", "key", "sealed"}):
        return {name: opened_of(desk, value) for name, value in told.items()}
    return opened(told)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "text", [CASH, "Who needs me today?", REBALANCE, "Rebalance the Nguyen household", "help"]
)
async def test_a_run_gives_the_same_entries_and_answer_to_the_byte(text: str) -> None:
    recorder = Recorder()
    await recorder.says(text)
    again = await replay("thr-1", None, recorder.runs)
    assert first_difference(recorder.runs, again) is None
    assert again[0].answers
    assert diff(recorder.runs[0], again[0]) == []


@pytest.mark.anyio
async def test_a_conversation_with_a_draft_a_question_back_and_its_fills_is_replayed_whole() -> None:
    recorder = Recorder()
    for text in ("Rebalance the Nguyen household", "Tuan", CASH):
        await recorder.says(text)
    recorder.desk.fill(next(iter(recorder.desk.drafts)))
    await recorder.wakes()
    found = recorder.runs
    assert [run.message for run in found] == ["msg-1", "msg-2", "msg-3", None]
    again = await replay("thr-1", None, found)
    assert first_difference(found, again) is None
    assert "filled, 3 at an average of $99.50" in again[-1].answers[0]["text"]


@pytest.mark.anyio
@pytest.mark.parametrize("words", ["ObservationMade.words", "StepTaken.thought.said", "AnswerGiven.text"])
async def test_a_record_that_says_otherwise_differs_where_it_does(words: str) -> None:
    recorder = Recorder()
    await recorder.says(CASH)
    kind, *path, last = words.split(".")
    told = [one["told"] for one in recorder.entries if one["event_type"] == kind]
    at = next(one for one in reversed(told) if path == [] or one[path[0]])
    at = at[path[0]] if path else at
    at[last] = at[last].replace("Okafor", "Okafur")
    found = recorder.runs
    difference = first_difference(found, await replay("thr-1", None, found))
    assert difference is not None
    assert "Okafur" in difference.recorded + difference.replayed


@pytest.mark.anyio
async def test_other_instructions_show_and_the_earlier_runs_stay_as_they_were() -> None:
    recorder = Recorder()
    for text in (CASH, "Who needs me today?"):
        await recorder.says(text)
    found = recorder.runs
    again = await replay("thr-1", None, found, Other(offline(), {"portfolio": "Be brief."}))
    difference = first_difference(found, again)
    assert difference is not None
    assert difference.run == 2
    assert difference.where.endswith("StepTaken.thought.prompt_digest")


@pytest.mark.anyio
async def test_another_model_shows_what_it_asked_and_was_not_told() -> None:
    recorder = Recorder()
    await recorder.says(CASH)
    drafts = said_by(
        [("hand_over", {"agent": "proposal"})],
        [("propose_rebalance", {"household_words": "Okafor"})],
        "I could not draft it.",
    )
    found = recorder.runs
    again = await replay("thr-1", None, found, Other(Thinker("other", drafts, offline=False)))
    lines = diff(found[0], again[0])
    assert any(line.startswith("+proposal asks propose_rebalance") for line in lines)
    assert any("a replay asks nothing anew" in line for line in lines)
    assert recorder.desk.drafts == {}, "nothing was drafted, then or now"


NAMES = [name for family, clients, _ in FAMILIES.values() for name in (family, *clients)]


@pytest.mark.anyio
async def test_a_run_that_fell_back_to_another_model_is_replayed_with_the_switch_as_it_was() -> None:
    """The first is gone: each thought is the second's, or by rule; what was masked is masked again."""
    with endpoint(Played()) as url:
        second = behind(url, "second", offline())
        recorder = Recorder(thinker=behind(NOBODY, then=second))
        await recorder.says("How is the Okafor household?")
        await recorder.says(CASH)
    found = recorder.runs
    assert [(*one["chosen"], one["because"]) for one in switches_of(found[0])] == [
        ("first", "second", "model_unreachable")
    ]
    assert {step["model"] for run in found for step in run.thoughts} == {"second"}
    again = await replay("thr-1", None, found, names=NAMES)
    assert first_difference(found, again) is None
    assert diff(found[0], again[0]) == []


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["refuses", "html"])
async def test_a_run_that_ended_by_rule_and_went_back_to_its_model_is_replayed_to_the_byte(mode: str) -> None:
    played = Played(mode=mode)
    with endpoint(played) as url:
        first = replace(behind(url, then=offline()), breaker=Breaker(rests=timedelta(0)))
        recorder = Recorder(thinker=first)
        await recorder.says(CASH)
        played.mode = "honest"
        await recorder.says("How is the Okafor household?")
    found = recorder.runs
    assert [run.head for run in found] == ["first", "first"]
    assert switches_of(found[1])[0]["because"] == "model_answers_again"
    again = await replay("thr-1", None, found, names=NAMES)
    assert first_difference(found, again) is None
    assert again[0].answers[0]["model"] == "offline"
    assert again[1].answers[0]["model"] == "first"


@pytest.mark.anyio
async def test_a_run_whose_first_entry_named_the_model_that_was_switched_to_is_replayed_too() -> None:
    with endpoint(Played(mode="refuses")) as url:
        recorder = Recorder(thinker=behind(url, then=offline()))
        await recorder.says(CASH)
    begun = next(one for one in recorder.entries if one["event_type"] == "RunBegun")
    assert begun["told"]["model"] == "first"
    begun["told"]["model"] = "offline"  # as it was once written
    assert first_difference(recorder.runs, await replay("thr-1", None, recorder.runs, names=NAMES)) is None


@pytest.mark.anyio
async def test_another_model_in_place_of_one_that_fell_back_shows_that_no_switch_came() -> None:
    with endpoint(Played(mode="refuses")) as url:
        recorder = Recorder(thinker=behind(url, then=offline()))
        await recorder.says(CASH)
    found = recorder.runs
    lines = diff(found[0], (await replay("thr-1", None, found, Other(offline()), names=NAMES))[0])
    assert any(line.startswith("-") and "switch first, offline (model_refused)" in line for line in lines)


def switches_of(run: Run) -> list[Any]:
    told = [entry["told"] for entry in run.entries if entry["event_type"] == "DecisionTaken"]
    return [one for one in told if one["decision"] == "switch"]


def said_by(*thoughts: Any) -> RecordedModel:
    told = []
    for one in thoughts:
        calls = [] if isinstance(one, str) else one
        asks = [{"tool": name, "arguments": args} for name, args in calls]
        said_text = one if isinstance(one, str) else json.dumps({"says": "", "asks": asks})
        counted = {"input_tokens": 1, "output_tokens": 1, "counted_by": "endpoint", "answered_as": "other"}
        told.append({"thought": {"said": said_text, "asks": [name for name, _ in calls], **counted}})
    return RecordedModel(thoughts=told)


@pytest.mark.anyio
async def test_a_step_that_was_killed_and_ran_twice_counts_once() -> None:
    recorder = Recorder()
    await recorder.says(CASH)
    begun = [e for e in recorder.entries if e["event_type"] == "RunBegun"]
    first = next(n for n, e in enumerate(recorder.entries) if e["event_type"] == "StepTaken")
    twice = recorder.entries[: first + 2] + begun + recorder.entries[first:]
    found = runs(twice)
    assert len(found) == 1
    assert first_difference(found, await replay("thr-1", None, found)) is None


@pytest.mark.anyio
async def test_the_desk_of_a_replay_can_do_nothing() -> None:
    recorder = Recorder()
    await recorder.says(CASH)
    desk: Any = RecordedDesk(recorder.runs[0], recorder.runs, {}, [])
    for effect in ("draft", "draft_cancel", "keep_preference", "erase_preference", "search", "store_vectors"):
        with pytest.raises(WorldFailed, match="a replay has no desk"):
            getattr(desk, effect)


@pytest.mark.anyio
async def test_what_was_forgotten_is_not_replayed() -> None:
    recorder = Recorder()
    await recorder.says(CASH)
    recorder.entries[0]["told"]["text"] = "[forgotten]"
    with pytest.raises(NotFound, match="not to be read"):
        recorder.runs  # noqa: B018  reading them is what is refused


@pytest.mark.anyio
async def test_a_recorded_thought_is_said_as_it_was() -> None:
    thought = {
        "said": "Two lines\nof text.",
        "asks": [],
        "input_tokens": 3,
        "output_tokens": 4,
        "counted_by": "endpoint",
        "answered_as": "m-1",
    }
    message = said(thought)
    assert isinstance(message, AIMessage)
    assert (message.text, message.usage_metadata["total_tokens"]) == ("Two lines\nof text.", 7)  # type: ignore[index]


@pytest.mark.anyio
async def test_her_preferences_are_read_again_as_they_were_then() -> None:
    recorder = Recorder(preferences=(Preference("prf-" + "1" * 32, "I prefer HIFO."),))
    await recorder.says(CASH)
    found = recorder.runs
    assert found[0].preferences == recorder.preferences
    again = await replay("thr-1", None, found)
    assert first_difference(found, again) is None
    thought = found[0].thoughts[-1]["thought"]
    assert "I prefer HIFO." in thought["read"][1]["words"]
