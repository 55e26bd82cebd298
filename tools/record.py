"""How a tool is asked: validated once, run, and recorded whatever came of it.

Rule 1: every question of an agent becomes a `ToolCalled` entry before its answer is used. Where the entry
    cannot be made, there is no answer.
Rule 2: the words of the question are sealed; of the answer there is only the digest.
Rule 3: a broken rule of core's is a refusal that the model may read; a failed world ends the run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from pydantic import ValidationError

from core.errors import NotFound, RuleBroken, SignInRequired, WorldFailed
from core.ids import Digest, SubjectId
from core.people.events import StepTaken, ToolCalled
from tools.catalog import held
from tools.contract import Call, Refusal, Sourced, Turn

ANSWERS_WITHIN: Final = timedelta(seconds=20)
LONGEST_ASK: Final = 4_000  # characters of JSON
LONGEST_ANSWER: Final = 60_000


async def asked(name: str, fields: Mapping[str, Any], call: Call) -> Sourced:
    """The answer of the tool `name`, with the question on record.

    Raises:
        Refusal: the tool, its validation or a rule of core's said no. On record too.
        WorldFailed: it took too long, or the record could not be made.
        SignInRequired: the session has ended.
    """
    started = call.turn.clock.monotonic_ns()
    try:
        answer = await _answered(name, fields, call)
    except Refusal as no:
        await _record(name, fields, call, started, refusal=no.code)
        raise
    await _record(name, fields, call, started, answer=answer)
    return answer


async def step(turn: Turn, taken: StepTaken) -> None:
    """Put one step of the graph on record."""
    await turn.desk.record(turn.trace, taken)


async def _answered(name: str, fields: Mapping[str, Any], call: Call) -> Sourced:
    tool = held(call.agent, name)
    if len(_text(fields)) > LONGEST_ASK:
        raise Refusal(
            f"the question is longer than {LONGEST_ASK} characters; ask less at once", code="too_long"
        )
    try:
        ask = tool.ask.model_validate(fields)
    except ValidationError as bad:
        raise Refusal(complaint(bad), code="invalid") from bad
    try:
        async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()):
            answer: Sourced = await tool.run(ask, call)
    except SignInRequired:
        raise
    except RuleBroken as no:
        raise Refusal(str(no), code=getattr(no, "code", type(no).__name__)) from no
    except TimeoutError as late:
        raise WorldFailed(f"{name} did not answer within {ANSWERS_WITHIN}", fix="ask again later") from late
    if len(answer.model_dump_json()) > LONGEST_ANSWER:
        raise Refusal(
            f"the answer is longer than {LONGEST_ANSWER} characters; narrow the question", code="too_long"
        )
    return answer


async def speaker(turn: Turn) -> SubjectId:
    """Whose words a thread holds: its household's, or the advisor's own where none is pinned.

    Raises:
        NotFound: the asker has no book.
    """
    if turn.household is not None:
        return SubjectId(turn.household)
    lines = await turn.desk.households()
    if not lines:
        raise NotFound("there are no households in your book", fix="ask operations to assign you some")
    return SubjectId(lines[0].advisor)


def complaint(bad: ValidationError) -> str:
    """Which fields are wrong and why: no inputs, no links."""
    found = bad.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in e['loc']) or 'question'}: {e['msg']}" for e in found)


async def _record(
    name: str,
    fields: Mapping[str, Any],
    call: Call,
    started: int,
    *,
    answer: Sourced | None = None,
    refusal: str | None = None,
) -> None:
    turn = call.turn
    sealed = await turn.people.seal("ask", await speaker(turn), _text(fields)[:LONGEST_ASK])
    digest = Digest(sha256(answer.model_dump_json().encode()).hexdigest()) if answer else None
    fact = ToolCalled(
        thread=turn.thread,
        call=call.id,
        agent=call.agent,
        tool=name[:60],
        ask=sealed,
        outcome="answered" if answer else "refused",
        refusal=refusal,
        answer_digest=digest,
        source=answer.source if answer else None,
        as_of=answer.as_of if answer else None,
        took_ms=(turn.clock.monotonic_ns() - started) // 1_000_000,
    )
    await turn.desk.record(turn.trace, fact)


def _text(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, default=str, ensure_ascii=False)
