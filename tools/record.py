"""How a tool is asked: validated once, run, and recorded whatever came of it.

Rule 1: every question of an agent becomes a `ToolCalled` entry before its answer is used. Where the entry
    cannot be made, there is no answer.
Rule 2: the words of question and answer are sealed. A large answer is kept once, and named by its digest.
    Those of the thoughts before it go with them: one request to seal and one to keep what comes together.
Rule 3: a tool that a person has stopped, or whose agent she has, answers nothing: it is asked each time.
Rule 4: a broken rule of core's is a refusal that the model may read; a failed world ends the run.
Rule 5: a thought may wait for the entries of what comes of it, so that they are one append; nothing is
    drafted before it is on record.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from pydantic import ValidationError

from core.errors import IntegrityLost, NotPermitted, RuleBroken, SignInRequired, WorldFailed
from core.fact import PolicyDecision, Sealed, Words
from core.people.events import ObservationMade, StepEvent, ToolCalled
from tools.catalog import HELD, held
from tools.contract import Agent, Call, Effect, GraphStep, Refusal, Sourced, Turn
from tools.words import worded, words_of

ANSWERS_WITHIN: Final = timedelta(seconds=20)
LONGEST_ASK: Final = 4_000  # characters of JSON
LONGEST_ANSWER: Final = 60_000
UNKNOWN: Final = "unknown"
NAMES: Final = frozenset(tool.name for tools in HELD.values() for tool in tools)


async def asked(name: str, fields: Mapping[str, Any], call: Call) -> Sourced:
    """The answer of the tool `name`, with the question on record. Raises as `asked_and_told`."""
    answer, _ = await asked_and_told(name, fields, call)
    return answer


async def asked_and_told(name: str, fields: Mapping[str, Any], call: Call) -> tuple[Sourced, str]:
    """The answer of the tool `name`, with the question on record, and what a model reads of it.

    Raises:
        Refusal: the tool, its validation or a rule of core's said no. On record too.
        WorldFailed: it took too long, or the record could not be made.
        SignInRequired: the session has ended.
    """
    begun = (call.turn.clock.now(), call.turn.clock.monotonic_ns())
    try:
        answer = await (call.turn.answers or _answered)(name, fields, call)
        words = told(call, answer)
        if too_long(answer, words):
            raise Refusal(
                f"the answer is longer than {LONGEST_ANSWER} characters; narrow the question", code="too_long"
            )
    except Refusal as no:
        await _record(name, fields, call, begun, refused(str(no)), refusal=no.code)
        raise
    await _record(name, fields, call, begun, words, answer=answer)
    return answer, words


def answer_of(agent: str, name: str, told: Mapping[str, Any]) -> Sourced:
    """A recorded answer as its tool would give it.

    Raises:
        Refusal: the agent does not hold that tool any more.
        IntegrityLost: it does not fit what the tool answers now.
    """
    try:
        answer: Sourced = held(Agent(agent), name).answers.model_validate_json(json.dumps(told))
    except ValidationError as bad:
        raise IntegrityLost(
            f"a recorded answer of {name} does not fit what it answers now", fix="replay it with that release"
        ) from bad
    return answer


def told(call: Call, answer: Sourced) -> str:
    """What a model reads of an answer, and what is on record of it: the same text."""
    return spaced({"cite": f"tool/{call.id}", "answer": answer.model_dump(mode="json")})


def spaced(content: object) -> str:
    """As `json.dumps` writes it without escaping letters, in a twentieth of the time. It holds no floats: the
    two write those in different ways."""
    return msgspec.json.format(msgspec.json.encode(content), indent=0).decode()


def refused(says: str) -> str:
    """What a model reads of a refusal."""
    return json.dumps({"refused": says}, ensure_ascii=False)


async def steps(turn: Turn, *facts: GraphStep) -> None:
    """Put what the graph did on record, behind what was held back: all of it or nothing. `facts` have no
    words of their own."""
    words = iter(await words_of(turn, _texts(turn)))
    await _put(turn, words, facts, ())


def _texts(turn: Turn) -> list[str]:
    return [text for one in turn.held for text in one.texts]


async def _put(
    turn: Turn, words: Iterator[Words], facts: Sequence[StepEvent], asked: tuple[PolicyDecision, ...]
) -> None:
    held = tuple((one.key, worded(one.fact, words)) for one in turn.held)
    await turn.kept()
    await turn.desk.record(turn.trace, *facts, asked=asked, held=held)
    del turn.held[: len(held)]


async def _answered(name: str, fields: Mapping[str, Any], call: Call) -> Sourced:
    tool = held(call.agent, name)
    stopped = await call.turn.desk.stopped(agent=call.agent, tool=name)
    if stopped is not None:
        raise Refusal(stopped, code="halted")
    if len(_text(fields)) > LONGEST_ASK:
        raise Refusal(
            f"the question is longer than {LONGEST_ASK} characters; ask less at once", code="too_long"
        )
    try:
        call.turn.desk.may_call(call.agent, tool.name, tool.effect)
    except NotPermitted as no:
        raise Refusal(no.says, code="not_permitted") from no
    try:
        ask = tool.ask.model_validate(fields)
    except ValidationError as bad:
        raise Refusal(complaint(bad), code="invalid") from bad
    if tool.effect is Effect.PROPOSE:
        await (steps(call.turn) if call.turn.held else call.turn.kept())
    try:
        async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()):
            answer: Sourced = await tool.run(ask, call)
    except SignInRequired:
        raise
    except RuleBroken as no:
        raise Refusal(str(no), code=getattr(no, "code", type(no).__name__)) from no
    except TimeoutError as late:
        raise WorldFailed(f"{name} did not answer within {ANSWERS_WITHIN}", fix="ask again later") from late
    return answer


def too_long(answer: Sourced, words: str) -> bool:
    """Whether an answer is longer than may be told. `words` are what is told of it: they have spaces, and its
    mark, and are never shorter."""
    return len(words) > LONGEST_ANSWER and len(answer.model_dump_json()) > LONGEST_ANSWER


def complaint(bad: ValidationError) -> str:
    """Which fields are wrong and why: no inputs, no links."""
    found = bad.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in e['loc']) or 'question'}: {e['msg']}" for e in found)


async def _record(
    name: str,
    fields: Mapping[str, Any],
    call: Call,
    begun: tuple[datetime, int],
    words: str,
    *,
    answer: Sourced | None = None,
    refusal: str | None = None,
) -> None:
    turn = call.turn
    started_at, mono_ns = begun
    tool, text = asked_as(name, fields)
    *before, observed, ask = await words_of(turn, [*_texts(turn), words], text)
    outcome: Literal["answered", "refused"] = "answered" if answer else "refused"
    fact = ToolCalled(
        thread=turn.thread,
        call=call.id,
        agent=call.agent,
        tool=tool,
        ask=_sealed(ask),
        outcome=outcome,
        refusal=refusal,
        source=answer.source if answer else None,
        as_of=answer.as_of if answer else None,
        started_at=started_at,
        took_ms=(turn.clock.monotonic_ns() - mono_ns) // 1_000_000,
    )
    observation = ObservationMade(
        thread=turn.thread, call=call.id, agent=call.agent, tool=tool, outcome=outcome, words=observed
    )
    allowed = turn.desk.may_call(call.agent, name, held(call.agent, name).effect) if answer else ()
    await _put(turn, iter(before), (fact, observation), allowed)


def _sealed(words: Words) -> Sealed:
    """Raises IntegrityLost: they were kept elsewhere, where a question stands in its entry."""
    if words.sealed is None:
        raise IntegrityLost("a question was not sealed in its entry", fix="run `gatehouse doctor`")
    return words.sealed


def asked_as(name: str, fields: Mapping[str, Any]) -> tuple[str, str]:
    """How a question stands on record: its tool, in clear, and its words, to be sealed.

    A name that no tool of ours has could be anything, a client's too: it stands among the words.
    """
    if name in NAMES:
        return name, _text(fields)[:LONGEST_ASK]
    return UNKNOWN, _text({"tool": name, "arguments": dict(fields)})[:LONGEST_ASK]


async def refuse(name: str, fields: Mapping[str, Any], call: Call, no: Refusal) -> str:
    """Put a question on record that is not even put to its tool. What the model reads of it."""
    begun = (call.turn.clock.now(), call.turn.clock.monotonic_ns())
    says = refused(str(no))
    await _record(name, fields, call, begun, says, refusal=no.code)
    return says


def _text(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, default=str, ensure_ascii=False)
