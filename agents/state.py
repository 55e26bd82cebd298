"""What a conversation remembers between steps, and what it is handed for one run.

Rule 1: the state holds ids and messages. Money, positions and decisions are read from the desk again, so
    they cannot be stale or forged.
Rule 2: the context is made anew for each run from the ticket of that run; it is never stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypedDict

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.graph import MessagesState

from agents.model import Thinker
from agents.parts import Part
from agents.telemetry import Watch
from core.ids import Digest, MessageId
from core.people.events import RunBegun
from tools.contract import Said, Turn

MOST_THOUGHTS: Final = 6  # calls of a model by a specialist, a message
MOST_CALLS: Final = 12  # questions to tools, a message
REMEMBERED: Final = 12  # earlier messages that a model still reads
SAID: Final = 4  # the advisor's own messages that a draft may quote


class Waiting(TypedDict):
    """A proposal that somebody else must act on. `told` is whom the advisor was last told it waits for."""

    proposal: str
    message: str
    told: str


class Conversation(MessagesState):
    """One thread. `asked` is the message that is being answered; the counters start anew with it."""

    asked: str
    household: str | None  # the thread's, as it was opened
    agent: str
    plan: list[Part]
    at: int  # which part of the plan is being answered
    heard: int  # how many messages there were since she asked when this part began
    told: int  # how many of the drafts she was told of
    position: int
    thoughts: int
    drafts: list[str]
    looked: dict[str, str]  # what the graph itself looked up for this message: source, what it is
    held: list[str]  # steps that go on record with what comes next: `agents.evidence.kept`
    waiting: list[Waiting]
    answered: str  # the last message that got an answer
    answer: dict[str, Any]  # that answer, as it went out


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run waits for an assessment, and how often it looks."""

    assessment: timedelta = timedelta(seconds=20)
    looks_every: timedelta = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Context:
    """One run's own: the desk of its ticket, the model, and how patient it is.

    `message` is what it answers; None: it was woken to look again. `begun` holds the run's first entry once
    that is made. `instructions` are an agent's in place of its own, for a run that is replayed. `stop` is set
    once she told it to stop. `encoded` remembers how a checkpoint keeps what is held, by its key.
    """

    turn: Turn
    thinker: Thinker
    patience: Patience
    manifest: Digest  # of what this process is made of
    message: MessageId | None = None
    begun: list[RunBegun] = field(default_factory=list, compare=False, repr=False)
    watch: Watch = field(default_factory=Watch, compare=False, repr=False)
    instructions: Mapping[str, str] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    encoded: dict[str, str] = field(default_factory=dict, compare=False, repr=False)


def said(messages: list[AnyMessage]) -> tuple[Said, ...]:
    """The advisor's own messages, newest first."""
    hers = [m for m in messages if isinstance(m, HumanMessage) and m.id]
    return tuple(Said(MessageId(m.id or ""), str(m.text)) for m in reversed(hers[-SAID:]))


def since_asked(messages: list[AnyMessage]) -> list[AnyMessage]:
    """The advisor's last message and everything after it."""
    start = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=0)
    return messages[start:]


def reads(state: Conversation) -> list[AnyMessage]:
    """What a specialist reads: as `remembered`, without what the parts before its own were told."""
    kept = remembered(state["messages"])
    recent = since_asked(kept)
    return [*kept[: len(kept) - len(recent)], *recent[:1], *recent[state["heard"] :]]


def spoken(state: Conversation) -> str:
    """What was said to her message, part by part."""
    said_since = [
        str(m.text)
        for m in since_asked(state["messages"])
        if isinstance(m, AIMessage) and not m.tool_calls and not m.invalid_tool_calls
    ]
    return "\n\n".join(said_since[-max(1, len(state.get("plan", []))) :])


def remembered(messages: list[AnyMessage]) -> list[AnyMessage]:
    """What a model reads: a few earlier words of both sides, without tools' answers, then all since asked."""
    recent = since_asked(messages)
    before = messages[: len(messages) - len(recent)]
    spoken = [
        m for m in before if isinstance(m, HumanMessage) or (isinstance(m, AIMessage) and not m.tool_calls)
    ]
    return [*spoken[-REMEMBERED:], *recent]
