"""What a long verification keeps, and how it counts streams beyond its memory."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.ledger.chain import EPOCH
from core.ledger.envelope import written
from core.ledger.following import FIRST_US, LAST_US, Times
from core.ledger.reading import SINCE_2000
from core.ledger.stream_versions import StreamVersions

steps = st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(-3, 9)), max_size=60)


@given(steps=steps, most=st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_streams_that_do_not_fit_into_memory_are_counted_all_the_same(
    steps: list[tuple[str, int]], most: int
) -> None:
    mine, plain = StreamVersions(most), dict[str, int]()
    for stream, version in steps:
        assert mine.newest(stream) == plain.get(stream, 0)
        mine.set(stream, version)
        plain[stream] = version
        assert len(mine) == len(plain)
    assert {stream: mine.newest(stream) for stream in "abcdefgh"} == {
        stream: plain.get(stream, 0) for stream in "abcdefgh"
    }


@given(steps=steps, most=st.integers(1, 9), size=st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_versions_are_followed_all_together_or_not_at_all(
    steps: list[tuple[str, int]], most: int, size: int
) -> None:
    mine, plain = StreamVersions(most), dict[str, int]()
    for at in range(0, len(steps), size):
        together = steps[at : at + size]
        expected, right = dict(plain), True
        for stream, version in together:
            right = right and version == expected.get(stream, 0) + 1
            expected[stream] = version
        assert mine.follow(*zip(*together, strict=True)) is right
        if right:
            plain = expected
        assert {stream: mine.newest(stream) for stream in "abcdefg"} == {
            stream: plain.get(stream, 0) for stream in "abcdefg"
        }


@given(moments=st.lists(st.integers(FIRST_US, LAST_US), max_size=8), step=st.integers(0, 3_000_000))
@settings(max_examples=150, deadline=None)
def test_a_moment_is_written_as_an_envelope_writes_it(moments: list[int], step: int) -> None:
    times = Times()
    for moment in moments:
        several = [moment, min(moment + step, LAST_US), moment]
        at = [EPOCH + timedelta(microseconds=each + SINCE_2000) for each in several]
        assert times.written(several) == [written(each) for each in at]
