"""What is told of an entry at once is what its envelope and its fact say one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

import pytest

from core.errors import IntegrityLost
from core.ledger.envelope import opened
from core.ledger.telling import Told, told
from core.orders.events import OrderRouted
from evals.bench.lives import lives
from evals.bench.long_journal import texts_of
from tests.core.ledger.test_stored_events import LINES

SAID: Final = list(texts_of(islice(lives(households=3, seed=5), 400)))
ENVELOPE: Final = {
    "event_id": "1", "mono_ns": "1", "occurred_at": "2026-01-01T00:00:00.000000Z", "policy_decisions": [],
    "stream": "s", "stream_version": 1, "trace_id": "t",
}  # fmt: skip


def slowly(text: str) -> Told:
    envelope = opened(text)
    return Told(envelope.trace_id, envelope.fact)


def said(read: Callable[[str], Told], text: str) -> Told | str:
    """The entry, or the words that refuse it."""
    try:
        return read(text)
    except IntegrityLost as lost:
        return lost.says


def same(text: str) -> None:
    assert said(told, text) == said(slowly, text)


def test_every_kind_of_a_long_journal_is_told_as_it_is_read() -> None:
    for text in SAID:
        same(text)


@pytest.mark.parametrize("line", LINES, ids=str)
def test_every_version_that_was_ever_stored_is_told_as_it_is_read(line: Any) -> None:
    envelope = {**ENVELOPE, "event_type": line.event_type, "event_version": line.event_version}
    same(json.dumps({**envelope, "payload": json.loads(line.payload)}))


@pytest.mark.parametrize("name", [*ENVELOPE, "event_type", "event_version", "payload"])
@pytest.mark.parametrize("value", [..., None, 1, "x", [], {}])
def test_an_envelope_that_is_damaged_is_refused_in_the_same_words(name: str, value: Any) -> None:
    [text] = [text for text in SAID if '"OrderRouted"' in text][:1]
    damaged = json.loads(text)
    damaged[name] = value
    if value is ...:
        del damaged[name]
    same(json.dumps(damaged))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"event_type":"OrderRouted"}', '"' * 3])
def test_what_is_no_envelope_is_refused_in_the_same_words(text: str) -> None:
    same(text)


def test_a_payload_with_a_field_more_is_refused() -> None:
    [text] = [text for text in SAID if '"OrderRouted"' in text][:1]
    changed = json.loads(text)
    changed["payload"]["more"] = 1
    with pytest.raises(IntegrityLost, match="a stored OrderRouted does not fit"):
        told(json.dumps(changed))
    assert isinstance(told(text).fact, OrderRouted)
