"""The fast way to know an RFC 8785 text accepts nothing that the reference library does not."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.ledger.canonical import Copies, by_the_oracle, plainly
from tests.fixtures.counts import count

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
many = settings(max_examples=count(150, whole=400), deadline=None)
whole = st.text(st.characters(exclude_categories=["Cs"]))
words = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
numbers = st.integers(-(2**53) + 1, 2**53 - 1)


def nested(names: st.SearchStrategy[str], leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | leaves | names,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=15,
    )


def text_of(payload: Any) -> bytes:
    return rfc8785.dumps({**ENVELOPE, "payload": payload})


def copies_of(*envelopes: dict[str, Any]) -> Copies:
    return Copies(*([envelope[name] for envelope in envelopes] for name in Copies._fields))


def accepted(raw: bytes) -> bool:
    """Fast, beside the columns of `ENVELOPE`."""
    return plainly([raw], copies_of(ENVELOPE))


def depth(value: Any) -> int:
    if not isinstance(value, list | dict):
        return 0
    return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)


@many
@given(payload=st.dictionaries(words, nested(words, numbers), max_size=5))
def test_every_text_of_our_domain_is_accepted_fast(payload: dict[str, Any]) -> None:
    """Whole numbers, characters of up to three bytes, seven levels: none of ours goes the slow way."""
    assert accepted(text_of(payload)) or depth(payload) > 7


def agrees(raw: bytes, envelope: dict[str, Any] = ENVELOPE) -> bool:
    """What the fast way accepts, the library writes exactly so, and every column repeats it."""
    found = plainly([raw], copies_of(envelope))
    if found:
        _said(raw, envelope)
    return found


def _said(raw: bytes, envelope: dict[str, Any]) -> None:
    said, wrong = by_the_oracle(raw)
    assert wrong is None
    assert said is not None
    assert said.keys() == ENVELOPE.keys()
    for name in Copies._fields:
        assert (type(said[name]), said[name]) == (type(envelope[name]), envelope[name])


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
    assert not accepted(raw)
    assert by_the_oracle(raw)[1] is not None


@pytest.mark.parametrize(
    "payload", [{"a": "\U0001f600"}, {"\U0001f600": 1, "\ufb33": 2}, {"a": 1.5}, {"a": [[[[[[[1]]]]]]]}]
)
def test_what_is_canonical_and_none_of_ours_goes_the_slow_way_and_passes(payload: dict[str, Any]) -> None:
    raw = text_of(payload)
    assert not accepted(raw)
    assert by_the_oracle(raw) == ({**ENVELOPE, "payload": payload}, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("event_version", True), ("stream_version", "12"), ("payload", []), ("mono_ns", 1), ("more", 1)],
)
def test_an_envelope_of_another_form_is_none_of_ours(name: str, value: Any) -> None:
    changed = {**ENVELOPE, name: value}
    assert not plainly([rfc8785.dumps(changed)], copies_of(changed))


@many
@given(said=whole)
@example("\x7f")
@example("\x00\x1f\b\f\v")
@example("\u2028\ufb33\uffff")
def test_one_text_is_written_as_the_library_writes_it(said: str) -> None:
    envelope = {
        **ENVELOPE,
        "payload": {"a": said, said: "a", "\uffff": "z"},
        "stream": said,
        "trace_id": said,
    }
    assert agrees(rfc8785.dumps(envelope), envelope) is (max(said, default="") <= "\uffff")


envelopes = st.fixed_dictionaries(
    {
        **dict.fromkeys(("event_id", "event_type", "stream", "trace_id", "mono_ns", "occurred_at"), words),
        "event_version": st.integers(1, 2**31 - 1),
        "payload": st.dictionaries(words, words | numbers, max_size=2),
        "policy_decisions": st.lists(st.dictionaries(words, words, max_size=2), max_size=2),
        "stream_version": numbers,
    }
)
two_or_more = st.lists(envelopes, min_size=2, max_size=5)


@many
@given(said=two_or_more)
def test_many_are_accepted_together_where_all_are_right(said: list[dict[str, Any]]) -> None:
    assert plainly([rfc8785.dumps(each) for each in said], copies_of(*said))


@many
@given(said=two_or_more, data=st.data())
def test_one_copy_that_says_something_else_is_not_accepted(
    said: list[dict[str, Any]], data: st.DataObject
) -> None:
    texts = [rfc8785.dumps(each) for each in said]
    row = data.draw(st.integers(0, len(said) - 1))
    name = data.draw(st.sampled_from(Copies._fields))
    other = data.draw(envelopes.filter(lambda each: each[name] != said[row][name]))
    changed = [*said[:row], {**said[row], name: other[name]}, *said[row + 1 :]]
    assert not plainly(texts, copies_of(*changed))


@many
@given(said=two_or_more, data=st.data())
def test_texts_cut_elsewhere_are_not_accepted_though_their_lines_are_the_same(
    said: list[dict[str, Any]], data: st.DataObject
) -> None:
    """The lines are read together: where one text ends and the next begins matters all the same."""
    lines = b"\n".join(rfc8785.dumps(each) for each in said) + b"\n"
    cuts = sorted(
        data.draw(st.lists(st.integers(0, len(lines)), min_size=len(said) - 1, max_size=len(said) - 1))
    )
    texts = [lines[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    for kept in (texts, [text.strip(b"\n") for text in texts], [text.rstrip(b"\n") for text in texts]):
        if plainly(kept, copies_of(*said)):
            assert kept == [rfc8785.dumps(each) for each in said]


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63 - 1])
@pytest.mark.parametrize("name", ["stream_version", "event_version"])
def test_a_version_beyond_what_a_double_holds_is_not_accepted(name: str, number: int) -> None:
    raw = rfc8785.dumps({**ENVELOPE, name: 77777}).replace(b"77777", str(number).encode())
    assert not plainly([raw], copies_of({**ENVELOPE, name: number}))
    assert by_the_oracle(raw)[1] is not None
