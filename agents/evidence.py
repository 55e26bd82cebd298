"""What of a thought goes on record: all that the model read and said, what it took, and where the graph went.

Rule 1: an examiner reads from the record alone why a thing was asked or answered. No text is left out; large
    ones are kept once.
Rule 2: a model's words are sealed before they are on record, or anywhere but in this process and its sealed
    checkpoint. In clear stand only names of ours, numbers and digests.
Rule 3: what an endpoint reports of itself is a claim: a count that is none is 0, and a name that is none is
    left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage

from agents import preferences
from agents.model import Thinker
from agents.state import Context
from core.errors import IntegrityLost
from core.fact import Words
from core.ids import Digest
from core.people.events import Decision, DecisionTaken, Read, Reason, RunBegun, StepTaken, Thought
from tools.contract import GraphStep, Held
from tools.record import steps
from tools.words import UNSEALED, kept_as

LONGEST_WHY: Final = 600
MODEL_NAME: Final = re.compile(r"[\w.:/@+-]{1,100}")
MOST_TOKENS: Final = 10**12

HELD_KINDS: Final[Mapping[str, type[GraphStep]]] = MappingProxyType(
    {kind.event_type(): kind for kind in (RunBegun, StepTaken, DecisionTaken)}
)

Step = Literal["route", "plan", "think", "park", "resume", "answer"]
By = Literal["instructions", "advisor", "copilot", "tool"]
Schemas = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Decided:
    """Where the graph goes next. `why` is the model's own words for it, where it gave any."""

    decision: Decision
    because: Reason
    chosen: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """When a step began, by both clocks."""

    at: datetime
    mono_ns: int


def begun(context: Context) -> Begun:
    clock = context.turn.clock
    return Begun(clock.now(), clock.monotonic_ns())


async def thought_taken(
    context: Context,
    agent: str,
    kind: Step,
    *,
    read: Sequence[AnyMessage],
    schemas: Schemas,
    message: AIMessage,
    since: Begun,
    decided: Decided,
    by_whom: Thinker,
) -> None:
    """Put one thought on record, with the decision that came of it. `read` begins with the instructions;
    `by_whom` is the model that thought it, which need not be the one that the run began with.

    Where what follows takes no model's time it is held, and goes on record with that: the tool's answer, or
    the answer to her. It is in the checkpoint meanwhile.
    """
    took_ms = _since(context, since)
    texts = [text_of(one) for one in read]
    thought = Thought(
        prompt_digest=Digest(sha256(texts[0].encode()).hexdigest()),
        catalogue_digest=catalogue_digest(schemas),
        answered_as=_answered_as(message),
        **_usage(by_whom, message),
        asks=asks(message, schemas),
        read=tuple(
            Read(by=by(m), words=kept_as(context.turn, t) or UNSEALED)
            for m, t in zip(read, texts, strict=True)
        ),
        said=UNSEALED,
    )
    fresh = [text for text in texts if kept_as(context.turn, text) is None]
    why = (decided.why[:LONGEST_WHY],) if decided.why else ()
    decision = _decision(context, agent, decided).model_copy(update={"why": UNSEALED if why else None})
    _hold(
        context,
        (_step(by_whom.name, context, agent, kind, since.at, took_ms, thought), (*fresh, text_of(message))),
        (decision, why),
    )
    if not (context.thinker.offline or kind == "plan"):
        await steps(context.turn)


async def step_taken(context: Context, agent: str, kind: Step, *decided: Decided) -> None:
    """Put a step on record that no model took, with the decisions that came of it."""
    taken = _step(context.thinker.name, context, agent, kind, context.turn.clock.now(), 0, None)
    await _put(context, taken, *(_decision(context, agent, one) for one in decided))


async def decision_taken(context: Context, agent: str, decided: Decided) -> None:
    """Put a decision of the graph's own rules on record."""
    await _put(context, _decision(context, agent, decided))


async def begins(context: Context) -> None:
    """The run's first entry, where something is to be on record before any step is."""
    if not context.begun:
        await _put(context)


async def _put(context: Context, *facts: StepTaken | DecisionTaken) -> None:
    """On record, behind what is held and the run's first entry where that is not made yet."""
    _hold(context)
    await steps(context.turn, *facts)


def _hold(context: Context, *found: tuple[GraphStep, tuple[str, ...]]) -> None:
    """For the record, with what is put there next: behind the run's first entry where that is not made yet.
    Each with its texts."""
    new = [Held(token_hex(16), fact, texts) for fact, texts in found]
    if not context.begun:
        told = preferences.words(context.turn)
        context.begun.append(_run_begun(context, UNSEALED if told else None))
        new.insert(0, Held(token_hex(16), context.begun[0], (told,) if told else ()))
    context.turn.held.extend(new)


