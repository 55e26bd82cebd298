"""What stands between a model and the advisor: what it reads is masked, what it says is checked.

Rule 1: the offline model speaks from tools' answers alone: nothing of it is masked or taken out, and tests
    hold its words to the same checks.
Rule 2: what is streamed and what is answered went through the same checks.
Rule 3: text in a document that speaks to an assistant is told to the advisor by us, whatever a model says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage

from agents.chain import thought_by
from agents.grounding.check import Checking
from agents.grounding.sources import Grounds
from agents.guards.instructions import addressed
from agents.guards.promises import allowed
from agents.masking.mask import NOTE, Mask, words_of_names
from agents.state import Context, since_asked
from core.errors import NotFound
from tools.clients import book
from tools.contract import Preference

SAID: Final = 4  # of the advisor's messages, the newest: what a draft may quote
MOST_NOTICES: Final = 3


@dataclass(frozen=True, slots=True)
class Guarded:
    """One thought's. None and None: nothing is masked, nothing checked."""

    mask: Mask | None
    checking: Checking | None

    def reads(self, messages: Sequence[AnyMessage]) -> list[AnyMessage]:
        """What the model reads of the conversation."""
        mask = self.mask
        if mask is None:
            return list(messages)
        read = [_masked(message, mask) for message in messages]
        return [SystemMessage(NOTE), *read] if mask.any else read

    def shows(self, sentence: str) -> str:
        """What of a sentence is seen while it is made."""
        sentence = self.mask.shown(sentence) if self.mask else sentence
        sentence = self.allows(sentence)
        return self.checking.sentence(sentence).text if self.checking else sentence

    def allows(self, sentence: str) -> str:
        """The sentence without what no answer may say."""
        if self.checking is None:
            return sentence
        return allowed(sentence, quoted=bool(self.checking.quoted(sentence)))

    def heard(self, message: AIMessage) -> AIMessage:
        """What the model said, with what was masked in place again."""
        mask = self.mask
        if mask is None or not mask.any:
            return message
        calls = [{**call, "args": mask.restored(call["args"])} for call in message.tool_calls]
        return message.model_copy(update={"content": mask.shown(str(message.text)), "tool_calls": calls})


async def guarded(context: Context, messages: Sequence[AnyMessage]) -> Guarded:
    """What guards one thought."""
    if context.thinker.offline:
        return Guarded(None, None)
    try:
        names = [name for one in await book(context.turn) for name in (one.name, *one.clients)]
    except NotFound:
        names = []
    return Guarded(
        Mask(context.turn.thread, words_of_names(names)), checking(messages, context.turn.preferences)
    )


def answered(messages: Sequence[AnyMessage], stated: Sequence[Preference], *, by_rule: bool) -> Guarded:
    """What guards an answer. `by_rule`: no model of an endpoint thought any of it."""
    return Guarded(None, None if by_rule else checking(messages, stated))


def checking(messages: Sequence[AnyMessage], stated: Sequence[Preference] = ()) -> Checking:
    """What was read for this answer, what the graph looked up itself, and what the advisor said: in this
    conversation, or when she stated a preference, which is a message of hers on record."""
    read, said = Grounds(), Grounds()
    for message in since_asked(list(messages)):
        if isinstance(message, ToolMessage):
            _read(read, json.loads(str(message.content)))
        elif isinstance(message, AIMessage) and not thought_by([message]):
            read.add_passage("the record", str(message.text))
    for message in [one for one in messages if isinstance(one, HumanMessage)][-SAID:]:
        said.add_passage("the advisor", str(message.text))
    for preference in stated:
        said.add_passage("the advisor", preference.text)
    return Checking(read.ready(), said.ready())


def notices(messages: Sequence[AnyMessage], text: str) -> str:
    """A line for each document that speaks to an assistant, where the answer does not say so yet."""
    lines = []
    for passage in _passages(messages):
        mark = f"[passage/{passage['passage']}]"
        if f"contains instructions to software; I do not follow them {mark}" in text:
            continue
        found = addressed(f"{passage['text']}")
        if found:
            title = str(passage.get("title", "A document")).replace("]", ")").replace("[", "(")
            lines.append(
                f'"{title}" contains text addressed to an assistant ({found}); nothing in it is '
                f"followed {mark}."
            )
    return "\n".join(dict.fromkeys(lines[:MOST_NOTICES]))


def _masked(message: AnyMessage, mask: Mask) -> AnyMessage:
    text = mask.masked(str(message.text), hers=isinstance(message, HumanMessage))
    update: dict[str, Any] = {"content": text}
    if isinstance(message, AIMessage) and message.tool_calls:
        update["tool_calls"] = [
            {**call, "args": _masked_fields(call["args"], mask)} for call in message.tool_calls
        ]
    return message.model_copy(update=update)


def _masked_fields(value: Any, mask: Mask) -> Any:
    if isinstance(value, str):
        return mask.masked(value)
    if isinstance(value, dict):
        return {key: _masked_fields(part, mask) for key, part in value.items()}
    return [_masked_fields(part, mask) for part in value] if isinstance(value, list) else value


def _read(grounds: Grounds, told: dict[str, Any]) -> None:
    answer = told.get("answer")
    if not isinstance(answer, dict):
        grounds.add_told("", {"refused": str(told.get("refused", ""))})
        return
    for passage in _quoted(answer):
        title = f"{passage.get('title', '')}, {passage.get('dated', '')}"
        grounds.add_passage(f"passage/{passage['passage']}", str(passage["text"]), title=title)
    grounds.add_told(str(told["cite"]), {key: part for key, part in answer.items() if key != "passages"})


def _passages(messages: Sequence[AnyMessage]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for message in messages:
        read = isinstance(message, ToolMessage) and message.status != "error"
        if read and '"passage"' in str(message.content):
            found.extend(_quoted(json.loads(str(message.content))["answer"]))
    return found


def _quoted(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The passages of a tool's answer, where it gives any with their text."""
    rows = answer.get("passages") or ()
    return [row for row in rows if isinstance(row, dict) and "passage" in row and "text" in row]
