"""Who takes a request: the orchestrator hands the advisor's message to one specialist.

Rule 1: it is routed by her message. What was retrieved earlier is not among what the orchestrator reads.
Rule 2: a hand-over to nobody we know is no hand-over.
"""

from __future__ import annotations

from typing import Any, Final

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agents.evidence import Decided
from tools.contract import Agent

HAND_OVER: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "hand_over",
        "description": "Hand the advisor's message to one specialist, who then answers her.",
        "parameters": {
            "type": "object",
            "properties": {
                "agent": {"type": "string", "enum": [agent.value for agent in Agent]},
                "why": {"type": "string", "description": "One sentence: which of her words decide it."},
            },
            "required": ["agent"],
            "additionalProperties": False,
        },
    },
}


def routed(thought: AIMessage) -> Agent | None:
    """The specialist that was named; None where the orchestrator answers itself."""
    for call in thought.tool_calls:
        if call["name"] == "hand_over" and call["args"].get("agent") in list(Agent):
            return Agent(call["args"]["agent"])
    return None


def decided(thought: AIMessage) -> Decided:
    """What the orchestrator's thought comes to, for the record."""
    agent = routed(thought)
    if agent is None:
        return Decided("answer", "no_specialist_named")
    said = next((call["args"].get("why") for call in thought.tool_calls if call["name"] == "hand_over"), None)
    return Decided("hand_over", "model_chose", (agent.value,), str(said or thought.text))


def reads(messages: list[AnyMessage]) -> list[AnyMessage]:
    """What both sides said; no tool's answer, no passage."""
    spoken = [
        m for m in messages if isinstance(m, HumanMessage) or (isinstance(m, AIMessage) and not m.tool_calls)
    ]
    return list(spoken[-6:])
