"""Every question of an agent is on record with what it was told, all words sealed."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import WorldFailed
from core.ledger.bodies import INLINE
from core.people.events import ObservationMade, ToolCalled
from tests.tools.book import NOW, SimulatedDesk, call, passage
from tests.tools.book import Axes as WordAxes
from tools.catalog import HELD
from tools.contract import Agent, Effect, Refusal, Sourced
from tools.record import LONGEST_ANSWER, asked, spaced, told, too_long
from tools.research import identifiers


def calls(desk: SimulatedDesk) -> list[ToolCalled]:
    return [fact for fact in desk.recorded if isinstance(fact, ToolCalled)]


def observations(desk: SimulatedDesk) -> list[ObservationMade]:
    return [fact for fact in desk.recorded if isinstance(fact, ObservationMade)]


@pytest.mark.anyio
async def test_an_answer_is_on_record_word_for_word_sealed_to_the_household() -> None:
    desk = SimulatedDesk()
    asking = call(desk, "overview", agent=Agent.PORTFOLIO, household="hh-1")
    answer = await asked("overview", {}, asking)
    [fact], [observed] = calls(desk), observations(desk)
    assert (fact.outcome, observed.outcome) == ("answered", "answered")
    assert (fact.call, observed.call) == (asking.id, asking.id)
    assert (fact.ask.subject, b64decode(fact.ask.sealed)) == ("hh-1", b"{}")
    assert desk.opened(observed.words) == told(asking, answer)


@pytest.mark.anyio
async def test_a_large_answer_is_kept_once_and_named_by_digest_and_length() -> None:
    desk = SimulatedDesk()
    for position in range(2):
        asking = call(desk, "overview", agent=Agent.PORTFOLIO, household="hh-1", position=0)
        await asked("overview", {}, asking)
        assert len(desk.bodies) == 1, position
    [first, again] = [fact.words for fact in observations(desk)]
    assert first == again
    assert first.sealed is None
    assert first.kept is not None
    assert first.kept.length > INLINE


@pytest.mark.anyio
async def test_a_call_asks_for_seals_once() -> None:
    desk = SimulatedDesk()
    asking = call(desk, "overview", agent=Agent.PORTFOLIO, household="hh-1")
    await asked("overview", {}, asking)
    assert asking.turn.people.requests == 1  # type: ignore[attr-defined]


@pytest.mark.anyio
async def test_a_refusal_is_on_record_by_a_code_that_names_nobody() -> None:
    desk = SimulatedDesk()
    with pytest.raises(Refusal):
        await asked("overview", {"household": "Lindgren"}, call(desk, "Lindgren", agent=Agent.PORTFOLIO))
    assert [(f.outcome, f.refusal) for f in calls(desk)] == [("refused", "not_found")]
    [observed] = observations(desk)
    assert desk.opened(observed.words).startswith('{"refused": ')
    assert "Lindgren" not in str(desk.recorded)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["propose_order", "submit", "approve", "http_get"])
async def test_a_tool_that_an_agent_does_not_hold_is_refused_and_recorded(name: str) -> None:
    desk = SimulatedDesk()
    with pytest.raises(Refusal, match="has no tool"):
        await asked(name, {}, call(desk, "x", agent=Agent.PORTFOLIO))
    assert [f.refusal for f in calls(desk)] == ["not_held"]


@pytest.mark.anyio
async def test_a_malformed_question_is_refused_without_its_input_or_a_link() -> None:
    with pytest.raises(Refusal) as no:
        await asked(
            "worklist", {"limit": "drop table", "extra": 1}, call(SimulatedDesk(), "x", agent=Agent.PORTFOLIO)
        )
    assert "limit" in str(no.value)
    assert "drop table" not in str(no.value)
    assert "http" not in str(no.value)


@pytest.mark.anyio
async def test_without_a_record_there_is_no_answer() -> None:
    class Down(SimulatedDesk):
        async def record(self, *_: object, **__: object) -> None:
            raise WorldFailed("the journal is down", fix="wait")

    with pytest.raises(WorldFailed):
        await asked("overview", {}, call(Down(), "x", agent=Agent.PORTFOLIO, household="hh-1"))


def test_only_the_proposal_agent_proposes_trades_research_e_mails_and_no_tool_does_more() -> None:
    for agent, tools in HELD.items():
        assert {tool.effect for tool in tools} <= {Effect.READ, Effect.PROPOSE}
        proposing = {tool.name for tool in tools if tool.effect is Effect.PROPOSE}
        assert (proposing - {"draft_email"} != set()) == (agent is Agent.PROPOSAL)
        assert ("draft_email" in proposing) == (agent is Agent.RESEARCH)
        assert all(len(tool.says) > 60 for tool in tools), "the docstring is what a model reads"


@pytest.mark.anyio
async def test_a_search_gives_near_passages_and_leaves_far_ones_out() -> None:
    desk = SimulatedDesk(
        passages=(passage(1, "Growth stocks fell in the market."), passage(2, "Bonds are dull."))
    )
    answer = await asked(
        "search_library",
        {"question": "why did growth stocks fall"},
        call(desk, "x", agent=Agent.RESEARCH, embedder=WordAxes()),
    )
    assert [p["passage"] for p in answer.model_dump()["passages"]] == [1]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ('what did we say about "rising rates" and JPM', ("rising rates", "JPM")),
        ("is there anything on acc 037833100", ("037833100",)),
        ("what do IRA rules say", ()),
    ],
)
def test_identifiers_are_tickers_numbers_and_quotations(question: str, found: tuple[str, ...]) -> None:
    assert identifiers(question) == found


class Free(Sourced):
    text: str
    rows: dict[str, list[int]]


@given(text=st.text(), rows=st.dictionaries(st.text(), st.lists(st.integers())))
def test_what_is_told_of_an_answer_is_never_shorter_than_the_answer(
    text: str, rows: dict[str, list[int]]
) -> None:
    """So that a short one need not be written out a second time to be measured."""
    free = Free(source="", as_of=NOW, text=text, rows=rows)
    asking = call(SimulatedDesk(), "x", agent=Agent.PORTFOLIO)
    assert len(free.model_dump_json()) <= len(told(asking, free))


@pytest.mark.parametrize(("letters", "long"), [(LONGEST_ANSWER - 100, False), (LONGEST_ANSWER, True)])
def test_an_answer_is_as_long_as_it_is_without_its_spaces(letters: int, long: bool) -> None:
    free = Free(source="", as_of=NOW, text="x" * letters, rows={})
    assert too_long(free, told(call(SimulatedDesk(), "x", agent=Agent.PORTFOLIO), free)) is long


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)


@given(content=JSON)
@example(content={"a": [], "b": {}, "c": 'é\u2028\x7f"\\/\n\x00\x1f\x80<>', "": [{}, [[]]]})
def test_what_is_told_is_written_as_json_has_it_with_its_spaces(content: Any) -> None:
    """To the byte: what was recorded before is compared with what is told again."""
    assert spaced(content) == json.dumps(content, ensure_ascii=False)


@pytest.mark.parametrize(
    "tool", [tool for tools in HELD.values() for tool in tools], ids=lambda one: one.name
)
def test_no_tool_answers_with_a_float(tool: Any) -> None:
    assert '"number"' not in json.dumps(tool.answers.model_json_schema(mode="serialization"))
