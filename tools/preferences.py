"""What the advisor prefers: noted from her own words, listed, and erased where she asks for it.

Rule 1: a preference is a place in her own message. What a document or a model says cannot be one.
Rule 2: it is data: it changes no limit, approves nothing and gives no right, and no tool reads it for what
    to do.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from core.orders.events import Span
from core.people.sentences import in_sentences
from tools.contract import Ask, Call, Effect, Preference, Refusal, Said, Sourced, Tool
from tools.trading import WORDS, span_of

STATES: Final = re.compile(
    r"\b(?:remember|note that|from now on|always|never|prefer(?:s|red)?|call me|by default|usually|rather|"
    r"(?:i|we|they|she|he) (?:like|want|hate|dislike)s?|avoid|keep|don[\u2019']t|do not)\b",
    re.IGNORECASE,
)
ERASES: Final = re.compile(r"\b(?:forget|erase|delete|remove|drop|no longer)\b", re.IGNORECASE)
LONGEST: Final = 500  # characters; the append refuses more


class KeepAsk(Ask):
    preference_words: str = Field(max_length=LONGEST, description=f"the preference that she states, {WORDS}")


class EraseAsk(Ask):
    preference: str = Field(max_length=LONGEST, description="its id, or words of it that she wrote")


class ListAsk(Ask):
    pass


class Noted(Sourced):
    """`held`: in the words that are shown from now on. Nothing else changed."""

    preference: str
    held: str


class Erased(Sourced):
    preference: str
    text: str


class Line(Ask):
    preference: str
    text: str


class Listed(Sourced):
    preferences: tuple[Line, ...]


async def keep_preference(ask: KeepAsk, call: Call) -> Noted:
    """Note a lasting preference that the advisor states in her message, as how to be called or which lots
    she sells.

    Pass her own words. It is kept as data and shown to you later: it changes no limit, approves nothing,
    drafts nothing. A single order or question is no preference.
    """
    turn = call.turn
    span = span_of("preference", ask.preference_words, call.said)
    if span is None:
        raise Refusal("those words do not stand in the advisor's message; copy her words", code="not_said")
    said = _message(call, span)
    held = in_sentences(said.text, span.start, span.end)
    if STATES.search(held) is None:
        raise Refusal(
            "that states no lasting preference; ask her to write it as: remember that ...", code="not_said"
        )
    kept = await turn.desk.keep_preference(
        span, thread=turn.thread, agent=call.agent, trace=turn.trace, key=call.key("preference")
    )
    return Noted(source="the advisor's own message", as_of=turn.clock.now(), preference=kept, held=held)


async def preferences(ask: ListAsk, call: Call) -> Listed:
    """The preferences that the advisor stated earlier, in her words, each with its id. Reads only."""
    lines = tuple(Line(preference=one.id, text=one.text) for one in call.turn.preferences)
    return Listed(source="the advisor's own messages", as_of=call.turn.clock.now(), preferences=lines)


async def erase_preference(ask: EraseAsk, call: Call) -> Erased:
    """Erase one preference, where the advisor's message asks for it: named by its id, or by words of it.

    It is shown to nobody any more. Her message stays in the record.
    """
    turn = call.turn
    asked = _asked(call)
    one = _one(ask.preference, turn.preferences)
    await turn.desk.erase_preference(one.id, asked=asked, agent=call.agent, trace=turn.trace)
    return Erased(
        source="the advisor's own message", as_of=turn.clock.now(), preference=one.id, text=one.text
    )


def _message(call: Call, span: Span) -> Said:
    return next(one for one in call.said if one.message == span.message)


def _asked(call: Call) -> Span:
    """Where her newest message asks for it."""
    newest = call.said[0]
    found = ERASES.search(newest.text)
    if found is None:
        raise Refusal("her message does not ask to erase one; ask her to write it", code="not_said")
    return Span(field="kind", message=newest.message, start=found.start(), end=found.end())


def _one(words: str, known: tuple[Preference, ...]) -> Preference:
    wanted = " ".join(re.findall(r"\w+", words.casefold()))
    found = [one for one in known if one.id == words.strip()] or [
        one for one in known if wanted and wanted in " ".join(re.findall(r"\w+", one.text.casefold()))
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refusal("no preference of hers says that", code="not_found")
    which = "; ".join(f"{one.text} ({one.id})" for one in found[:5])
    raise Refusal(f"which one? {which}", code="ambiguous")


KEEP_PREFERENCE: Final = Tool("keep_preference", KeepAsk, Effect.PROPOSE, keep_preference)
PREFERENCES: Final = Tool("preferences", ListAsk, Effect.READ, preferences)
ERASE_PREFERENCE: Final = Tool("erase_preference", EraseAsk, Effect.PROPOSE, erase_preference)
