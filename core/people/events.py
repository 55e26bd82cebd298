"""The events of people at work: sessions, messages, answers, agents' steps, documents.

Streams: `person/<id>`, `delegation/<id>`, `machine/<id>`, `thread/<thread>`, `library/<document>`,
`preference/<id>`.

An agent's plan is a step `plan` (a thought that ends in questions), its questions are `ToolCalled`, what it
read of them `ObservationMade`, and where it went `DecisionTaken`: all of one message under one trace.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from core.fact import Amount, Fact, Sealed, Words
from core.ids import AccountId, Digest, HouseholdId, MessageId, PersonId, ThreadId
from core.orders.events import Part, Span

Decision = Literal["hand_over", "ask", "answer", "stop", "park", "report", "switch"]
Reason = Literal[
    "model_chose",
    "no_specialist_named",
    "too_many_thoughts",
    "people_must_decide",
    "people_decided",
    # why another model thinks than the one before: of a `switch`, whose `chosen` are the two, from and to
    "model_unreachable",
    "model_late",
    "model_refused",
    "model_rubbish",
    "model_answers_again",
    "budget_spent",
]


class SessionOpened(Fact):
    """Somebody signed in with a password."""

    person: PersonId


class MachineAdmitted(Fact):
    """Operations gave a program a key with which it drafts orders in one advisor's book, and nothing else.

    `key_hash` is the sha256 of 32 random bytes that the program alone holds.
    """

    machine: Annotated[str, Field(pattern="^mch-[a-z0-9-]{1,40}$")]
    advisor: PersonId
    key_hash: Annotated[Digest, Field(pattern="^[0-9a-f]{64}$")]
    days: int = Field(ge=1, le=400)  # that the key is good for


class MachineDismissed(Fact):
    """Its key is good no more."""

    machine: str


class PolicyDenied(Fact):
    """Somebody asked for something that no policy allows, or that one forbids. It was not offered further."""

    person: PersonId
    action: str
    resource: str
    policies: tuple[str, ...]  # that forbade it; empty: none allowed it
    policy_set: Digest
    code: str  # the refusal that she read


class PasswordReset(Fact):
    """The owner's login gave somebody a new password."""

    person: PersonId


class AuthenticatorEnrolled(Fact):
    """Somebody proved a code of a new authenticator. Its secret is in no entry."""

    person: PersonId


class AuthenticatorRemoved(Fact):
    """Somebody's authenticator counts no more: taken away by herself, or by the owner's login where it is
    lost."""

    person: PersonId


class PayRecorded(Fact):
    """What somebody's pay depends on, all of it: households, accounts, and people whose business or word it
    is."""

    person: PersonId
    households: tuple[HouseholdId, ...] = ()
    accounts: tuple[AccountId, ...] = ()
    advisors: tuple[PersonId, ...] = ()


class ReportingLineChanged(Fact):
    """To whom somebody reports from now on."""

    person: PersonId
    reports_to: PersonId | None


class RelationRecorded(Fact):
    """The households of somebody who works here, or of the spouse: all of them."""

    person: PersonId
    related_households: tuple[HouseholdId, ...] = ()


class DelegateNamed(Fact):
    """Somebody submits and withdraws in an advisor's place for these business days, both included. Asked
    for by operations, it counts once it is confirmed."""

    delegation: str
    advisor: PersonId
    delegate: PersonId
    from_day: str  # ISO date
    until_day: str  # ISO date


class DelegateConfirmed(Fact):
    """Somebody who supervises confirmed a delegate whom operations had asked for."""

    delegation: str


class DelegateEnded(Fact):
    """A delegate stands in no more."""

    delegation: str


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


class RunBegun(Fact):
    """The copilot begins to work on a message, or looks again: with what, and what of her preferences it is
    shown."""

    thread: ThreadId
    message: MessageId | None = None  # none: it was woken to look again
    manifest: Annotated[
        Digest, Field(pattern="^[0-9a-f]{64}$")
    ]  # of model, prompts, tools, policies, governance
    model: str
    preferences: tuple[str, ...] = ()
    words: Words | None = None  # those preferences as a model reads them; none: it reads none


class Read(Part):
    """One of the texts that a model read, in its order."""

    by: Literal["instructions", "advisor", "copilot", "tool"]
    words: Words


class Thought(Part):
    """What a model was asked, what it answered, and what that took."""

    prompt_digest: Digest | None = None  # of its instructions
    catalogue_digest: Digest | None = None  # of the tools that it was offered, with their schemas
    answered_as: str | None = None  # the model's name, as the endpoint says it
    input_tokens: int
    output_tokens: int
    counted_by: Literal["endpoint", "rule", "nobody"]  # the offline model counts by a rule of its own
    cost_usd: Amount | None = None  # none where no price is set
    asks: tuple[str, ...] = ()  # the tools that it wants to call, in its order
    read: tuple[Read, ...] = ()
    said: Words | None = None  # its text, and the calls that it wants


class StepTaken(Fact):
    """One step of the graph: which agent, and what a model thought where one was asked."""

    VERSION: ClassVar[int] = 2
    thread: ThreadId
    agent: str
    step: Literal["route", "plan", "think", "park", "resume", "answer"]
    model: str
    started_at: AwareDatetime | None = None  # it ended `took_ms` later
    took_ms: int = 0
    thought: Thought | None = None


class ToolCalled(Fact):
    """One question of an agent, and how it ended. The words of the question are sealed."""

    VERSION: ClassVar[int] = 2
    thread: ThreadId
    call: str
    agent: str
    tool: str
    ask: Sealed
    outcome: Literal["answered", "refused"]
    refusal: str | None = None
    source: str | None = None  # where the answer's figures come from, as the tool says it
    as_of: AwareDatetime | None = None  # of which market time they are
    started_at: AwareDatetime | None = None  # it ended `took_ms` later
    took_ms: int


class ObservationMade(Fact):
    """What an agent read of a tool: its answer or its refusal, word for word."""

    thread: ThreadId
    call: str
    agent: str
    tool: str
    outcome: Literal["answered", "refused"]
    words: Words


class DecisionTaken(Fact):
    """Where the graph went next, and why: a model chose it, or a rule of the graph did."""

    VERSION: ClassVar[int] = 2
    thread: ThreadId
    agent: str
    decision: Decision
    chosen: tuple[str, ...] = ()  # specialists, tools or proposals
    because: Reason
    why: Words | None = None  # the model's own words for it


StepEvent = RunBegun | StepTaken | ToolCalled | ObservationMade | DecisionTaken
"""What an agent may put on record."""


class PreferenceKept(Fact):
    """A preference that an advisor stated: a place in a message of hers, and no words of anybody's else.

    It is data: it changes no limit, approves nothing and gives no right.
    """

    preference: Annotated[str, Field(pattern="^prf-[0-9a-f]{32}$")]
    thread: ThreadId
    agent: str
    said: Span


class PreferenceErased(Fact):
    """It is shown to nobody any more. By herself, or by the copilot where a message of hers asks for it."""

    preference: Annotated[str, Field(pattern="^prf-[0-9a-f]{32}$")]
    agent: str | None = None
    asked: Span | None = None


class DocumentStored(Fact):
    """A document of the firm's library; its passages are stored beside the journal."""

    document: str
    title: str
    source: str
    dated: str
    body_digest: Digest
    passages: int
