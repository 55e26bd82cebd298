"""A recorded conversation run again: its messages, its models' answers and its tools' answers, from the
record.

Rule 1: nothing happens. There is no desk behind a replay, only what was recorded: a question that the record
    does not answer is refused, and every other use of the desk is an error.
Rule 2: replayed with what was recorded, a run gives the same entries and the same answer, to the byte.
    Clocks, the time that a step took and its price are the first run's own and are not compared.
Rule 3: with another model or other instructions the earlier runs of the conversation are replayed as they
    were, and the last one differs: `agents.replay_told` says how.
Rule 4: of a step that was killed and ran twice, the second counts.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast
from uuid import UUID

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agents.model import Thinker
from agents.recorded import Run, recorded_thinker, thinker_again
from agents.run import Copilot, Event, start
from agents.state import Patience
from core.budget.spending import Reserved
from core.clock import SetClock
from core.errors import GatehouseError, IntegrityLost, NotFound, WorldFailed
from core.fact import Fact, PolicyDecision, Sealed, Words
from core.halts.scope import agent_stopped
from core.ids import HouseholdId, MessageId, PersonId, ProposalId, SubjectId, ThreadId, TraceId
from tools.contract import Call, Refusal, Sourced, Turn
from tools.record import answer_of

AT_ONCE: Final = Patience(assessment=timedelta(0), looks_every=timedelta(milliseconds=1))
NOT_IN_RECORD: Final = "the record of this conversation has no answer to that; a replay asks nothing anew"


@dataclass(frozen=True, slots=True)
class Other:
    """What is put in place of the recorded: a model, instructions by agent, or both."""

    thinker: Thinker | None = None
    instructions: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Replayed:
    """What one run gave this time: its entries in the record's form, and its answers. `broke` says why it
    ended.
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Event] = field(default_factory=list)
    broke: str = ""


async def replay(
    thread: str,
    household: str | None,
    runs: Sequence[Run],
    other: Other | None = None,
    *,
    names: Sequence[str] = (),
) -> list[Replayed]:
    """Every run of a conversation again, in order; the last one with `other`, where that is given.

    `names` are those of the book: no model but the one in this process reads them, now as then.

    Raises:
        IntegrityLost: the record is not that of a conversation of this product.
    """
    at = start(
        InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=None)), recorded_thinker(()), AT_ONCE
    )
    given: list[Replayed] = []
    known: dict[str, str] = {}
    for run in runs:
        another = other if other and run is runs[-1] else Other()
        thinker = another.thinker or thinker_again(run)
        playing = replace_at(at, thinker, {**run.instructions, **another.instructions})
        done = Replayed()
        desk = RecordedDesk(run, runs, known, done.entries, names)
        turn = Turn(
            desk=cast("Any", desk),
            people=OpenSeals(),
            embedder=None,
            clock=SetClock(datetime.fromtimestamp(0, UTC)),
            thread=ThreadId(thread),
            household=HouseholdId(household) if household else None,
            trace=TraceId(run.trace),
            preferences=run.preferences,
            answers=desk.answered,
        )
        asked = (
            playing.asked(turn, MessageId(run.message), run.text)
            if run.message is not None
            else playing.nudged(turn)
        )
        await _heard(asked, done)
        known |= run.waits_for
        given.append(done)
    return given


def replace_at(at: Copilot, thinker: Thinker, instructions: Mapping[str, str]) -> Copilot:
    """The same graph with its memory, with another model."""
    return replace(at, thinker=thinker, instructions=instructions)


async def _heard(events: AsyncIterator[Event], done: Replayed) -> None:
    try:
        async for event in events:
            if event["event"] == "answer":
                done.answers.append(event)
    except GatehouseError as no:
        done.broke = no.says


