"""A file of heads beside the entries that they sign: read together, both in sequence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from core.ledger.following import Chain
from core.ledger.heads import Head, HeadsFile
from core.ledger.succession import Faults, Succession

NEVER: Final = sys.maxsize


class Signed:
    """Memory: one head. What stands in the file when this is made is what counts."""

    def __init__(self, file: HeadsFile, faults: Faults) -> None:
        self.succession = Succession(file, faults=faults)
        self._faults = faults
        self._heads: Iterator[Head] = self.succession.heads()
        self._next: Head | None = next(self._heads, None)
        self._passed = 0
        self._root_differs = False

    @property
    def next_seq(self) -> int:
        return NEVER if self._next is None else self._next.seq

    def meet(self, chain: Chain) -> None:
        """Every head up to where the chain stands now."""
        while self._next is not None and self._next.seq <= chain.seq:
            head = self._next
            if head.seq == chain.seq:
                self._compare(head, chain)
            elif head.seq > self._passed:
                self._faults.note(head.seq, "the witness signed it, and it is not there")
            self._next = next(self._heads, None)
        self._passed = chain.seq

    def end(self, chain: Chain) -> None:
        """The heads behind the last entry, where there are any."""
        furthest = 0
        while self._next is not None:
            furthest = max(furthest, self._next.seq)
            self._next = next(self._heads, None)
        if furthest > chain.seq:
            self._faults.note(
                chain.seq, f"the witness signed entry {furthest}, and the journal ends at {chain.seq}"
            )

    def _compare(self, head: Head, chain: Chain) -> None:
        if head.digest != chain.digest.hex():
            self._faults.note(head.seq, "it is not the entry that the witness signed")
        if head.root and not self._root_differs and head.root != chain.tree.root().hex():
            self._root_differs = True  # so will every later one, for the same reason
            self._faults.note(head.seq, "the tree of the entries up to it is not the one that was signed")
