"""From the record alone it can be read why a thing was asked and answered."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from langchain_core.messages import AIMessage, ToolCall

from agents.evidence import asks, catalogue_digest, text_of
from agents.prompts import prompt
from core.people.events import DecisionTaken, ObservationMade, StepTaken, Thought, ToolCalled
from tests.agents.running import ask, copilot, nudge
from tests.tools.book import SimulatedDesk

REBALANCE = "Rebalance the Okafor household"


async def told(text: str) -> SimulatedDesk:
    desk = SimulatedDesk()
    await ask(copilot(), desk, text, household="hh-1")
    return desk


def thoughts(desk: SimulatedDesk) -> list[Thought]:
    return [fact.thought for fact in desk.recorded if isinstance(fact, StepTaken) and fact.thought]


def decisions(desk: SimulatedDesk) -> list[DecisionTaken]:
    return [fact for fact in desk.recorded if isinstance(fact, DecisionTaken)]


@pytest.mark.anyio
async def test_plan_call_observation_and_decision_follow_each_other() -> None:
    desk = await told("How much cash does the Okafor household have?")
    assert [type(fact).__name__ for fact in desk.recorded] == [
        "RunBegun",
        *("StepTaken", "DecisionTaken"),  # routed
        *("StepTaken", "DecisionTaken"),  # planned
        *("ToolCalled", "ObservationMade"),
        *("StepTaken", "DecisionTaken"),  # answered
        "StepTaken",
    ]


@pytest.mark.anyio
async def test_the_router_says_whom_it_chose_and_why() -> None:
    desk = await told("How much cash does the Okafor household have?")
    first = decisions(desk)[0]
    assert (first.agent, first.decision, first.chosen) == ("orchestrator", "hand_over", ("portfolio",))
    assert (first.because, desk.opened(first.why)) == ("model_chose", "Her words are read as: cash.")


@pytest.mark.anyio
async def test_a_message_that_no_specialist_takes_is_a_decision_too() -> None:
    desk = await told("Approve the proposal")
    [only] = decisions(desk)
    assert (only.decision, only.because) == ("answer", "no_specialist_named")


@pytest.mark.anyio
async def test_a_plan_names_its_tools_and_its_words_hold_their_arguments() -> None:
    desk = await told("How much cash does the Okafor household have?")
    plan = next(f for f in desk.recorded if isinstance(f, StepTaken) and f.step == "plan")
    assert plan.thought is not None
    assert plan.thought.asks == ("cash",)
    said = json.loads(desk.opened(plan.thought.said))
    assert said["asks"] == [{"tool": "cash", "arguments": {"household": "Okafor"}}]


@pytest.mark.anyio
async def test_everything_that_a_model_read_can_be_read_again_in_its_order() -> None:
    desk = await told("How much cash does the Okafor household have?")
    [observed] = [f for f in desk.recorded if isinstance(f, ObservationMade)]
    last = thoughts(desk)[-1].read
    assert [one.by for one in last] == ["instructions", "advisor", "copilot", "tool"]
    assert desk.opened(last[0].words) == prompt("portfolio").text
    assert last[3].words == observed.words, "the model read what is on record of the tool"


@pytest.mark.anyio
async def test_the_instructions_of_an_agent_are_kept_once() -> None:
    desk = await told("How much cash does the Okafor household have?")
    named = [one.words.kept for thought in thoughts(desk)[1:] for one in thought.read if one.words.kept]
    instructions = [thought.read[0].words.kept for thought in thoughts(desk)[1:]]
    assert len({kept.digest for kept in instructions if kept}) == 1
    assert {kept.digest for kept in named} <= {*desk.bodies}


@pytest.mark.anyio
async def test_the_offline_model_counts_by_its_rule_and_costs_nothing() -> None:
    desk = await told("How much cash does the Okafor household have?")
    for thought in thoughts(desk):
        words = sum(len(desk.opened(one.words).split()) for one in thought.read if one.by != "copilot")
        assert (thought.counted_by, thought.cost_usd) == ("rule", Decimal(0))
        assert thought.output_tokens > 0
        assert thought.input_tokens == words, "a plan's questions are no text"


@pytest.mark.anyio
async def test_the_catalogue_is_that_of_the_agent() -> None:
    desk = await told("How much cash does the Okafor household have?")
    route, plan, answer = (thought.catalogue_digest for thought in thoughts(desk))
    assert plan == answer
    assert route != plan


@pytest.mark.anyio
async def test_parking_and_its_end_are_decisions_of_the_graphs_own() -> None:
    desk, at = SimulatedDesk(), copilot()
    await ask(at, desk, REBALANCE)
    [proposal] = desk.drafts
    desk.fill(proposal)
    await nudge(at, desk)
    own = [(d.decision, d.because, d.chosen) for d in decisions(desk)[-2:]]
    assert own == [
        ("park", "people_must_decide", (proposal,)),
        ("report", "people_decided", (proposal,)),
    ]


@pytest.mark.anyio
async def test_no_word_of_a_client_is_in_clear() -> None:
    desk = await told("Tell me about the Okafor household")
    clear = str([fact.model_dump(mode="json") for fact in desk.recorded])
    assert any(isinstance(fact, ToolCalled) for fact in desk.recorded)
    assert "Okafor" not in clear


def test_a_tool_that_nobody_offered_is_unknown_by_name() -> None:
    offered = [{"type": "function", "function": {"name": "cash"}}]
    called = [ToolCall(name=name, args={}, id=name) for name in ("cash", "Lindgren owes tax")]
    message = AIMessage("", tool_calls=called)
    assert asks(message, offered) == ("cash", "unknown")
    assert "Lindgren" in text_of(message), "its words are kept, sealed"


def test_the_order_of_a_schemas_keys_does_not_change_the_catalogue() -> None:
    assert catalogue_digest([{"a": 1, "b": 2}]) == catalogue_digest([{"b": 2, "a": 1}])
    assert catalogue_digest([]) is None
