"""One thought of one agent: its instructions, what it may read, its tools, and a record of the step.

Rule 1: an agent sees the tools that the catalogue gives it, and no others.
Rule 2: thoughts and questions are counted and end at a fixed number, with what is known by then.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from langchain_core.messages import AIMessage, AnyMessage, SystemMessage
from langgraph.config import get_stream_writer

from agents.answer import Streamed
from agents.model import think
from agents.prompts import prompt
from agents.state import Context
from core.people.events import StepTaken
from tools.record import step

Step = Literal["route", "plan", "think", "park", "resume", "answer"]
OUT_OF_STEPS: Final = "I stopped here: this took more steps than one request may. Ask for less at once."


async def thought(
    context: Context,
    agent: str,
    messages: list[AnyMessage],
    schemas: list[dict[str, Any]],
    *,
    kind: Step = "think",
) -> AIMessage:
    """What the agent thinks next, streamed as `token` events and put on record."""
    write = get_stream_writer()
    streamed = Streamed()
    clock = context.turn.clock
    started = clock.monotonic_ns()

    def heard(text: str) -> None:
        ready = streamed.add(text)
        if ready:
            write({"event": "token", "text": ready})

    instructions = prompt(agent)
    message = await think(context.thinker, [SystemMessage(instructions.text), *messages], schemas, heard)
    rest = streamed.rest()
    if rest:
        write({"event": "token", "text": rest})
    usage = message.usage_metadata
    await step(
        context.turn,
        StepTaken(
            thread=context.turn.thread,
            agent=agent,
            step=kind,
            model=context.thinker.name,
            prompt_digest=instructions.digest,
            input_tokens=usage["input_tokens"] if usage else 0,
            output_tokens=usage["output_tokens"] if usage else 0,
            took_ms=(clock.monotonic_ns() - started) // 1_000_000,
        ),
    )
    return message


async def took(context: Context, agent: str, kind: Step) -> None:
    """Put a step on record that no model took."""
    taken = StepTaken(thread=context.turn.thread, agent=agent, step=kind, model=context.thinker.name)
    await step(context.turn, taken)


def says(agent: str, text: str) -> None:
    """Tell the screen what is being done."""
    get_stream_writer()({"event": "step", "agent": agent, "says": text})
