"""A thought waits for the entry of what comes of it: one append; and nothing is drafted before it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.evidence import held_again, kept
from agents.model import offline
from agents.state import Context, Patience
from core.errors import IntegrityLost, WorldFailed
from core.fact import PolicyDecision, Sealed, Words
from core.ids import Digest, ProposalId, SubjectId, TraceId
from core.orders.events import Request
from core.people.events import RunBegun, StepEvent, StepTaken, ToolCalled
from tests.agents.endpoint import Played, endpoint
from tests.agents.running import answer, ask, copilot, memory
from tests.agents.test_endpoint import behind
from tests.tools.book import SimulatedDesk, turn
from tools.contract import Held
from tools.words import worded

QUESTION = "How much cash does the Okafor household have?"
REBALANCE = "Rebalance the Okafor household"
KEPT = {"subject": "hh-1", "key": 1, "digest": "0" * 64, "length": 9}


@dataclass
class Watched(SimulatedDesk):
    """Remembers what came in one append, and what was on record when something was drafted."""

    appends: list[list[str]] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    fails_at: int = -1  # the append that does not happen

    async def record(
        self,
        trace: TraceId,
        *facts: StepEvent,
        asked: tuple[PolicyDecision, ...] = (),
        held: Sequence[tuple[str, StepEvent]] = (),
    ) -> None:
        if len(self.appends) == self.fails_at:
            self.fails_at = -1
            raise WorldFailed("the database did not answer", fix="try again")
        self.appends.append([type(fact).__name__ for fact in (*(one for _, one in held), *facts)])
        await super().record(trace, *facts, asked=asked, held=held)

    async def draft(self, request: Request, **rest: Any) -> ProposalId:
        self.before = [fact.step for fact in self.recorded if isinstance(fact, StepTaken)]
        return await super().draft(request, **rest)


@pytest.mark.anyio
async def test_a_question_is_two_appends_and_its_thoughts_come_first() -> None:
    desk = Watched()
    await ask(copilot(), desk, QUESTION, household="hh-1")
    thought = ["StepTaken", "DecisionTaken"]
    assert desk.appends == [
        ["RunBegun", *thought, *thought, "ToolCalled", "ObservationMade"],
        [*thought, "StepTaken"],
    ]


@pytest.mark.anyio
async def test_nothing_is_drafted_before_the_thoughts_that_led_to_it_are_on_record() -> None:
    desk = Watched()
    await ask(copilot(), desk, REBALANCE)
    assert desk.before[:2] == ["route", "plan"]
    assert len(desk.drafts) == 1


@pytest.mark.anyio
async def test_where_the_thoughts_cannot_be_put_on_record_nothing_is_drafted() -> None:
    desk = Watched(fails_at=0)
    with pytest.raises(WorldFailed):
        await ask(copilot(), desk, REBALANCE)
    assert (desk.drafts, desk.recorded) == ({}, [])


@pytest.mark.anyio
@pytest.mark.parametrize("fails_at", [0, 1])
async def test_what_was_held_when_a_run_ended_is_on_record_once_another_goes_on(fails_at: int) -> None:
    saver, desk = memory(), Watched(fails_at=fails_at)
    with pytest.raises(WorldFailed):
        await ask(copilot(saver), desk, QUESTION, household="hh-1")
    events = await ask(copilot(saver), desk, QUESTION, household="hh-1")
    assert answer(events).startswith("Cash of the Okafor household")
    steps = [fact.step for fact in desk.recorded if isinstance(fact, StepTaken)]
    assert steps == ["route", "plan", "think", "answer"]
    assert [type(fact) for fact in desk.recorded].count(ToolCalled) == 1


@pytest.mark.anyio
async def test_a_model_that_takes_its_time_is_on_record_before_the_next_one_thinks() -> None:
    desk = Watched()
    with endpoint(Played()) as url:
        await ask(copilot(thinker=behind(url)), desk, "How is the Okafor household?")
    assert desk.appends[0] == ["RunBegun", "StepTaken", "DecisionTaken"]


def test_what_is_held_is_kept_whole_and_nothing_else_is_taken_for_it() -> None:
    begun = RunBegun.model_validate({"thread": "thr-1", "manifest": "0" * 64, "model": "offline"})
    held = [Held("a key", begun, ("her words",)), Held("another", begun)]
    context = Context(turn(SimulatedDesk()), offline(), Patience(), Digest("0" * 64))
    context.turn.held.extend(held)
    assert held_again(kept(context)) == held
    assert kept(context) == kept(context)
    with pytest.raises(IntegrityLost):
        held_again(['{"key": "k", "kind": "ProposalDrafted", "fact": {}}'])


def test_words_that_wait_in_clear_are_filled_in_by_place_and_none_is_left_over() -> None:
    read = [{"by": "advisor", "words": {}}, {"by": "tool", "words": {"kept": KEPT}}]
    thought = {"input_tokens": 1, "output_tokens": 1, "counted_by": "rule", "read": read, "said": {}}
    whole = {"thread": "thr-1", "agent": "portfolio", "step": "plan", "model": "offline", "thought": thought}
    sealed = [Words(sealed=Sealed(subject=SubjectId("hh-1"), key=1, sealed=text)) for text in ("a", "b")]
    words = iter(sealed)
    step = worded(StepTaken.model_validate_json(json.dumps(whole)), words)
    assert isinstance(step, StepTaken)
    assert step.thought is not None
    assert [step.thought.read[0].words, step.thought.said] == sealed
    assert step.thought.read[1].words.kept is not None
    assert next(words, None) is None