def kept(context: Context) -> list[str]:
    """What is held, as a checkpoint keeps it: each put in words once, however many steps it is held."""
    held = context.turn.held
    for one in held:
        if one.key not in context.encoded:
            context.encoded[one.key] = _kept(one)
    return [context.encoded[one.key] for one in held]


def _kept(one: Held) -> str:
    fact = one.fact.model_dump(mode="json")
    told = {"key": one.key, "kind": one.fact.event_type(), "fact": fact, "texts": one.texts}
    return msgspec.json.encode(told).decode()


def held_again(texts: Sequence[str]) -> list[Held]:
    """What a checkpoint kept.

    Raises:
        IntegrityLost: it is nothing that is held.
    """
    found: list[Held] = []
    for text in texts:
        told = json.loads(text)
        if told["kind"] not in HELD_KINDS:
            raise IntegrityLost(f"a checkpoint holds {told['kind']!r}", fix="open a new conversation")
        fact = HELD_KINDS[told["kind"]].model_validate_json(json.dumps(told["fact"]))
        found.append(Held(str(told["key"]), fact, tuple(map(str, told.get("texts", ())))))
    return found


def _run_begun(context: Context, shown: Words | None) -> RunBegun:
    return RunBegun(
        thread=context.turn.thread,
        message=context.message,
        manifest=context.manifest,
        model=context.thinker.name,
        preferences=tuple(one.id for one in context.turn.preferences),
        words=shown,
    )


def text_of(message: AnyMessage) -> str:
    """What a message says. A model's questions to tools are part of what it says: text first, then each."""
    if not isinstance(message, AIMessage) or not (message.tool_calls or message.invalid_tool_calls):
        return str(message.text)
    wanted = [{"tool": call["name"], "arguments": call["args"]} for call in message.tool_calls]
    broken = [{"tool": call["name"], "arguments": call["args"]} for call in message.invalid_tool_calls]
    told = {"says": str(message.text), "asks": [*wanted, *broken]}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)


def by(message: AnyMessage) -> By:
    if isinstance(message, SystemMessage):
        return "instructions"
    if isinstance(message, HumanMessage):
        return "advisor"
    return "copilot" if isinstance(message, AIMessage) else "tool"


def asks(message: AIMessage, schemas: Schemas) -> tuple[str, ...]:
    """The tools that it wants, by name. A name that it was not offered could be anything: it is `unknown`."""
    offered = {schema["function"]["name"] for schema in schemas}
    wanted = [str(call["name"]) for call in (*message.tool_calls, *message.invalid_tool_calls)]
    return tuple(name if name in offered else "unknown" for name in wanted)


def catalogue_digest(schemas: Schemas) -> Digest | None:
    """Of the tools that a model was offered, as it was told of them. None: it was offered none."""
    if not schemas:
        return None
    return Digest(sha256(json.dumps(list(schemas), sort_keys=True).encode()).hexdigest())


def _usage(thinker: Thinker, message: AIMessage) -> dict[str, Any]:
    usage = message.usage_metadata
    read = _count(usage["input_tokens"]) if usage else 0
    written = _count(usage["output_tokens"]) if usage else 0
    counted_by = ("rule" if thinker.offline else "endpoint") if usage else "nobody"
    cost = thinker.cost(read, written) if usage else None
    return {"input_tokens": read, "output_tokens": written, "counted_by": counted_by, "cost_usd": cost}


def _count(claimed: object) -> int:
    return claimed if isinstance(claimed, int) and 0 <= claimed <= MOST_TOKENS else 0


def _answered_as(message: AIMessage) -> str | None:
    name = message.response_metadata.get("model_name")
    return name if isinstance(name, str) and MODEL_NAME.fullmatch(name) else None


def _step(
    model: str,
    context: Context,
    agent: str,
    kind: Step,
    at: datetime,
    took_ms: int,
    thought: Thought | None,
) -> StepTaken:
    return StepTaken(
        thread=context.turn.thread,
        agent=agent,
        step=kind,
        model=model,
        started_at=at,
        took_ms=took_ms,
        thought=thought,
    )


def _decision(context: Context, agent: str, decided: Decided) -> DecisionTaken:
    return DecisionTaken(
        thread=context.turn.thread,
        agent=agent,
        decision=decided.decision,
        chosen=decided.chosen,
        because=decided.because,
    )


def _since(context: Context, since: Begun) -> int:
    return (context.turn.clock.monotonic_ns() - since.mono_ns) // 1_000_000
