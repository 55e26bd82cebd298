"""The runs of a conversation, read from its record: what was asked, thought, told and answered, in order.

Rule 1: everything here is the record's own words, as its reader may see them. What she may not see, or what
    was forgotten, cannot be replayed, and she is told so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    UsageMetadata,
    message_chunk_to_message,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from typing_extensions import override

from agents import preferences
from agents.chain import Thinking, by
from agents.evidence import Decided, decision_taken
from agents.model import Thinker
from core.errors import IntegrityLost, NotFound, WorldFailed
from tools.contract import Preference
from tools.record import asked_as

OFFLINE: Final = "offline"
UNREADABLE: Final = frozenset({"[forgotten]", "[not in your book]"})

Entry = Mapping[str, Any]  # {"event_type", "trace", "told"}: as `GET /v1/audit/runs/{trace}` tells it


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool told: its answer, or its refusal by its code."""

    call: str
    tool: str
    ask: str
    says: str
    answer: Mapping[str, Any]
    refusal: str | None


@dataclass(slots=True)
class Run:
    """One run: from its first entry to the next run's. `message` is None where it was woken to look again."""

    trace: str
    model: str
    manifest: str
    message: str | None
    text: str
    preferences: tuple[Preference, ...]
    entries: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def thoughts(self) -> list[Mapping[str, Any]]:
        return [e["told"] for e in self.entries if e["event_type"] == "StepTaken" and e["told"]["thought"]]

    @property
    def steps(self) -> list[tuple[list[Mapping[str, Any]], Mapping[str, Any] | None]]:
        """Each thought with the switches to another model right before it; None: those that no thought
        followed. It ends with one such."""
        found: list[tuple[list[Mapping[str, Any]], Mapping[str, Any] | None]] = []
        switches: list[Mapping[str, Any]] = []
        for entry in self.entries:
            kind, told = entry["event_type"], entry["told"]
            if kind == "DecisionTaken" and told["decision"] == "switch":
                switches.append(told)
            elif kind == "StepTaken" and told["thought"]:
                found.append((switches, told))
                switches = []
        return [*found, (switches, None)]

    @property
    def head(self) -> str:
        """The model that the run began with: what is masked and checked goes by it, and so do the steps that
        no model took. A run in which another thought first was once recorded under that one's name."""
        steps = [one["told"] for one in self.entries if one["event_type"] == "StepTaken"]
        own = next((step["model"] for step in steps if not step["thought"]), None)
        if own is not None:
            return str(own)
        switch = next((each for switches, _ in self.steps for each in switches), None)
        if switch is None:
            return self.model
        before, after = switch["chosen"]
        return str(after if switch["because"] == "model_answers_again" else before)

    @property
    def instructions(self) -> dict[str, str]:
        """By agent, as they were then."""
        found: dict[str, str] = {}
        for step in self.thoughts:
            found.setdefault(step["agent"], step["thought"]["read"][0]["words"])
        return found

    @property
    def stopped(self) -> set[str]:
        """The agents that a person had stopped."""
        stops = (e["told"] for e in self.entries if e["event_type"] == "DecisionTaken")
        return {d["agent"] for d in stops if (d["decision"], d["because"]) == ("stop", "people_decided")}

    @property
    def told(self) -> list[Told]:
        """What its tools told, in order."""
        words = {
            e["told"]["call"]: e["told"]["words"]
            for e in self.entries
            if e["event_type"] == "ObservationMade"
        }
        found = []
        for call in (e["told"] for e in self.entries if e["event_type"] == "ToolCalled"):
            says = json.loads(words[call["call"]])
            found.append(
                Told(
                    call["call"], call["tool"], call["ask"], says.get("refused", ""), says.get("answer", {}),
                    call["refusal"],
                )
            )  # fmt: skip
        return found

    def told_of(self, call: str, tool: str, fields: Mapping[str, Any]) -> Told | None:
        """What it told at that call; with `call` empty, to that question wherever it was asked."""
        asked = asked_as(tool, fields)
        fitting = [one for one in self.told if (one.tool, one.ask) == asked]
        return next((one for one in fitting if call in ("", one.call)), None)

    @property
    def waits_for(self) -> dict[str, str]:
        """Whom each proposal waited for, as it was last told in this run."""
        shown = (one.answer for one in self.told if one.tool == "proposal_status" and one.refusal is None)
        return {one["proposal"]: one["waits_for"] for one in shown}


def runs(entries: Sequence[Entry]) -> list[Run]:
    """The runs of a conversation, oldest first. A run that was killed and went on is one.

    Raises:
        NotFound: there is none; or some of its words are not to be read any more.
        IntegrityLost: an entry stands where none can.
    """
    texts: dict[str, str] = {}
    found: list[Run] = []
    for entry in entries:
        told = entry["told"]
        if not UNREADABLE.isdisjoint(_words(told)):
            raise NotFound(
                "some words of this conversation are not to be read", fix="replay one of your own book"
            )
        match entry["event_type"]:
            case "MessageReceived":
                texts[told["message"]] = told["text"]
            case "RunBegun":
                _begin(found, entry, texts)
            case "AnswerGiven":
                _answered(found, told)
            case "ThreadOpened":
                pass
            case _ if found:
                found[-1].entries.append({"event_type": entry["event_type"], "told": told})
            case _:
                raise NotFound(
                    "this conversation is older than the entries that say how a run began",
                    fix="replay one that was recorded since",
                )
    if not found:
        raise NotFound("the copilot did nothing in this conversation", fix="copy the trace of a message")
    for run in found:
        run.entries = _last_of_each(run.entries)
    return found