class OpenSeals:
    """Seals that hold their words in clear: nothing of a replay is kept anywhere."""

    async def clear(self, field: str, sealed: Sequence[Sealed]) -> tuple[str, ...]:
        return tuple(base64.b64decode(one.sealed).decode() for one in sealed)

    async def seal(self, subject: SubjectId, words: Sequence[tuple[str, str]]) -> tuple[Sealed, ...]:
        texts = (base64.b64encode(text.encode()).decode() for _, text in words)
        return tuple(Sealed(subject=subject, key=1, sealed=text) for text in texts)


class RecordedDesk:
    """In the desk's place: it answers what the record answers, and can do nothing."""

    def __init__(
        self,
        run: Run,
        runs: Sequence[Run],
        known: Mapping[str, str],
        entries: list[dict[str, Any]],
        names: Sequence[str] = (),
    ) -> None:
        self._run = run
        self._runs = runs
        self._known = known
        self._entries = entries
        self._names = names

    def __getattr__(self, name: str) -> Any:
        raise WorldFailed(
            f"a replay has no desk, and {name!r} was asked of it", fix="replay what was recorded"
        )

    async def answered(self, name: str, fields: Mapping[str, Any], call: Call) -> Sourced:
        """As `tools.record` would answer.

        Raises:
            Refusal: it was refused, or never asked.
        """
        found = self._run.told_of(call.id, name, fields) or next(
            (told for run in self._runs if (told := run.told_of("", name, fields))), None
        )
        if found is None:
            raise Refusal(NOT_IN_RECORD, code="not_in_record")
        if found.refusal is not None:
            raise Refusal(found.says, code=found.refusal)
        return answer_of(call.agent, name, found.answer)

    async def stopped(self, *, agent: str, tool: str) -> str | None:
        return agent_stopped(agent) if agent in self._run.stopped else None

    async def households(self) -> tuple[Any, ...]:
        seals = await OpenSeals().seal(
            SubjectId("replayed"), [("name", name) for name in self._names or ("",)]
        )
        return tuple(
            SimpleNamespace(advisor=PersonId("replayed"), household=None, name=seal, clients=(), accounts=())
            for seal in seals
        )

    async def reserve(self, message: MessageId, **_: Any) -> Reserved:
        """A replay spends nobody's budget: who runs it has the endpoint's key at hand."""
        return Reserved(UUID(int=0))

    async def settle(self, reserved: Reserved, tokens: tuple[int, int] | None) -> None:
        """Nothing was reserved."""

    async def proposal(self, proposal: ProposalId) -> Any:
        """Only whom it waits for: that is all that the graph itself asks of the desk."""
        now = {**self._known, **self._run.waits_for}.get(proposal)
        if now is None:
            raise NotFound("the record does not say", fix="replay what was recorded")
        return SimpleNamespace(waits_for=now)

    async def keep(self, sealed: Sequence[Sealed]) -> tuple[Words, ...]:
        return tuple(Words(sealed=one) for one in sealed)

    def may_call(self, agent: str, tool: str, effect: str) -> tuple[PolicyDecision, ...]:
        return ()

    async def record(
        self,
        trace: TraceId,
        *facts: Fact,
        asked: tuple[PolicyDecision, ...] = (),
        held: Sequence[tuple[str, Fact]] = (),
    ) -> None:
        self._entries.extend(
            {"event_type": fact.event_type(), "told": opened(fact.model_dump(mode="json"))}
            for fact in (*(one for _, one in held), *facts)
        )


def opened(told: Any) -> Any:
    """A payload with its words in clear, as the record is told."""
    if isinstance(told, list):
        return [opened(one) for one in told]
    if not isinstance(told, dict):
        return told
    if {*told} == {*Sealed.model_fields}:
        return base64.b64decode(told["sealed"]).decode()
    if {*told} == {*Words.model_fields}:
        return None if told["sealed"] is None else opened(told["sealed"])
    return {name: opened(value) for name, value in told.items()}


def lost(what: str) -> IntegrityLost:
    return IntegrityLost(what, fix="run `gatehouse audit verify`; replay a run of this product's own record")
