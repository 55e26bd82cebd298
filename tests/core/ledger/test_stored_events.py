"""Whatever was ever stored can be read: each kind in each version that landed, and what it reads as today.

`stored_events.jsonl` holds payloads as the journal stored them, and what they read as. (`from` is `fact`
where no journal had one yet: then it is what the fact writes.) `event_schemas.json` holds the digest of each
version's schema. Lines and digests of what has landed are never changed or taken out; only `reads_as` moves
with the newest version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import pytest
import rfc8785

from core.errors import IntegrityLost
from core.fact import Fact
from core.ids import ThreadId
from core.ledger import events
from core.ledger.events import KINDS, fact_of, fact_read
from core.ledger.upcasts import UPCASTS, Payload, brought_up

HERE: Final = Path(__file__).parent
LOCK: Final[dict[str, str]] = json.loads((HERE / "event_schemas.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Line:
    """One stored payload, verbatim."""

    event_type: str
    event_version: int
    payload: str
    reads_as: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.event_type}-{self.event_version}"


def lines() -> list[Line]:
    text = (HERE / "stored_events.jsonl").read_text(encoding="utf-8")
    told = [json.loads(line) for line in text.splitlines()]
    return [Line(t["event_type"], t["event_version"], t["payload"], t["reads_as"]) for t in told]


LINES: Final = lines()


def differing(line: Line, fact: Fact) -> str:
    """What to do when an old event reads otherwise than it did."""
    now = fact.model_dump(mode="json")
    if now == line.reads_as:
        return ""
    fields = sorted(
        {name for name in {*now, *line.reads_as} if now.get(name, ...) != line.reads_as.get(name, ...)}
    )
    return (
        f"a stored {line} now reads differently in {fields}. If a new version of it is meant to: write the "
        "new `reads_as` into its line. If not: the change breaks what is stored; undo it, or bump VERSION "
        "and write an upcast"
    )


def without_words(schema: Any) -> Any:
    """The schema without titles and descriptions: words may be mended, what fits may not change."""
    if isinstance(schema, dict):
        return {
            key: without_words(value)
            for key, value in schema.items()
            if key not in ("title", "description") or not isinstance(value, str)
        }
    return [without_words(one) for one in schema] if isinstance(schema, list) else schema


def schema_digest(kind: type[Fact]) -> str:
    """Of what is read and of what is written."""
    both = [without_words(kind.model_json_schema(mode=mode)) for mode in ("validation", "serialization")]
    return sha256(rfc8785.dumps(both)).hexdigest()


def lock_fault(kind: type[Fact]) -> str:
    """What is wrong with a kind against the lock, and what to do; empty: nothing."""
    name = f"{kind.event_type()} {kind.VERSION}"
    digest = schema_digest(kind)
    if name not in LOCK:
        return f'{name} is new: add "{name}": "{digest}" to event_schemas.json, and a stored line'
    if LOCK[name] == digest:
        return ""
    return (
        f"the schema of {name} changed, and events of it are stored. Give it VERSION {kind.VERSION + 1}; "
        f"write the step ({kind.event_type()!r}, {kind.VERSION}) in core/ledger/upcasts.py; add a migration "
        "that sets gatehouse.event_kind.version; add the digest and a stored line of the new version, and "
        "leave those of the old one as they are"
    )


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_stored_event_reads_as_it_did(line: Line) -> None:
    payload = json.loads(line.payload)
    assert rfc8785.dumps(payload).decode() == line.payload, "a line is not to be rewritten"
    fact = fact_read(line.event_type, line.event_version, line.payload.encode())
    assert not differing(line, fact), differing(line, fact)
    assert fact_of(line.event_type, line.event_version, payload) == fact


def test_every_version_of_every_kind_has_a_stored_line() -> None:
    stored = {(line.event_type, line.event_version) for line in LINES}
    landed = {(name, version) for name, kind in KINDS.items() for version in range(1, kind.VERSION + 1)}
    assert landed - stored == set(), "add a payload of it, as the journal stored it, to stored_events.jsonl"
    assert stored - landed == set(), "these were stored: their kind must stay readable"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_schema_stays_as_it_is_within_its_version(kind: type[Fact]) -> None:
    assert not lock_fault(kind), lock_fault(kind)


def test_every_version_that_landed_has_its_schema_in_the_lock() -> None:
    landed = {f"{name} {v}" for name, kind in KINDS.items() for v in range(1, kind.VERSION + 1)}
    assert {*LOCK} == landed


def test_every_version_that_ended_has_its_step() -> None:
    ended = {(name, version) for name, kind in KINDS.items() for version in range(1, kind.VERSION)}
    assert {*UPCASTS} == ended


# The guards themselves ------------------------------------------------------------------------------------


class StepTaken(Fact):
    """A kind whose schema somebody changes without a version: a field that readers need and nobody wrote."""

    VERSION: ClassVar[int] = 2
    thread: ThreadId
    mood: str


def test_a_change_without_a_version_is_found_and_told_how_to_mend() -> None:
    says = lock_fault(StepTaken)
    assert "the schema of StepTaken 2 changed" in says
    assert "VERSION 3" in says
    assert "('StepTaken', 2) in core/ledger/upcasts.py" in says


def test_a_closed_set_that_loses_a_word_is_a_change() -> None:
    class Before(Fact):
        step: Literal["plan", "think"]

    class After(Fact):
        step: Literal["plan"]

    assert schema_digest(Before) != schema_digest(After)


def test_mended_words_are_no_change() -> None:
    def kind(says: str) -> type[Fact]:
        return type("Said", (Fact,), {"__doc__": says, "__annotations__": {"title": str}})

    assert schema_digest(kind("One thing.")) == schema_digest(kind("Another."))
    assert "title" in without_words(kind("x").model_json_schema())["properties"]


def test_a_broken_stored_event_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KINDS", {**KINDS, "StepTaken": StepTaken})
    [line] = [line for line in LINES if str(line) == "StepTaken-2"][:1]
    with pytest.raises(IntegrityLost, match="a stored StepTaken does not fit its kind"):
        fact_read(line.event_type, line.event_version, line.payload)


# Steps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 3, 9999])
def test_a_version_that_nobody_knows_is_not_guessed_at(version: int) -> None:
    with pytest.raises(
        IntegrityLost, match=f"'StepTaken' version {version}, which this version does not know"
    ):
        fact_of("StepTaken", version, {"thread": "thr-1"})


def test_a_kind_that_nobody_knows_is_not_guessed_at() -> None:
    with pytest.raises(IntegrityLost, match="'StepUndone' version 1"):
        fact_of("StepUndone", 1, {})


@pytest.mark.parametrize("payload", [b"[]", b"nonsense", b'"text"'])
def test_what_is_no_object_is_no_event_of_an_older_version(payload: bytes) -> None:
    with pytest.raises(IntegrityLost, match="does not fit its kind"):
        fact_read("StepTaken", 1, payload)


@pytest.mark.parametrize(("name", "version"), UPCASTS)
@pytest.mark.parametrize("payload", [{}, {"thread": None}, {"prompt_digest": [1], "input_tokens": {"a": 1}}])
def test_a_step_takes_whatever_was_stored_and_leaves_it_as_it_is(
    name: str, version: int, payload: Payload
) -> None:
    before = json.dumps(payload)
    brought_up(name, version, payload, to=version + 1)
    assert json.dumps(payload) == before


SAME: Final = {"thread": "t", "agent": "portfolio", "step": "think", "model": "m", "took_ms": 5}


def test_a_thought_of_version_1_keeps_its_prompt_and_tokens() -> None:
    """What was said of a model is now said of its thought; what nobody recorded is not made up."""
    old = {
        **SAME,
        "prompt_digest": "ab",
        "input_tokens": 11,
        "output_tokens": 7,
    }
    assert brought_up("StepTaken", 1, old, to=2) == {
        **SAME,
        "thought": {"prompt_digest": "ab", "input_tokens": 11, "output_tokens": 7, "counted_by": "endpoint"},
    }


def test_a_step_of_version_1_that_no_model_took_has_no_thought() -> None:
    old = {"thread": "t", "prompt_digest": None, "input_tokens": 0, "output_tokens": 0}
    assert brought_up("StepTaken", 1, old, to=2) == {"thread": "t"}


def test_an_approval_of_version_1_was_a_principals_and_unproven() -> None:
    """Under version 1 the law let principals alone; nothing else is made up."""
    old = {"proposal": "p", "digest": "d", "reasons": []}
    assert brought_up("ProposalApproved", 1, old, to=2) == {**old, "capacity": "principal", "step_up": None}


def test_what_came_back_under_version_1_has_no_comment_on_a_line() -> None:
    assert brought_up("ProposalReturned", 1, {"comment": 1}, to=2) == {"comment": 1, "comments": []}


def test_a_registration_of_version_1_is_as_it_was() -> None:
    old = {"person": "p", "registration": "S24", "valid_from": "2011-09-06", "valid_until": None}
    assert brought_up("RegistrationRecorded", 1, old, to=2) == old
