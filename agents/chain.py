"""Who thinks a thought: the first model that can, within its budget; in the end the one by rule.

Rule 1: a model that fails is passed over at once, and rests (`agents.breaker`); each switch is on record with
    its reason, back again too.
Rule 2: no call of an endpoint is made that the database has not reserved. Where a budget has ended, or cannot
    be asked, the offline model goes on with what is known by then, and says so.
Rule 3: an answer that cannot be read is asked for once more, then the next model thinks.
Rule 4: who thought is written on the message: what an answer says of its model is what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from langchain_core.messages import AIMessage, AnyMessage

from agents.evidence import Decided, decision_taken
from agents.model import MOST_TOKENS, Thinker, Unusable, offline, think
from agents.offline.model import NAME as OFFLINE
from agents.state import Context
from core.errors import WorldFailed
from core.ids import MessageId
from core.people.events import Reason
from tools.spending import Reserved, Spent, reserved, settled

BY: Final = "thought_by"
MOST_CLAIMED: Final = 10**8  # tokens of one call
A_TOKEN: Final = 3  # characters, at least: what a call reads is reserved a little too large
REASONS: Final[dict[str, Reason]] = {
    "unreachable": "model_unreachable",
    "late": "model_late",
    "refused": "model_refused",
    "rubbish": "model_rubbish",
}
NO_MODEL: Final = "The model does not answer just now, so this was answered by rule. "
NO_BUDGET: Final = (
    "I stopped asking the model here: {what} that models may use are used up. "
    "What follows is what is known by then, put in words by rule. "
)
FIX: Final = (
    "ask again, or check OPENAI_BASE_URL, OPENAI_API_KEY and GATEHOUSE_MODEL with `gatehouse doctor --model`"
)

Schemas = Sequence[dict[str, Any]]
Heard = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Thinking:
    """What is to be thought, by which agent, for which message of hers."""

    context: Context
    agent: str
    asked: MessageId
    messages: Sequence[AnyMessage]  # as they are: for the model by rule, which is in this process
    masked: Sequence[AnyMessage]  # for every model that is not
    schemas: Schemas


async def thought_of(one: Thinking, heard: Heard) -> tuple[AIMessage, Thinker]:
    """The thought, and whose it is.

    Raises:
        WorldFailed: no model answered, and the settings name none that always does.
        SignInRequired: the session has ended.
    """
    if one.context.thinker.again is not None:
        return await one.context.thinker.again(one, heard)
    line = _line(one)
    last: Unusable | None = None
    for place, thinker in enumerate(line):
        if thinker.offline:
            return await _by_rule(one, thinker, NO_MODEL if place else "", heard)
        # The last in line is asked even so: where it does not answer, nobody does.
        if thinker is not line[-1] and not thinker.breaker.admits(_now(one)):
            continue
        following = next((t for t in line[place + 1 :] if t.offline or not t.breaker.resting), None)
        try:
            found = await _asked(one, thinker, heard)
        except Unusable as no:
            last = no
            if following is not None:
                await _switched(one, thinker, following, REASONS[no.why])
            continue
        if isinstance(found, Spent):
            rule = offline()
            await _switched(one, thinker, rule, "budget_spent")
            return await _by_rule(one, rule, NO_BUDGET.format(what=found.says), heard)
        if thinker.breaker.answered() and following is not None:
            await _switched(one, following, thinker, "model_answers_again")
        return by(found, thinker), thinker
    raise WorldFailed(str(last), fix=FIX) from last


def thought_by(messages: Sequence[AnyMessage]) -> tuple[str, ...]:
    """The models that these messages come from, each once, in order; none for what no model wrote."""
    names = [m.response_metadata.get(BY) for m in messages if isinstance(m, AIMessage)]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def signed(messages: Sequence[AnyMessage], context: Context) -> tuple[str, bool]:
    """The model that spoke last, and whether all that was thought was thought by rule."""
    names = thought_by(messages)
    if not names:
        return context.thinker.name, context.thinker.offline
    return names[-1], set(names) == {OFFLINE}


def _line(one: Thinking) -> list[Thinker]:
    """A step's own model, then the first, then those that it falls back on."""
    head = one.context.thinker
    found = [head.steps[one.agent]] if one.agent in head.steps else []
    following: Thinker | None = head
    while following is not None:
        found.append(following)
        following = following.then
    return found


def _now(one: Thinking) -> int:
    return one.context.turn.clock.monotonic_ns()


async def _asked(one: Thinking, thinker: Thinker, heard: Heard) -> AIMessage | Spent:
    """Ask it, and once more where its answer cannot be read; each a call that was reserved.

    Raises:
        Unusable: it failed. Where it would again, it rests.
    """
    try:
        return await _once(one, thinker, heard)
    except Unusable as no:
        if no.why != "rubbish":
            raise
    try:
        return await _once(one, thinker, heard)
    except Unusable:
        thinker.breaker.failed(_now(one))  # twice rubbish: it is not asked a third time just now
        raise


async def _once(one: Thinking, thinker: Thinker, heard: Heard) -> AIMessage | Spent:
    reservation = await _reserved(one, thinker)
    if isinstance(reservation, Spent):
        return reservation
    try:
        with one.context.watch.chat(thinker) as counting:
            message = await think(thinker, one.masked, one.schemas, heard)
            counting.counted(message)
    except Unusable as no:
        await settled(one.context.turn, reservation, None)
        structlog.get_logger("copilot").warning("model", model=thinker.name, why=no.why)
        if no.lasting:
            thinker.breaker.failed(_now(one))
        raise
    await settled(one.context.turn, reservation, _counted(message))
    return message


def _counted(message: AIMessage) -> tuple[int, int] | None:
    """Read and written, as the endpoint claims it; None where that can be no count."""
    usage = message.usage_metadata
    read, written = (_count(usage["input_tokens"]), _count(usage["output_tokens"])) if usage else (None, None)
    return None if read is None or written is None else (read, written)


def _count(claimed: object) -> int | None:
    return claimed if isinstance(claimed, int) and 0 <= claimed <= MOST_CLAIMED else None


async def _reserved(one: Thinking, thinker: Thinker) -> Reserved | Spent:
    letters = sum(len(str(m.text)) for m in one.masked) + sum(len(str(each)) for each in one.schemas)
    try:
        return await reserved(
            one.context.turn,
            one.asked,
            model=thinker.name,
            tokens=(letters // A_TOKEN + 1, MOST_TOKENS),
            within=thinker.waits.whole,
        )
    except WorldFailed as no:
        raise Unusable(thinker.name, "unreachable", "its budget could not be asked", lasting=False) from no


async def _by_rule(one: Thinking, thinker: Thinker, why: str, heard: Heard) -> tuple[AIMessage, Thinker]:
    """The offline model's thought. Where it speaks in another's place, it says that first."""
    said = False

    def hears(text: str) -> None:
        nonlocal said
        heard(text if said else why + text)
        said = True

    with one.context.watch.chat(thinker) as counting:
        message = await think(thinker, one.messages, one.schemas, hears)
        counting.counted(message)
    spoken = message.model_copy(update={"content": why + str(message.text)}) if message.text else message
    return by(spoken, thinker), thinker


def by(message: AIMessage, thinker: Thinker) -> AIMessage:
    """The message with the name of the model that thought it."""
    return message.model_copy(update={"response_metadata": {**message.response_metadata, BY: thinker.name}})


async def _switched(one: Thinking, before: Thinker, after: Thinker, because: Reason) -> None:
    await decision_taken(one.context, one.agent, Decided("switch", because, (before.name, after.name)))
