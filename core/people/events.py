"""The events of people at work: sessions, messages, answers, agents' steps, documents.

Streams: `person/<id>`, `thread/<thread>`, `library/<document>`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from core.fact import Fact, Sealed
from core.ids import Digest, HouseholdId, MessageId, PersonId, ThreadId
from core.orders.events import Part


class SessionOpened(Fact):
    """Somebody signed in with a password."""

    person: PersonId


class PasswordReset(Fact):
    """The owner's login gave somebody a new password."""

    person: PersonId


class ThreadOpened(Fact):
    """A conversation, pinned to one household or to none yet."""

    thread: ThreadId
    household: HouseholdId | None = None


class MessageReceived(Fact):
    """What the advisor wrote, before any model sees it."""

    thread: ThreadId
    message: MessageId
    text: Sealed


class Cited(Part):
    """One source of one sentence of an answer."""

    sentence: int
    source: str  # `passage/<id>` or `tool/<call>`


class AnswerGiven(Fact):
    """What the copilot answered, as the advisor saw it."""

    thread: ThreadId
    message: MessageId  # the one that it answers
    text: Sealed
    cited: tuple[Cited, ...] = ()
    model: str


class ToolCalled(Fact):
    """One question of an agent, and how it ended. The words of the question are sealed."""

    thread: ThreadId
    call: str
    agent: str
    tool: str
    ask: Sealed
    outcome: Literal["answered", "refused"]
    refusal: str | None = None
    answer_digest: Digest | None = None
    source: str | None = None  # where the answer's figures come from, as the tool says it
    as_of: AwareDatetime | None = None  # of which market time they are
    took_ms: int


class StepTaken(Fact):
    """One step of the graph: which agent, with which model and prompt."""

    thread: ThreadId
    agent: str
    step: Literal["route", "plan", "think", "park", "resume", "answer"]
    model: str
    prompt_digest: Digest | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    took_ms: int = 0


class DocumentStored(Fact):
    """A document of the firm's library; its passages are stored beside the journal."""

    document: str
    title: str
    source: str
    dated: str
    body_digest: Digest
    passages: int