def _begin(found: list[Run], entry: Entry, texts: Mapping[str, str]) -> None:
    told = entry["told"]
    message = told["message"]
    if found and message is not None and found[-1].message == message:
        return  # it was killed, and goes on
    if message is not None and message not in texts:
        raise IntegrityLost(
            f"no message {message!r} stands before its run", fix="run `gatehouse audit verify`"
        )
    shown = told["words"]
    stated = json.loads(shown.removeprefix(preferences.SAYS)) if shown else []
    mine = tuple(Preference(one["preference"], one["she_said"]) for one in stated)
    text = texts[message] if message is not None else ""
    found.append(Run(entry["trace"], told["model"], told["manifest"], message, text, mine))


def _answered(found: Sequence[Run], told: Mapping[str, Any]) -> None:
    """An answer is journaled by another process: it belongs to the last run that had none to its message."""
    for run in reversed(found):
        if run.message in (None, told["message"]):
            run.answers.append(told)
            return


def _words(told: Any) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping):
        for value in told.values():
            yield from _words(value)
    elif isinstance(told, list):
        for value in told:
            yield from _words(value)


def _last_of_each(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what was recorded, lost in a kill and done again: of equal steps the last, with what follows
    it.
    """
    groups: list[tuple[str, list[dict[str, Any]]]] = []
    for entry in entries:
        kind, told = entry["event_type"], entry["told"]
        if kind == "StepTaken":
            read = told["thought"]["read"] if told["thought"] else None
            groups.append((json.dumps([told["agent"], told["step"], read]), [entry]))
        elif kind == "ToolCalled":
            groups.append((told["call"], [entry]))
        elif groups:
            groups[-1][1].append(entry)
        else:
            groups.append(("", [entry]))
    last = {key: place for place, (key, _) in enumerate(groups)}
    return [one for place, (key, group) in enumerate(groups) if last[key] == place for one in group]


class RecordedModel(BaseChatModel):
    """Says what was said, in its order. Reads nothing."""

    thoughts: list[Any]
    at: int = 0

    @property
    @override
    def _llm_type(self) -> str:
        return "recorded"

    @override
    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(**kwargs)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next())])

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=self._next())

    def _next(self) -> AIMessageChunk:
        if self.at >= len(self.thoughts):
            raise ValueError("the record has no further thought")
        thought = self.thoughts[self.at]["thought"]
        self.at += 1
        return said(thought)


def said(thought: Mapping[str, Any]) -> AIMessageChunk:
    """A recorded thought as the model said it, with what was counted and claimed of it."""
    text, calls = thought["said"] or "", []
    if thought["asks"]:
        told = json.loads(text)
        text, calls = told["says"], told["asks"]
    pieces = [
        {"name": c["tool"], "args": _arguments(c["arguments"]), "id": f"recorded-{n}", "index": n}
        for n, c in enumerate(calls)
    ]
    read, written = thought["input_tokens"], thought["output_tokens"]
    usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    named = {"model_name": thought["answered_as"]} if thought["answered_as"] else {}
    return AIMessageChunk(
        content=text,
        tool_call_chunks=[{**piece, "type": "tool_call_chunk"} for piece in pieces],
        usage_metadata=None if thought["counted_by"] == "nobody" else usage,
        response_metadata=named,
    )


def _arguments(told: Any) -> str:
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def recorded_thinker(thoughts: Sequence[Mapping[str, Any]], model: str = OFFLINE) -> Thinker:
    """A model that says what that one said."""
    return Thinker(model, RecordedModel(thoughts=[*thoughts]), offline=model == OFFLINE)


def thinker_again(run: Run) -> Thinker:
    """The models of a recorded run as they thought: the one that it began with, each switch to another and
    back where it came, and each thought by whom it came."""
    return replace(recorded_thinker((), run.head), again=_Again(run))


class _Again:
    """Goes through the thoughts of a run, each with the switches that came right before it."""

    def __init__(self, run: Run) -> None:
        self._steps = run.steps
        self._at = 0

    async def __call__(self, one: Thinking, heard: Callable[[str], None]) -> tuple[AIMessage, Thinker]:
        """Raises WorldFailed: the record has no further thought."""
        switches, step = self._steps[min(self._at, len(self._steps) - 1)]
        if self._at < len(self._steps):
            for each in switches:
                decided = Decided("switch", each["because"], tuple(each["chosen"]))
                await decision_taken(one.context, each["agent"], decided)
        self._at += 1
        if self._at > len(self._steps) or step is None:
            raise WorldFailed("the record has no further thought", fix="replay what was recorded")
        thinker = recorded_thinker((), step["model"])
        with one.context.watch.chat(thinker) as counting:
            message = cast("AIMessage", message_chunk_to_message(said(step["thought"])))
            counting.counted(message)
        if message.text:
            heard(str(message.text))
        return by(message, thinker), thinker
