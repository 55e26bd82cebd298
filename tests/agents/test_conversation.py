"""What a message means after what was said before it: whom, what of, and no draft that she did not word."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from agents.offline.conversation import wanted
from agents.offline.model import question
from agents.offline.speech import without_tools
from tests.agents.running import answer, ask, copilot
from tests.tools.book import SimulatedDesk

LIST = (
    "24 things need you.\n\n| # | Household |\n| --- | --- |\n"
    "| 1 | Okafor household |\n| 2 | O'Brien household |"
)


def said(*texts: str, shown: str = "So it is.") -> tuple[str, dict[str, Any]] | str:
    """What the last of her messages asks of the tools, or what is said to it."""
    messages: list[BaseMessage] = []
    for text in texts[:-1]:
        messages += [HumanMessage(text), AIMessage(shown)]
    messages.append(HumanMessage(texts[-1]))
    wish = wanted(messages, len(messages) - 1)
    return question(wish) or without_tools(wish)


@pytest.mark.parametrize(
    ("before", "text", "tool", "fields"),
    [
        (
            "How far off is Ruth Abernathy?",
            "and for her IRA?",
            "drift",
            {"household": "Ruth Abernathy", "account": "IRA"},
        ),
        ("How far off is Ruth Abernathy?", "what about the Satos?", "drift", {"household": "the Satos"}),
        ("How far off is Ruth Abernathy?", "how about acc-1012?", "drift", {"account": "acc-1012"}),
        (
            "Sectors of the Sato household",
            "what would 2008 have done to that?",
            "risk",
            {"household": "Sato"},
        ),
        (
            "How did the Satos do this year?",
            "and over three years?",
            "performance",
            {"household": "the Satos"},
        ),
        (
            "What losses do the Satos have?",
            "ok, harvest them",
            "propose_plan",
            {"household_words": "the Satos"},
        ),
        ("Brief me on the Sato household", "how much cash do they have?", "cash", {"household": "Sato"}),
        (
            "What if I sold 50 KO in acc-1010?",
            "and if I sold 100?",
            "what_if",
            {"quantity": "100", "symbol": "KO"},
        ),
        (
            "What if I sold 50 KO in acc-1010?",
            "what about buying 20?",
            "what_if",
            {"quantity": "20", "side": "buy"},
        ),
        ("rebalance the Satos", "why those trades?", "proposal_status", {"household": "the Satos"}),
        ("buy 5 KO in acc-1010", "where does it stand?", "proposal_status", {"account": "acc-1010"}),
        (
            "Show me the Satos",
            "draft an email to them about their drift",
            "draft_email",
            {"household": "the Satos"},
        ),
    ],
)
def test_what_is_left_unsaid_is_taken_from_before(
    before: str, text: str, tool: str, fields: dict[str, str]
) -> None:
    asked = said(before, text)
    assert isinstance(asked, tuple), asked
    assert asked[0] == tool
    assert {key: asked[1].get(key) for key in fields} == fields


def test_a_row_of_the_list_that_was_shown_can_be_asked_about_and_never_traded() -> None:
    assert said("who needs me?", "tell me about the second one", shown=LIST) == (
        "overview",
        {"household": "O'Brien household"},
    )
    assert said("who needs me?", "how far off is number 1?", shown=LIST) == (
        "drift",
        {"household": "Okafor household"},
    )
    assert said("who needs me?", "why is the first one on it?", shown=LIST) == ("worklist", {})
    for text in ("rebalance the first one", "sell everything of the first one", "harvest the second one"):
        asked = said("who needs me?", text, shown=LIST)
        assert isinstance(asked, str) or "household" not in str(asked[1].get("household_words")), text


@pytest.mark.parametrize("go", ["do it", "ok go ahead", "yes please", "fix it", "draft it", "make it so"])
@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("What if I sold 50 KO in acc-1010?", "sell 50 KO in acc-1010"),
        ("How far off are the Satos?", "rebalance the Satos"),
        ("What losses do the Satos have?", "harvest losses for the Satos"),
    ],
)
def test_a_go_ahead_drafts_nothing_and_says_what_to_write(before: str, line: str, go: str) -> None:
    told = said(before, go)
    assert isinstance(told, str)
    assert f'"{line}"' in told


def test_a_question_that_stands_alone_is_read_alone() -> None:
    asked = said("How far off is Ruth Abernathy?", "what do our notes say about drift in energy shares?")
    assert isinstance(asked, tuple)
    assert asked[0] == "search_library"
    assert said("How far off is Ruth Abernathy?", "who needs me today?") == ("worklist", {})


@pytest.mark.anyio
async def test_a_row_of_somebody_elses_list_opens_nobody() -> None:
    """A name that stands in our own words is looked up like any: outside the book it is nobody."""
    asked = said(
        "who needs me?", "tell me about the first one", shown="| # | H |\n| 1 | Lindgren household |"
    )
    assert asked == ("overview", {"household": "Lindgren household"})
    at, desk = copilot(), SimulatedDesk()
    assert "Nobody in your book" in answer(await ask(at, desk, "overview of the Lindgren household"))


@pytest.mark.anyio
async def test_a_harvest_after_a_look_is_drafted_from_her_own_words_of_both_messages() -> None:
    at, desk = copilot(), SimulatedDesk()
    await ask(at, desk, "What losses does the Okafor household have?")
    await ask(at, desk, "harvest them", message="msg-2")
    [(request, spans, _)] = desk.drafts.values()
    assert (request.kind, request.household) == ("harvest", "hh-1")
    assert {span.message for span in spans} == {"msg-1", "msg-2"}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("no, acc-1012", {"account": "acc-1012"}),
        ("sorry, I meant the Okafors", {"household": "the Okafors"}),
        ("no, the IRA", {"household": "the Satos", "account": "IRA"}),
    ],
)
def test_a_correction_asks_the_same_about_whom_she_meant(text: str, fields: dict[str, str]) -> None:
    asked = said("How far off are the Satos?", text)
    assert isinstance(asked, tuple), asked
    assert asked[0] == "drift"
    assert {key: asked[1].get(key) for key in fields} == fields


@pytest.mark.parametrize("text", ["no, the other account", "no, acc-1012", "wrong account"])
def test_a_correction_of_a_draft_drafts_nothing_of_its_own(text: str) -> None:
    told = said("buy 5 KO in acc-1010", text)
    assert isinstance(told, str)
    assert "Write the request again" in told


def test_a_new_question_is_no_answer_to_which_one_we_asked() -> None:
    asked_back = "'Nguyen' could be 2 households. Which one?"
    asked = said("rebalance the Nguyens", "how is the Sato household doing?", shown=asked_back)
    assert asked[0] != "propose_rebalance"
    assert said("rebalance the Nguyens", "Tuan Nguyen", shown=asked_back)[0] == "propose_rebalance"


def test_what_weighs_most_is_a_question_of_concentration() -> None:
    assert said("How far off are the Satos?", "what weighs most there?") == (
        "concentration",
        {"household": "the Satos"},
    )
