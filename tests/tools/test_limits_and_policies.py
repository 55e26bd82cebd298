"""Every question is bounded and on record, and Cedar decides on agent, tool, book and amount, deny by
default.
"""

from __future__ import annotations

from base64 import b64decode
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.messages import AIMessage, InvalidToolCall, ToolCall

from agents.bind import MOST_AT_ONCE, ask_all
from agents.telemetry import Watch
from core.people.events import ToolCalled
from core.people.permits import Allowed, Ask, Denied, entity, permits, reference, uid
from tests.tools.book import SimulatedDesk, call
from tools.contract import Agent, Refusal
from tools.record import asked
from tools.trading import PROPOSE_ORDER


async def asks(desk: SimulatedDesk, message: AIMessage, *, position: int = 0) -> list[str]:
    asking = call(desk, "x", agent=Agent.PORTFOLIO)
    told, _ = await ask_all(
        message, turn=asking.turn, agent=Agent.PORTFOLIO, said=asking.said, position=position, watch=Watch()
    )
    return [str(one.content) for one in told]


def recorded(desk: SimulatedDesk) -> list[ToolCalled]:
    return [fact for fact in desk.recorded if isinstance(fact, ToolCalled)]


@pytest.mark.anyio
async def test_a_flood_of_questions_is_cut_told_each_and_on_record_once() -> None:
    desk = SimulatedDesk()
    calls = [ToolCall(name="worklist", args={}, id=str(n)) for n in range(40)]
    told = await asks(desk, AIMessage("", tool_calls=calls))
    assert len(told) == 40
    assert [one.refusal for one in recorded(desk)] == [*[None] * MOST_AT_ONCE, "too_many"]


@pytest.mark.anyio
async def test_a_question_that_is_no_json_is_on_record_sealed() -> None:
    desk = SimulatedDesk()
    broken = InvalidToolCall(
        type="invalid_tool_call", name="cash", args='{"household": Lindgren', id="1", error="bad"
    )
    [told] = await asks(desk, AIMessage("", invalid_tool_calls=[broken]))
    assert "not JSON" in told
    [fact] = recorded(desk)
    assert (fact.tool, fact.refusal) == ("cash", "not_json")
    assert "Lindgren" in b64decode(fact.ask.sealed).decode()
    assert "Lindgren" not in str(desk.recorded)


@pytest.mark.anyio
async def test_a_name_that_no_tool_has_is_sealed_as_words_are() -> None:
    desk = SimulatedDesk()
    with pytest.raises(Refusal):
        await asked("Lindgren owes tax", {"to": "all"}, call(desk, "x", agent=Agent.PORTFOLIO))
    [fact] = recorded(desk)
    assert (fact.tool, fact.refusal) == ("unknown", "not_held")
    assert b64decode(fact.ask.sealed).decode() == '{"arguments": {"to": "all"}, "tool": "Lindgren owes tax"}'


@pytest.mark.anyio
@pytest.mark.parametrize(("limit", "dollars"), [("", Decimal(1000)), (" at a limit of 90", Decimal(900))])
async def test_a_draft_tells_the_policies_the_dollars_that_her_words_say(
    limit: str, dollars: Decimal
) -> None:
    desk = SimulatedDesk()
    fields = {
        "account_words": "acc-1001",
        "side_words": "buy",
        "quantity_words": "10",
        "symbol_words": "AAA",
        **({"limit_words": "90"} if limit else {}),
    }
    await asked("propose_order", fields, call(desk, f"buy 10 AAA in acc-1001{limit}"))
    assert [*desk.dollars.values()] == [dollars]
    assert PROPOSE_ORDER.name == "propose_order"


def draft(agent: str, book: str | None, advisor: str, **context: Any) -> Allowed | Denied:
    whose = None if book is None else reference("Person", book)
    home = entity(
        "Book", "hh-1", household=reference("Household", "hh-1"), advisor=reference("Person", advisor)
    )
    known = (entity("Agent", agent, book=whose), home)
    return permits().ask(Ask(uid("Agent", agent), "draft", uid("Book", "hh-1"), known, context))


def test_only_the_proposal_agent_drafts_and_only_in_the_book_of_its_ticket() -> None:
    assert isinstance(draft("proposal", "adv-1", "adv-1"), Allowed)
    assert isinstance(draft("proposal", "adv-2", "adv-1"), Denied)
    assert isinstance(draft("proposal", None, "adv-1"), Denied)
    for other in ("portfolio", "research", "orchestrator", "trader"):
        assert isinstance(draft(other, "adv-1", "adv-1"), Denied)


@pytest.mark.parametrize(("dollars", "allowed"), [(0, True), (10_000_000, True), (10_000_001, False)])
def test_no_agent_drafts_above_its_amount(dollars: int, allowed: bool) -> None:
    said = draft("proposal", "adv-1", "adv-1", dollars=dollars)
    assert isinstance(said, Allowed) == allowed
    if isinstance(said, Denied):
        assert said.policies == ("an-agent-drafts-no-more-than-ten-million-dollars",)


@pytest.mark.parametrize("context", [{"dollars": "10"}, {"dollars": 2**63}, {"other": 1}])
def test_a_context_that_does_not_fit_is_a_denial(context: dict[str, Any]) -> None:
    assert isinstance(draft("proposal", "adv-1", "adv-1", **context), Denied)
