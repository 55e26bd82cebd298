"""Server-sent events, written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.sse import Event, events, written

NAMES = st.from_regex(r"[a-z]{1,12}", fullmatch=True)
DATA = st.dictionaries(st.text(max_size=8), st.text(max_size=40) | st.integers() | st.none(), max_size=5)


@given(st.lists(st.builds(Event, NAMES, DATA), max_size=6))
def test_what_is_written_is_what_is_read(sent: list[Event]) -> None:
    lines = b"".join(written(event) for event in sent).decode().split("\n")
    assert list(events(lines)) == sent


def test_comments_and_unknown_fields_are_skipped() -> None:
    assert list(events([": hello", "retry: 5", "event: step", 'data: {"a":', "data: 1}", ""])) == [
        Event("step", {"a": 1})
    ]


def test_an_event_that_never_ended_is_not_given() -> None:
    assert list(events(["event: answer", 'data: {"text": "half"}'])) == []


@pytest.mark.parametrize("data", ["[]", "1", "{", "null"])
def test_data_that_is_no_object_is_an_error(data: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        list(events([f"data: {data}", ""]))
