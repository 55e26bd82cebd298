"""A model that fails is passed over in its own times, rests, is tried once; each switch is on record."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from langchain_core.messages import AIMessage, UsageMetadata

from agents.breaker import Breaker
from agents.chain import NO_BUDGET, NO_MODEL, _counted
from agents.model import Endpoint, Mode, Thinker, Waits, at, offline
from core.errors import WorldFailed
from core.people.events import DecisionTaken, StepTaken
from tests.agents.endpoint import Played, endpoint
from tests.agents.running import answer, ask, copilot
from tests.tools.book import SimulatedDesk

QUICK = Waits(timedelta(seconds=2), timedelta(milliseconds=300), timedelta(milliseconds=600))
PATIENT = Waits(timedelta(seconds=20), timedelta(seconds=30), timedelta(seconds=40))
ASKED = "What does the Okafor household hold?"
NOBODY = "http://127.0.0.1:9/v1"  # the discard port: nothing listens


def behind(
    url: str,
    name: str = "first",
    then: Thinker | None = None,
    *,
    waits: Waits = PATIENT,
    mode: Mode = "tools",
) -> Thinker:
    return replace(at(Endpoint(name, url, lambda: "sk-secret", None, mode, waits)), then=then)


def switches(desk: SimulatedDesk) -> list[tuple[str, ...]]:
    found = [f for f in desk.recorded if isinstance(f, DecisionTaken) and f.decision == "switch"]
    return [(*one.chosen, one.because) for one in found]


def thinkers(desk: SimulatedDesk) -> set[str]:
    return {f.model for f in desk.recorded if isinstance(f, StepTaken) and f.thought}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("mode", "because"),
    [
        ("refuses", "model_refused"),
        ("unauthorized", "model_refused"),
        ("busy", "model_refused"),
        ("hangs_up", "model_unreachable"),
        ("html", "model_rubbish"),
        ("broken_chunk", "model_rubbish"),
    ],
)
async def test_where_a_model_fails_the_one_by_rule_answers_and_says_so(mode: str, because: str) -> None:
    desk = SimulatedDesk()
    with endpoint(Played(mode=mode)) as url:
        events = await ask(copilot(thinker=behind(url, then=offline())), desk, ASKED)
    assert answer(events).startswith(NO_MODEL.strip())
    assert "Okafor" in answer(events)
    assert events[-1]["model"] == "offline"
    assert switches(desk)[0] == ("first", "offline", because)
    assert thinkers(desk) == {"offline"}


@pytest.mark.anyio
async def test_what_the_orchestrator_answers_itself_names_who_thought_too() -> None:
    with endpoint(Played(mode="refuses")) as url:
        events = await ask(copilot(thinker=behind(url, then=offline())), SimulatedDesk(), "Hello there!")
    assert events[-1]["model"] == "offline"
    assert answer(events).startswith(NO_MODEL.strip())


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["hangs", "stalls"])
async def test_a_model_that_hangs_is_left_within_its_own_times(mode: str) -> None:
    desk = SimulatedDesk()
    with endpoint(Played(mode=mode)) as url:
        events = await ask(copilot(thinker=behind(url, then=offline(), waits=QUICK)), desk, ASKED)
    assert answer(events).startswith(NO_MODEL.strip())
    assert switches(desk) == [("first", "offline", "model_late")], "it rests: the next thought does not wait"


@pytest.mark.anyio
async def test_the_second_endpoint_thinks_where_the_first_is_gone_and_the_answer_names_it() -> None:
    desk = SimulatedDesk()
    with endpoint(Played()) as url:
        second = behind(url, "second", offline())
        events = await ask(copilot(thinker=behind(NOBODY, then=second)), desk, "How is the Okafor household?")
    assert events[-1]["model"] == "second"
    assert switches(desk) == [("first", "second", "model_unreachable")]
    assert thinkers(desk) == {"second"}


@pytest.mark.anyio
async def test_with_nobody_left_it_is_one_clear_error_without_the_key() -> None:
    with endpoint(Played(mode="unauthorized")) as url, pytest.raises(WorldFailed) as no:
        await ask(copilot(thinker=behind(NOBODY, then=behind(url, "second"))), SimulatedDesk(), ASKED)
    assert "the model 'second' cannot be used: it answered OpenAIAuthenticationError (401)" in no.value.says
    assert "secret" not in str(no.value)


@pytest.mark.anyio
async def test_a_model_that_rested_is_tried_again_and_its_return_is_on_record() -> None:
    desk, played = SimulatedDesk(), Played(mode="refuses")
    with endpoint(played) as url:
        first = replace(behind(url, then=offline()), breaker=Breaker(rests=timedelta(0)))
        told = copilot(thinker=first)
        await ask(told, desk, ASKED)
        played.mode = "honest"
        events = await ask(told, desk, "How is the Okafor household?", message="msg-2")
    assert events[-1]["model"] == "first"
    assert switches(desk)[-1] == ("offline", "first", "model_answers_again")


@pytest.mark.anyio
async def test_while_it_rests_nobody_asks_it() -> None:
    desk, played = SimulatedDesk(), Played(mode="refuses")
    with endpoint(played) as url:
        told = copilot(thinker=behind(url, then=offline()))
        await ask(told, desk, ASKED)
        await ask(told, desk, ASKED, message="msg-2")
    assert len(played.asked) == 1


@pytest.mark.anyio
async def test_a_request_that_is_too_long_rests_nobody() -> None:
    desk, played = SimulatedDesk(), Played(mode="too_long")
    with endpoint(played) as url:
        first = behind(url, then=offline())
        await ask(copilot(thinker=first), desk, ASKED)
    assert not first.breaker.resting
    assert switches(desk)[0] == ("first", "offline", "model_refused")


def test_one_request_alone_is_the_try() -> None:
    breaker = Breaker(rests=timedelta(microseconds=10))
    breaker.failed(0)
    assert [breaker.admits(now) for now in (9_999, 10_000, 10_001, 19_999, 20_000)] == [
        *(False, True, False, False, True)
    ]
    assert breaker.answered()
    assert breaker.admits(20_001)
    assert not breaker.answered()


@pytest.mark.anyio
async def test_a_step_has_the_model_that_the_settings_name_for_it() -> None:
    desk, small, large = SimulatedDesk(), Played(), Played()
    with ExitStack() as stack:
        cheap = behind(stack.enter_context(endpoint(small)), "small")
        thinker = replace(behind(stack.enter_context(endpoint(large))), steps={"orchestrator": cheap})
        await ask(copilot(thinker=thinker), desk, "How is the Okafor household?")
    assert (len(small.asked), len(large.asked)) == (1, 2)
    assert thinkers(desk) == {"small", "first"}


@pytest.mark.anyio
async def test_json_mode_asks_tools_and_speaks_as_native_calls_do() -> None:
    desk, played = SimulatedDesk(), Played()
    with endpoint(played) as url:
        events = await ask(copilot(thinker=behind(url, mode="json")), desk, "How is the Okafor household?")
    assert answer(events).startswith("The household has $10,000.00. [1]")
    streamed = "".join(event["text"] for event in events if event["event"] == "token")
    assert "{" not in streamed
    assert "says" not in streamed
    assert all(
        "tools" not in body and body["response_format"]["type"] == "json_schema" for body in played.asked
    )
    assert all(message["role"] != "tool" for body in played.asked for message in body["messages"])


@pytest.mark.anyio
async def test_json_that_is_none_is_asked_for_once_more() -> None:
    desk, played = SimulatedDesk(), Played(mode="rubbish_once")
    with endpoint(played) as url:
        events = await ask(copilot(thinker=behind(url, mode="json")), desk, "How is the Okafor household?")
    assert answer(events).startswith("The household has $10,000.00. [1]")
    assert len(played.asked) == 4


@pytest.mark.anyio
async def test_json_that_is_none_twice_is_one_clear_error() -> None:
    played = Played(mode="rubbish")
    with endpoint(played) as url, pytest.raises(WorldFailed, match="its answer cannot be read"):
        await ask(copilot(thinker=behind(url, mode="json")), SimulatedDesk(), ASKED)
    assert len(played.asked) == 2


@pytest.mark.anyio
async def test_json_that_is_too_deep_to_read_is_rubbish_like_any_other() -> None:
    with endpoint(Played(mode="too_deep")) as url, pytest.raises(WorldFailed, match="cannot be read"):
        await ask(copilot(thinker=behind(url, mode="json")), SimulatedDesk(), ASKED)


@pytest.mark.parametrize("claimed", [(-1, 3), (3, 10**30), None])
def test_a_count_that_can_be_none_is_none(claimed: tuple[int, int] | None) -> None:
    usage = (
        UsageMetadata(input_tokens=claimed[0], output_tokens=claimed[1], total_tokens=0) if claimed else None
    )
    assert _counted(AIMessage("x", usage_metadata=usage)) is None
    fair = UsageMetadata(input_tokens=3, output_tokens=4, total_tokens=7)
    assert _counted(AIMessage("x", usage_metadata=fair)) == (3, 4)


@pytest.mark.anyio
async def test_where_a_budget_ends_the_answer_is_what_is_known_by_then_and_says_so() -> None:
    desk = SimulatedDesk(left=2)
    with endpoint(Played()) as url:
        events = await ask(copilot(thinker=behind(url)), desk, ASKED)
    assert answer(events).startswith(NO_BUDGET.format(what="the tokens for your day").split(".")[0])
    assert "$10" in answer(events), "what the model had asked before is told"
    assert switches(desk) == [("first", "offline", "budget_spent")]
    assert desk.settled == [(11, 7), (11, 7)]


@pytest.mark.anyio
async def test_no_call_is_made_that_is_not_reserved() -> None:
    played, desk = Played(), SimulatedDesk(left=0)
    with endpoint(played) as url:
        events = await ask(copilot(thinker=behind(url)), desk, ASKED)
    assert not played.asked
    assert "Okafor" in answer(events)


@pytest.mark.anyio
async def test_an_answer_that_is_no_longer_wanted_leaves_the_endpoint() -> None:
    played = Played(mode="stalls")
    with endpoint(played) as url:
        running = asyncio.create_task(ask(copilot(thinker=behind(url)), SimulatedDesk(), ASKED))
        while not played.asked:
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
