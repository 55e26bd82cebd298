"""What an append's rows say of its entries."""

from __future__ import annotations

import pytest
from psycopg import DataError

from core.ledger.answers import each_of, placed
from core.ledger.envelope import Recorded
from core.ledger.line import Rows


def test_entries_that_were_taken_behind_each_other_are_placed_by_one_row() -> None:
    assert placed([(b"ok", b"40", None, b"{1,2,3}")], 3) == [Recorded(41), Recorded(42), Recorded(43)]


@pytest.mark.parametrize(
    "said",
    [
        [(b"ok", b"40", None, b"{1,2}")],
        [(b"duplicate", b"40", None, b"{1,2,3}")],
        [(b"refused", None, b"no_right", b"{1,2,3}")],
        [(b"ok", b"40", None, b"{1,3}"), (b"refused", None, b"no_right", b"{2}")],
        [],
    ],
)
def test_whatever_else_was_said_is_read_entry_by_entry(said: Rows) -> None:
    assert placed(said, 3) is None


def test_each_has_its_own_answer_in_the_entries_order() -> None:
    said: Rows = [
        (b"refused", None, b"no_right", b"{2,4}"),
        (b"duplicate", b"6", None, b"{3}"),
        (b"ok", b"40", None, b"{1}"),
    ]
    assert [(a.answer, a.seq, a.code, a.is_no) for a in each_of(said, 4)] == [
        ("ok", 41, "", False),
        ("refused", 0, "no_right", True),
        ("duplicate", 9, "", False),
        ("refused", 0, "no_right", True),
    ]


@pytest.mark.parametrize("numbers", [b"{1,2}", b"{1,2,4}", b"{0,1,2}"])
def test_rows_that_leave_an_entry_out_are_no_answer(numbers: bytes) -> None:
    with pytest.raises(DataError, match="every entry"):
        each_of([(b"ok", b"40", None, numbers)], 3)
