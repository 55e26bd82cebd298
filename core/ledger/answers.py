"""What an append answered, entry by entry, read from the rows that it came in.

Rule 1: every entry has one answer. Rows that leave one out are no answer, and nobody is told from them.
Rule 2: what was answered alike came in one row: mostly there is one, and its entries are not read singly.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from psycopg import DataError

from core.ledger.envelope import Recorded
from core.ledger.line import Rows


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The append's answer to one entry."""

    answer: str  # ok, duplicate, conflict or refused
    seq: int  # 0: it has none
    code: str  # '': there is no more to say

    @property
    def is_no(self) -> bool:
        return self.answer not in ("ok", "duplicate")


def placed(said: Rows, entries: int) -> Sequence[Recorded] | None:
    """Where each stands, if all of them were taken one behind the other. None: read what `each_of` says."""
    if len(said) != 1:
        return None
    answer, before, _, numbers = said[0]
    if answer != b"ok" or numbers is None or numbers.count(b",") + 1 != entries:
        return None
    first = int(before or 0) + 1
    return [Recorded(seq) for seq in range(first, first + entries)]


def each_of(said: Rows, entries: int) -> Sequence[Answered]:
    """The answer to each, in the entries' order.

    Raises:
        DataError: there is not one answer to each.
    """
    found: dict[int, Answered] = {}
    for answer, before, code, numbers in said:
        for number in map(int, (numbers or b"{}")[1:-1].split(b",")):
            seq = 0 if before is None else int(before) + number
            found[number] = Answered(str(answer or b"", "utf-8"), seq, str(code or b"", "utf-8"))
    if sorted(found) != list(range(1, entries + 1)):
        raise DataError("the append did not answer to every entry")
    return [found[number] for number in range(1, entries + 1)]
