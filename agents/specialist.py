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
from agents.chain import Thinking, thought_of
from agents.evidence import Decided, Step, begun, thought_taken
from agents.governance import ORCHESTRATOR
from agents.guarded import guarded
from agents.prompts import prompt
from agents.state import Context, said
from agents.stopping import unless_stopped

SHOWN_EVERY_NS: Final = 30_000_000  # an eye sees no more; each is a frame for the front and the screen
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

    A thought of a specialist that ends in questions is its plan. One that she stopped says nothing.
    """
    write = get_stream_writer()
    guard = await guarded(context, messages)
    streamed = Streamed(guard.shows)
    since = begun(context)

    unread: list[str] = []
    shown_at: int | None = None

    def heard(text: str) -> None:
        nonlocal shown_at
        unread.append(text)
        now = context.turn.clock.monotonic_ns()
        if shown_at is not None and now - shown_at < SHOWN_EVERY_NS:
            return
        ready = streamed.add("".join(unread))
        unread.clear()
        if ready:
            write({"event": "token", "text": ready})
            shown_at = now

    told = SystemMessage(context.instructions.get(agent) or prompt(agent).text)
    stated = [] if agent == ORCHESTRATOR else preferences.read(context.turn)
    inside = [told, *stated, *messages]
    outside = [told, *guard.reads([*stated, *messages])]
    context.watch.agent(agent, context.thinker.name)
    thinking = Thinking(context, agent, said(messages)[0].message, inside, outside, schemas)
    found = await unless_stopped(context.stop, thought_of(thinking, heard))
    if found is None:
        return AIMessage("")
    message, thinker = found
    rest = streamed.add("".join(unread)) + streamed.rest()
    if rest:
        write({"event": "token", "text": rest})
    decided = decides(message)
    kind: Step = "plan" if decided.decision == "ask" else "route" if agent == ORCHESTRATOR else "think"
    await thought_taken(
        context,
        agent,
        kind,
        read=inside if thinker.offline else outside,
        schemas=schemas,
        message=message,
        since=since,
        decided=decided,
        by_whom=thinker,
    )
    return guard.heard(message)


def says(agent: str, text: str) -> None:
    """Tell the screen what is being done."""
    get_stream_writer()({"event": "step", "agent": agent, "says": text})
