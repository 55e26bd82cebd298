"""One thought of one agent: its instructions, what it may read, its tools, and a record of the step.

Rule 1: an agent sees the tools that the catalogue gives it, and no others.
Rule 2: thoughts and questions are counted and end at a fixed number, with what is known by then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from langchain_core.messages import AIMessage, AnyMessage, SystemMessage
from langgraph.config import get_stream_writer

from agents import preferences
from agents.answer import Streamed
from agents.evidence import Decided, Step, begun, thought_taken
from agents.governance import ORCHESTRATOR
from agents.model import think
from agents.prompts import prompt
from agents.state import Context

OUT_OF_STEPS: Final = "I stopped here: this took more steps than one request may. Ask for less at once."


async def thought(
    context: Context,
    agent: str,
    messages: list[AnyMessage],
    schemas: list[dict[str, Any]],
    *,
    decides: Callable[[AIMessage], Decided],
) -> AIMessage:
    """What the agent thinks next, streamed as `token` events and put on record with what came of it.

    A thought of a specialist that ends in questions is its plan.
    """
    write = get_stream_writer()
    streamed = Streamed()
    since = begun(context)

    def heard(text: str) -> None:
        ready = streamed.add(text)
        if ready:
            write({"event": "token", "text": ready})

    told = context.instructions.get(agent) or prompt(agent).text
    stated = [] if agent == ORCHESTRATOR else preferences.read(context.turn)
    read = [SystemMessage(told), *stated, *messages]
    context.watch.agent(agent, context.thinker.name)
    with context.watch.chat(context.thinker) as counting:
        message = await think(context.thinker, read, schemas, heard)
        counting.counted(message)
    rest = streamed.rest()
    if rest:
        write({"event": "token", "text": rest})
    decided = decides(message)
    kind: Step = "plan" if decided.decision == "ask" else "route" if agent == ORCHESTRATOR else "think"
    await thought_taken(
        context, agent, kind, read=read, schemas=schemas, message=message, since=since, decided=decided
    )
    return message


def says(agent: str, text: str) -> None:
    """Tell the screen what is being done."""
    get_stream_writer()({"event": "step", "agent": agent, "says": text})
