"""Any OpenAI-compatible endpoint serves: streamed, with native tool calls, and one clear error otherwise."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agents.answer import UNSOURCED
from agents.model import Endpoint, Prices, Thinker, at
from agents.state import MOST_THOUGHTS
from core.errors import WorldFailed
from core.people.events import StepTaken
from tests.agents.endpoint import Played, endpoint
from tests.agents.running import answer, ask, copilot, kinds
from tests.tools.book import SimulatedDesk
from tools.catalog import HELD
from tools.contract import Agent


def behind(url: str) -> Thinker:
    return at(Endpoint("double", url, lambda: "sk-not-secret"))


@pytest.mark.anyio
async def test_an_endpoint_streams_calls_tools_natively_and_is_cited() -> None:
    played, desk = Played(), SimulatedDesk()
    with endpoint(played) as url:
        events = await ask(copilot(thinker=behind(url)), desk, "How is the Okafor household?")
    assert answer(events) == f"The household has $10,000.00. [1] See (link removed) for{UNSOURCED} more."
    assert sum(event["event"] == "token" for event in events) >= 2
    assert all("evil" not in str(event) for event in events)
    held = len(HELD[Agent.PORTFOLIO])
    assert [len(body["tools"]) for body in played.asked] == [1, held, held]
    assert all(body["stream"] for body in played.asked)


@pytest.mark.anyio
async def test_tokens_and_model_of_each_thought_are_on_record() -> None:
    desk = SimulatedDesk()
    with endpoint(Played()) as url:
        await ask(copilot(thinker=behind(url)), desk, "How is the Okafor household?")
    steps = [f for f in desk.recorded if isinstance(f, StepTaken)]
    thoughts = [f.thought for f in steps if f.thought]
    assert {f.model for f in steps} == {"double"}
    assert {(t.input_tokens, t.output_tokens, t.counted_by) for t in thoughts} == {(11, 7, "endpoint")}
    assert {t.cost_usd for t in thoughts} == {None}, "nobody set a price"


@pytest.mark.anyio
async def test_the_cost_is_exact_where_a_price_is_set() -> None:
    desk = SimulatedDesk()
    prices = Prices(Decimal("3.00"), Decimal("15.00"))
    with endpoint(Played()) as url:
        thinker = at(Endpoint("double", url, lambda: "sk-not-secret", prices))
        await ask(copilot(thinker=thinker), desk, "How is the Okafor household?")
    thoughts = [f.thought for f in desk.recorded if isinstance(f, StepTaken) and f.thought]
    assert {t.cost_usd for t in thoughts} == {Decimal("0.000138")}, "11 * 3 + 7 * 15 millionths"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "mode",
    [
        "refuses",
        "unauthorized",
        "html",
        "other_json",
        "broken_chunk",
        "no_choices",
        "hangs_up",
        "strange_chunk",
        "half_a_character",
    ],
)
async def test_an_endpoint_that_is_down_or_answers_rubbish_is_one_clear_error(mode: str) -> None:
    desk = SimulatedDesk()
    with endpoint(Played(mode=mode)) as url, pytest.raises(WorldFailed) as no:
        await ask(copilot(thinker=behind(url)), desk, "How is the Okafor household?")
    assert "the model 'double' cannot be used" in no.value.says
    assert "OPENAI_BASE_URL" in no.value.fix
    assert "secret" not in str(no.value)
    assert not desk.drafts


@pytest.mark.anyio
async def test_nobody_listening_is_one_clear_error() -> None:
    with pytest.raises(WorldFailed, match="cannot be used"):
        await ask(copilot(thinker=behind("http://127.0.0.1:9/v1")), SimulatedDesk(), "hello")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "arguments",
    ['{"household": ', '{"limit": 3}', '"text"', '{"household": {"$ne": 1}}'],
)
async def test_malformed_arguments_are_refused_and_the_run_goes_on(arguments: str) -> None:
    with endpoint(Played(arguments=arguments, says="I could not look.")) as url:
        events = await ask(copilot(thinker=behind(url)), SimulatedDesk(), "How is the Okafor household?")
    assert answer(events) == "I could not look."


@pytest.mark.anyio
@pytest.mark.parametrize("tool", ["submit_proposal", "approve", "http_get", "propose_order"])
async def test_a_tool_that_does_not_exist_or_is_not_held_moves_nothing(tool: str) -> None:
    desk = SimulatedDesk()
    with endpoint(Played(tool=tool, arguments="{}", says="Done, I approved it.")) as url:
        await ask(copilot(thinker=behind(url)), desk, "How is the Okafor household?")
    assert not desk.drafts


@pytest.mark.anyio
async def test_a_model_that_asks_for_ever_is_stopped_with_what_is_known() -> None:
    played = Played(mode="insists")
    with endpoint(played) as url:
        events = await ask(copilot(thinker=behind(url)), SimulatedDesk(), "How is the Okafor household?")
    assert "more steps than one request may" in answer(events)
    assert len(played.asked) == 1 + MOST_THOUGHTS


@pytest.mark.anyio
async def test_a_model_that_says_nothing_is_an_error_and_not_an_empty_answer() -> None:
    with endpoint(Played(says="")) as url, pytest.raises(WorldFailed, match="answered nothing"):
        await ask(copilot(thinker=behind(url)), SimulatedDesk(), "How is the Okafor household?")


@pytest.mark.anyio
async def test_a_model_cannot_draft_what_the_advisor_did_not_say() -> None:
    desk = SimulatedDesk()
    arguments = (
        '{"account_words": "acc-1001", "side_words": "sell", "quantity_words": "60", "symbol_words": "AAA"}'
    )
    played = Played(agent="proposal", tool="propose_order", arguments=arguments, says="Sold.")
    with endpoint(played) as url:
        events = await ask(copilot(thinker=behind(url)), desk, "How is the Okafor household?")
    assert not desk.drafts
    assert "parked" not in kinds(events)


@pytest.mark.anyio
async def test_a_model_drafts_with_the_advisors_own_words() -> None:
    desk = SimulatedDesk()
    arguments = (
        '{"account_words": "acc-1001", "side_words": "sell", "quantity_words": "3", "symbol_words": "AAA"}'
    )
    played = Played(agent="proposal", tool="propose_order", arguments=arguments)
    with endpoint(played) as url:
        events = await ask(copilot(thinker=behind(url)), desk, "sell 3 AAA in acc-1001 please")
    assert len(desk.drafts) == 1
    assert "parked" in kinds(events)
