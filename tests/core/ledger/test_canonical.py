"""The fast way to know an RFC 8785 text accepts nothing that the reference library does not."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.ledger.canonical import by_the_oracle, plainly

ENVELOPE: Final[dict[str, Any]] = {
    "event_id": "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000",
    "event_type": "StepTaken",
    "event_version": 1,
    "mono_ns": "1234567890123456",
    "occurred_at": "2022-12-29T15:00:00.000000Z",
    "payload": {},
    "policy_decisions": [],
    "stream": "thread/t",
    "stream_version": 12,
    "trace_id": "0" * 32,
}
many = settings(max_examples=400, deadline=None)
whole = st.text(st.characters(exclude_categories=["Cs"]))
ascii_words = st.text(st.characters(max_codepoint=127))
numbers = st.integers(-(10**15) + 1, 10**15 - 1)


def nested(words: st.SearchStrategy[str], leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | leaves | words,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=15,
    )


def text_of(payload: Any) -> bytes:
    return rfc8785.dumps({**ENVELOPE, "payload": payload})


@many
@given(payload=st.dictionaries(ascii_words, nested(ascii_words, numbers), max_size=5))
def test_every_text_of_our_domain_is_accepted_fast(payload: dict[str, Any]) -> None:
    """ASCII, whole numbers, any depth of lists and objects: no entry of ours waits for the slow way."""
    raw = text_of(payload)
    colliding = any(before + "0" * 16 in raw.decode().translate(ZEROS) for before in ":,[")
    found = plainly(raw)
    assert colliding or found is not None
    assert found is None or msgspec.to_builtins(found) == {**ENVELOPE, "payload": payload}


ZEROS: Final = str.maketrans("-123456789", "0" * 10)


def agrees(raw: bytes) -> None:
    """What the fast way accepts, the library writes exactly so, and reads the same in it."""
    found = plainly(raw)
    if found is not None:
        envelope, wrong = by_the_oracle(raw)
        assert wrong is None
        assert msgspec.to_builtins(found) == envelope


@many
@given(payload=st.dictionaries(whole, nested(whole, st.integers() | st.floats()), max_size=4), data=st.data())
def test_what_is_accepted_fast_the_library_accepts_whatever_the_values(
    payload: dict[str, Any], data: st.DataObject
) -> None:
    """Written by another hand: other escapes, blanks, order, exponents, numbers of any size."""
    envelope = {**ENVELOPE, "payload": payload}
    raw = json.dumps(
        envelope,
        ensure_ascii=data.draw(st.booleans()),
        sort_keys=data.draw(st.booleans()),
        separators=data.draw(st.sampled_from([(",", ":"), (", ", ": "), (",", ": ")])),
    ).encode(errors="surrogatepass")
    agrees(raw)


@many
@given(at=st.integers(0, 400), put=st.binary(max_size=3), cut=st.integers(0, 2))
def test_what_is_accepted_fast_the_library_accepts_whatever_the_bytes(at: int, put: bytes, cut: int) -> None:
    raw = text_of({"a": [1, -2, "x\n", {"b": None, "c": True}], "d": "é"})
    ascii_raw = text_of({"a": [1, -2, "x\n", {"b": None, "c": True}], "d": ""})
    for each in (raw, ascii_raw):
        agrees(each[:at] + put + each[at + cut :])


HOSTILE: Final[dict[str, str]] = {
    "a key twice": '{"a":1,"a":1}',
    "a key twice, deep": '{"a":{"b":1,"b":1}}',
    "blanks": '{"a": 1}',
    "a needless escape": '{"a":"\\u0041"}',
    "an escaped slash": '{"a":"\\/"}',
    "upper case hex": '{"a":"\\u001F"}',
    "an escaped delete": '{"a":"\\u007f"}',
    "half a pair": '{"a":"\\ud800"}',
    "a pair the wrong way round": '{"a":"\\udc00\\ud800"}',
    "beyond 2^53": '{"a":9007199254740993}',
    "beyond 2^53 in a list": '{"a":[1,9007199254740993]}',
    "beyond 2^53, first in a list": '{"a":[9007199254740993]}',
    "far below -2^53": '{"a":-9007199254740993}',
    "beyond 64 bits": '{"a":18446744073709551617}',
    "minus zero": '{"a":-0}',
    "an exponent": '{"a":1e2}',
    "a whole fraction": '{"a":1.0}',
    "a fraction with an end": '{"a":1.50}',
    "a leading zero": '{"a":01}',
    "keys out of order": '{"b":1,"a":1}',
    "not a number": '{"a":NaN}',
    "nested very deep": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
    "a raw control sign": '{"a":"\n"}',
    "a comma too many": '{"a":1,}',
    "a byte order mark": "\ufeff{}",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_texts_are_not_accepted(case: str) -> None:
    raw = text_of({}).replace(b'"payload":{}', b'"payload":' + HOSTILE[case].encode())
    assert plainly(raw) is None
    assert by_the_oracle(raw)[1] is not None


@pytest.mark.parametrize("payload", [{"€": 1}, {"a": "é"}, {"a": "\u2028"}, {"a": 2**53 - 1}, {"a": 1.5}])
def test_what_is_canonical_and_none_of_ours_goes_the_slow_way_and_passes(payload: dict[str, Any]) -> None:
    raw = text_of(payload)
    assert plainly(raw) is None
    assert by_the_oracle(raw) == ({**ENVELOPE, "payload": payload}, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("event_version", True), ("stream_version", "12"), ("payload", []), ("mono_ns", 1), ("more", 1)],
)
def test_an_envelope_of_another_form_is_none_of_ours(name: str, value: Any) -> None:
    assert plainly(rfc8785.dumps({**ENVELOPE, name: value})) is None


@many
@given(words=whole)
@example("\x7f")
@example("\x00\x1f\b\f\v")
def test_one_text_is_written_as_the_library_writes_it(words: str) -> None:
    agrees(text_of({"a": words, words: "a"}))
