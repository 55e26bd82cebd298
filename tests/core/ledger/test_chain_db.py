"""The chain in Python and in the database: twins, and the text between them is RFC 8785."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import SetClock
from core.fact import Entry, PolicyDecision
from core.ids import ThreadId, TraceId, uuid7
from core.ledger.chain import EPOCH, GENESIS, Sealing, leaf, link
from core.ledger.envelope import payload_of, text_of, written
from core.people.events import StepTaken
from tests.fixtures.firm import TRACE, Firm

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
moments = st.integers(-60_000_000_000_000_000, 250_000_000_000_000_000).map(
    lambda us: EPOCH + timedelta(microseconds=us)
)


def test_a_leaf_is_what_the_design_spells_out() -> None:
    """By hand: 0x00, u64 7, u64 1,000,001 us, then three texts, each behind its u32 length in bytes."""
    entry = Sealing(7, EPOCH + timedelta(seconds=1, microseconds=1), "gh_gate", "gh_gate", "{é}")
    by_hand = (
        "00" + "0000000000000007" + "00000000000f4241"
        "00000007" + b"gh_gate".hex() + "00000007" + b"gh_gate".hex() + "00000004" + "7bc3a97d"
    )
    assert leaf(entry) == sha256(bytes.fromhex(by_hand)).digest()


def test_the_vectors_of_leaf_and_link_have_not_moved() -> None:
    first = leaf(Sealing(1, EPOCH, "gh_owner", "gh_owner", "{}"))
    # From coreutils: the bytes that the design spells out, by printf, through sha256sum.
    assert first.hex() == "bdeb73366aea919cedf760df92be3c4c1f64d0f12ecde283caca45eae16bfe48"
    assert link(GENESIS, first) == sha256(bytes(32) + first).digest()


@quick
@given(
    seq=st.integers(-(2**63), 2**63 - 1),
    at=moments,
    role=words,
    actor=words,
    text=words,
)
def test_python_and_the_database_make_the_same_leaf(
    shared_firm: Firm, seq: int, at: datetime, role: str, actor: str, text: str
) -> None:
    theirs = shared_firm.value(
        "superuser", "select gatehouse.leaf(%s, %s, %s, %s, %s)", seq, at, role, actor, text
    )
    assert leaf(Sealing(seq, at, role, actor, text)) == theirs


def test_two_entries_that_only_move_a_border_have_different_leaves() -> None:
    assert leaf(Sealing(1, EPOCH, "ab", "c", "d")) != leaf(Sealing(1, EPOCH, "a", "bc", "d"))


RFC_8785: list[tuple[str, str]] = [
    # Section 3.2.2, its strings and literals; numbers are strings in this house.
    (
        r"""{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}""",
        r"""{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}""",
    ),
    # Section 3.2.3: order of keys, as far as they are plain ASCII.
    ('{"1":"One","\\r":"CR"}', '{"\\r":"CR","1":"One"}'),
    ('{"b":{"z":"1","a":"2"},"a":[]}', '{"a":[],"b":{"a":"2","z":"1"}}'),
]


@pytest.mark.parametrize(("source", "canonical"), RFC_8785)
def test_the_libraries_text_is_that_of_the_rfc(source: str, canonical: str) -> None:
    assert rfc8785.dumps(json.loads(source)).decode() == canonical


@pytest.mark.parametrize(("source", "canonical"), [RFC_8785[0], RFC_8785[2]])
def test_the_databases_text_is_that_of_the_rfc(shared_firm: Firm, source: str, canonical: str) -> None:
    assert shared_firm.value("superuser", "select gatehouse.canonical(%s::jsonb)", source) == canonical


keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@quick
@given(value=st.dictionaries(keys, json_values, max_size=5))
def test_the_database_writes_every_value_as_rfc_8785_does(shared_firm: Firm, value: Any) -> None:
    theirs = shared_firm.value("superuser", "select gatehouse.canonical(%s::jsonb)", json.dumps(value))
    assert theirs == rfc8785.dumps(value).decode()


@pytest.mark.parametrize(
    "text", ['{"a":1.5}', '{"a":1e2}', '{"a":1000000000000000}', '{"é":1}', '{"a":{"b":-0}}', '{"a":1.0}']
)
def test_what_it_cannot_write_for_certain_is_not_the_text_that_came_in(shared_firm: Firm, text: str) -> None:
    assert shared_firm.value("superuser", "select gatehouse.canonical(%s::jsonb)", text) != text


@quick
@given(model=words, agent=words, policy=words, at=moments.map(lambda at: max(at, EPOCH)))
def test_the_envelopes_text_is_rfc_8785_whatever_the_words(
    model: str, agent: str, policy: str, at: datetime
) -> None:
    fact = StepTaken(thread=ThreadId("t"), agent=agent, step="plan", model=model)
    decisions = (PolicyDecision(policy, "pass"),)
    entry = Entry("thread/t", fact, TraceId(TRACE), policy_decisions=decisions)
    text = text_of(
        entry,
        payload_of(entry),
        event_id=uuid7(SetClock(at)),
        stream_version=3,
        occurred_at=written(at),
        mono_ns=2**60,
    )
    envelope = json.loads(text)
    assert rfc8785.dumps(envelope).decode() == text
    assert envelope["payload"]["model"] == model
    assert envelope["mono_ns"] == str(2**60)


def test_a_uuid7_has_the_fields_of_its_rfc() -> None:
    """RFC 9562 appendix A.6: 0x017F22E279B0 is 2022-02-22 19:22:22 UTC."""
    made = uuid7(SetClock(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)))
    assert made.hex.startswith("017f22e279b07")
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_what_the_append_writes_of_a_refusal_is_rfc_8785_and_chained(firm: Firm) -> None:
    (said,) = firm.append("gh_agent", {"text": 'hostile words that are no JSON \n\t" \\ é'})
    assert (said.answer, said.code) == ("refused", "malformed")
    row = firm.ask("superuser", "select * from gatehouse.journal order by seq desc limit 1")[0]
    envelope = json.loads(row["text"])
    assert rfc8785.dumps(envelope).decode() == row["text"]
    assert envelope["payload"]["code"] == "malformed"
    assert envelope["payload"]["attempted"] == "unknown"
    tried = 'hostile words that are no JSON \n\t" \\ é'
    assert envelope["payload"]["text_digest"] == sha256(tried.encode()).hexdigest()
    assert firm.verified().ok
