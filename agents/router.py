"""Who takes a request: the orchestrator hands her message to one specialist, or its parts to several.

Rule 1: it is routed by her message. What was retrieved earlier is not among what the orchestrator reads.
Rule 2: a hand-over to nobody we know is no hand-over.
Rule 3: a part is words of hers, letter by letter; anything else is dropped, and the specialist reads it all.
Rule 4: a specialist of a plan reads none of what the others were told: no document steers a trade.
"""

from __future__ import annotations

from typing import Any, Final

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agents.evidence import Decided
from agents.parts import MOST_PARTS, Part
from tools.contract import Agent

HAND_OVER: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "hand_over",
        "description": (
            "Hand the advisor's message to one specialist, who then answers her. Where she asks for several "
            "things: one call for each, in her order."
        ),
        "parameters": {
            "type": "object",
            "properties": {
                "agent": {"type": "string", "enum": [agent.value for agent in Agent]},
                "part": {
                    "type": "string",
                    "description": "Her words for it, letter by letter; leave out where it is all of them.",
                },
                "why": {"type": "string", "description": "One sentence: which of her words decide it."},
            },
            "required": ["agent"],
            "additionalProperties": False,
        },
    },
}


def planned(thought: AIMessage, asked: str) -> list[Part]:
    """The specialists that were named, in order, each with its part. None: the orchestrator answers itself.

    A part that does not stand in `asked` is dropped: "" is all of it.
    """
    found: list[Part] = []
    for call in thought.tool_calls:
        agent, words = call["args"].get("agent"), call["args"].get("part")
        if call["name"] != "hand_over" or agent not in list(Agent):
            continue
        part = Part(agent=str(agent), words=words if isinstance(words, str) and words in asked else "")
        if part not in found:
            found.append(part)
    return found[:MOST_PARTS]


def decided(asked: str, thought: AIMessage) -> Decided:
    """What the orchestrator's thought comes to, for the record."""
    agents = tuple(part["agent"] for part in planned(thought, asked))
    if not agents:
        return Decided("answer", "no_specialist_named")
    said = next((call["args"].get("why") for call in thought.tool_calls if call["name"] == "hand_over"), None)
    return Decided("hand_over", "model_chose", agents, str(said or thought.text))


def reads(messages: list[AnyMessage]) -> list[AnyMessage]:
    """What both sides said, as far as it is remembered; no tool's answer, no passage."""
    return [
        m for m in messages if isinstance(m, HumanMessage) or (isinstance(m, AIMessage) and not m.tool_calls)
    ]
