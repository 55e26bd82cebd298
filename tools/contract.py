"""What a tool is: a typed question, a sourced answer, one declared effect.

Rule 1: there is no effect beyond PROPOSE. No tool reaches a venue, an approval or a limit.
Rule 2: a tool's docstring is what a model reads: what it does, and what it does not do.
Rule 3: every answer says where it comes from and as of when; every figure in it is core's.
Rule 4: a tool knows its `Call` and nothing else: no globals, no framework, no address to fetch.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar, get_type_hints

from pydantic import AwareDatetime, BaseModel, ConfigDict

from core.clock import Clock
from core.desk import Desk
from core.fact import Sealed, Words
from core.ids import HouseholdId, MessageId, SubjectId, ThreadId, TraceId
from core.people.events import DecisionTaken, RunBegun, StepTaken

GraphStep = RunBegun | StepTaken | DecisionTaken


class Effect(StrEnum):
    """The most a tool can do. There is no EXECUTE: no tool reaches a venue."""

    READ = "read"
    PROPOSE = "propose"


class Agent(StrEnum):
    """Who may hold tools."""

    PORTFOLIO = "portfolio"
    RESEARCH = "research"
    PROPOSAL = "proposal"


class Refusal(Exception):
    """A no that the model should read and act on. Any other exception ends the run.

    `code` is what goes on record: one word, never a name or a value.
    """

    def __init__(self, says: str, *, code: str) -> None:
        super().__init__(says)
        self.code = code


class Ask(BaseModel):
    """A question. Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sourced(BaseModel):
    """Every answer says where its figures come from, and as of when (the market clock)."""

    model_config = ConfigDict(frozen=True)
    source: str
    as_of: AwareDatetime


class Sealer(Protocol):
    """Whoever holds the subjects' keys: seals free text, and opens what the ticket's book allows.

    Texts to seal come in pairs: the field, then the text. They come back in order.
    """

    async def clear(self, field: str, sealed: Sequence[Sealed]) -> tuple[str, ...]: ...

    async def seal(self, subject: SubjectId, words: Sequence[tuple[str, str]]) -> tuple[Sealed, ...]: ...


class Embedder(Protocol):
    """Texts to vectors of one length. The same text, the same vector."""

    @property
    def model(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the advisor's, word for word as it was journaled."""

    message: MessageId
    text: str


@dataclass(frozen=True, slots=True)
class Preference:
    """What an advisor once stated, in her own words. Data: no instruction, no permission."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """A step that goes on record with what comes next. `key` is its own: the same key is the same step.

    `texts` are its words, in its order, in clear as yet: they are sealed when it goes (`tools.words`).
    """

    key: str
    fact: GraphStep
    texts: tuple[str, ...] = ()


async def kept_already() -> None:
    """Each step was kept as it was taken."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of one person: her desk, and what her thread is pinned to.

    `preferences` are hers, as the front opened them for this request. `answers` stand in place of every
    tool's own where a recorded run is replayed: then no tool runs.

    `worded` remembers, for this request, what was sealed and kept before: subject and text. `held` goes on
    record with whatever is put there next, and before anything is drafted or answered. `kept` waits until the
    steps that were taken are kept: before anything is drafted or goes on record.
    """

    desk: Desk
    people: Sealer
    embedder: Embedder | None
    clock: Clock
    thread: ThreadId
    household: HouseholdId | None
    trace: TraceId
    preferences: tuple[Preference, ...] = ()
    answers: Answers | None = None
    worded: dict[tuple[SubjectId, str], Words] = field(default_factory=dict, compare=False, repr=False)
    held: list[Held] = field(default_factory=list, compare=False, repr=False)
    kept: Callable[[], Awaitable[None]] = field(default=kept_already, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One question to one tool. `said` is newest first; `position` counts the calls of this message."""

    turn: Turn
    agent: Agent
    said: tuple[Said, ...]
    position: int

    @property
    def id(self) -> str:
        """The same message and position, the same call: what an answer cites as `tool/<id>`."""
        return "call-" + self.key("call")[:16]

    def key(self, what: str) -> str:
        """An idempotency key: a second run of the same step is the same step."""
        return sha256(
            f"{what}/{self.turn.thread}/{self.said[0].message}/{self.position}".encode()
        ).hexdigest()


class Answers(Protocol):
    """What a tool told when a run was recorded. Raises Refusal, as a tool does."""

    async def __call__(self, name: str, fields: Mapping[str, Any], call: Call) -> Sourced: ...


AskType = TypeVar("AskType", bound=Ask)
AnswerType = TypeVar("AnswerType", bound=Sourced)


@dataclass(frozen=True, slots=True)
class Tool(Generic[AskType, AnswerType]):
    """`ask` is what a model must fill in; `run` answers or raises `Refusal`."""

    name: str
    ask: type[AskType]
    effect: Effect
    run: Callable[[AskType, Call], Awaitable[AnswerType]]

    @property
    def says(self) -> str:
        """What a model reads of it."""
        return inspect.getdoc(self.run) or ""

    @property
    def answers(self) -> type[AnswerType]:
        """What it answers with."""
        found: type[AnswerType] = get_type_hints(self.run)["return"]
        return found


AnyTool = Tool[Any, Any]
