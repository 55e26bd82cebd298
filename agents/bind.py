"""The one file that knows both our tools and the framework's messages.

Rule 1: a model sees a tool's JSON schema; the tool's own model validates, once, in `tools.record`.
Rule 2: a refusal becomes a message that the model reads. Any other error ends the run.
Rule 3: calls run one after the other, each with its position in the message: the second run of a step asks
    the same questions under the same ids, so that a draft cannot happen twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from langchain_core.messages import AIMessage, ToolMessage

from agents.evidence import Decided, asks
from agents.state import MOST_CALLS
from agents.telemetry import Watch
from core.ids import ProposalId
from tools import record
from tools.catalog import HELD
from tools.contract import Agent, AnyTool, Call, Effect, Refusal, Said, Turn
from tools.trading import Drafted

MOST_AT_ONCE: Final = 4
TOO_MANY: Final = Refusal("too many questions at once; ask fewer", code="too_many")
NOT_JSON: Final = Refusal("the arguments are not JSON; write them again", code="not_json")

Schema = dict[str, Any]


def schemas(agent: Agent) -> list[Schema]:
    """What a model is told of each tool that this agent holds."""
    return [schema(tool) for tool in HELD[agent]]


@cache
def schema(tool: AnyTool) -> Schema:
    """Made once a tool: read it, and change nothing in it."""
    function = {"name": tool.name, "description": tool.says, "parameters": tool.ask.model_json_schema()}
    return {"type": "function", "function": function}


def decided(agent: Agent, thought: AIMessage) -> Decided:
    """What a specialist's thought comes to, for the record."""
    wanted = asks(thought, schemas(agent))
    return Decided("ask" if wanted else "answer", "model_chose", wanted)


def effect(agent: Agent, name: str) -> Effect | None:
    return next((tool.effect for tool in HELD[agent] if tool.name == name), None)


async def ask_all(
    thought: AIMessage, *, turn: Turn, agent: Agent, said: tuple[Said, ...], position: int, watch: Watch
) -> tuple[list[ToolMessage], list[ProposalId]]:
    """The answers to a model's tool calls, in its order, and the proposals that were drafted."""
    told: list[ToolMessage] = []
    drafts: list[ProposalId] = []
    left_out = 0
    for offset, call in enumerate(thought.tool_calls):
        name, key = call["name"], call["id"] or f"unnamed-{position + offset}"
        asking = Call(turn, agent, said, position + offset)
        if offset >= MOST_AT_ONCE or position + offset >= MOST_CALLS:
            if not left_out:  # a flood is on record once; the model's own words hold all of it
                await record.refuse(name, call["args"], asking, TOO_MANY)
            left_out += 1
            told.append(_refused(name, key, str(TOO_MANY)))
            continue
        try:
            with watch.tool("unknown" if effect(agent, name) is None else name, asking.id):
                answer, words = await record.asked_and_told(name, call["args"], asking)
        except Refusal as no:
            told.append(_refused(name, key, str(no)))
            continue
        if isinstance(answer, Drafted):
            drafts.append(answer.proposal)
        told.append(ToolMessage(words, tool_call_id=key, name=name))
    for offset, broken in enumerate(thought.invalid_tool_calls):
        name = broken["name"] or "unknown"
        if offset == 0:
            asking = Call(turn, agent, said, position + len(thought.tool_calls))
            await record.refuse(name, {"arguments": broken["args"]}, asking, NOT_JSON)
        told.append(_refused(name, broken["id"] or "unnamed", str(NOT_JSON)))
    return told, drafts


def _refused(name: str, key: str, says: str) -> ToolMessage:
    return ToolMessage(record.refused(says), tool_call_id=key, name=name, status="error")


def sources(messages: Sequence[Any]) -> dict[str, str]:
    """What an answer may cite: each tool's answer and each passage in one, and what each is."""
    found: dict[str, str] = {}
    for message in messages:
        if not isinstance(message, ToolMessage) or message.status == "error":
            continue
        told = json.loads(str(message.content))
        answer = told["answer"]
        found[told["cite"]] = f"{message.name}: {answer['source']}, as of {answer['as_of']}"
        quotes = '"passage"' in message.content  # else there is none, however deep
        for passage in _passages(answer) if quotes else ():
            later = ", after the business day" if passage.get("later_than_market_day") else ""
            found[f"passage/{passage['passage']}"] = f"{passage['title']}, {passage['dated']}{later}"
    return found


def _passages(told: Any) -> Iterator[dict[str, Any]]:
    """Every stored passage in an answer, however deep: what has a passage's number, title and day."""
    if isinstance(told, list):
        for one in told:
            yield from _passages(one)
    elif isinstance(told, dict):
        if isinstance(told.get("passage"), int) and {"title", "dated"} <= told.keys():
            yield told
        for one in told.values():
            yield from _passages(one)
