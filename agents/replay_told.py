"""How a replay differs from the record: the first place to the byte, and the whole as a person reads it.

Rule 1: clocks, times and prices are left out: they are the first run's own. All else counts, also a space.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agents.recorded import Run
from agents.replay import Replayed

OF_THE_FIRST_RUN: Final = frozenset({"started_at", "took_ms", "cost_usd"})
NOTHING: Final = "(nothing)"
SHOWN: Final = 400  # characters of each side


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place that differs: run and entry count from 1."""

    run: int
    where: str
    recorded: str
    replayed: str


def first_difference(recorded: Sequence[Run], replayed: Sequence[Replayed]) -> Difference | None:
    """None: the same entries and the same answers, to the byte."""
    for number, (run, again) in enumerate(zip(recorded, replayed, strict=True), start=1):
        found = _of_entries(number, run.entries, again) or _of_answers(number, run, again)
        if found is not None:
            return found
        if again.broke:
            return Difference(number, "the end of the run", NOTHING, again.broke)
    return None


def _of_entries(number: int, before: Sequence[Mapping[str, Any]], again: Replayed) -> Difference | None:
    after = [one for one in again.entries if one["event_type"] != "RunBegun"]
    for place in range(max(len(before), len(after))):
        left = _lines(before[place]) if place < len(before) else {"": NOTHING}
        right = _lines(after[place]) if place < len(after) else {"": again.broke or NOTHING}
        for where in dict.fromkeys([*left, *right]):
            if left.get(where) != right.get(where):
                said = f"entry {place + 1}, {where or 'as a whole'}"
                return Difference(number, said, left.get(where, NOTHING), right.get(where, NOTHING))
    return None


def _of_answers(number: int, run: Run, again: Replayed) -> Difference | None:
    """By what was said: the same answer twice was journaled once."""
    after = {json.dumps(_answer(one), sort_keys=True): one for one in again.answers}
    for place, one in enumerate(run.answers):
        if json.dumps(_answer(one), sort_keys=True) not in after:
            other = again.answers[place]["text"] if place < len(again.answers) else again.broke or NOTHING
            return Difference(number, f"answer {place + 1}", str(one["text"]), str(other))
    return None


def _answer(one: Mapping[str, Any]) -> dict[str, Any]:
    cited = [[c["sentence"], c["source"]] for c in one["cited"]]
    return {"message": one["message"], "text": one["text"], "cited": cited, "model": one["model"]}


def _lines(entry: Mapping[str, Any]) -> dict[str, str]:
    """Each value by its path: `StepTaken.thought.said`."""
    return {"": entry["event_type"], **dict(_paths(entry["event_type"], entry["told"]))}


def _paths(at: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            if name not in OF_THE_FIRST_RUN:
                yield from _paths(f"{at}.{name}", inner)
    elif isinstance(value, list | tuple) and value:
        for place, inner in enumerate(value):
            yield from _paths(f"{at}[{place}]", inner)
    else:
        yield at, json.dumps(value, ensure_ascii=False)


def diff(recorded: Run, again: Replayed) -> list[str]:
    """What a person reads of how one run differs: a unified diff of both as they are told. Empty: not at
    all.
    """
    before = transcript(recorded.text, recorded.entries, recorded.answers)
    entries = [one for one in again.entries if one["event_type"] != "RunBegun"]
    after = transcript(recorded.text, entries, again.answers)
    if again.broke:
        after.append(f"ended: {again.broke}")
    return [*difflib.unified_diff(before, after, "recorded", "replayed", lineterm="", n=2)]


def transcript(
    text: str, entries: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]
) -> list[str]:
    """A run as it is read: who thought what, asked what and was told what."""
    lines = [f"advisor: {text}"] if text else ["(woken to look again)"]
    for entry in entries:
        told = entry["told"]
        match entry["event_type"]:
            case "StepTaken" if told["thought"]:
                lines += _said(told["agent"], told["model"], told["thought"]["said"] or "")
            case "ToolCalled":
                lines.append(f"{told['agent']} asks {told['tool']}: {told['ask']}")
            case "ObservationMade":
                lines.append(f"{told['tool']} {told['outcome']}: {told['words']}")
            case "DecisionTaken":
                chosen = ", ".join(told["chosen"])
                lines.append(f"{told['agent']} decides: {told['decision']} {chosen} ({told['because']})")
    for answer in answers:
        lines += [f"answer: {line}" for line in str(answer["text"]).splitlines()]
    return lines


def _said(agent: str, model: str, said: str) -> list[str]:
    return [f"{agent} ({model}): {line}" for line in said.splitlines() or [""]]


def shown(text: str) -> str:
    """One side of a difference, short enough for a line."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} [and {len(text) - SHOWN} characters more]"
