"""Which key may sign the next head, and which head may stand behind which.

Rule 1: the first key is trusted; every later one was named by a head that the key before it signed.
Rule 2: a key that was replaced signs nothing more, ever.
Rule 3: heads stand in the order of their entries. Two of one entry say the same, or one of them is a fork.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from core.errors import IntegrityLost
from core.ledger.heads import Head, HeadsFile, check, head_of


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and at which entry. Sequence 0: with a line that names none."""

    seq: int
    says: str


FAULTS_AT_MOST: Final = 100


class Faults(list[Fault]):
    """The first faults that were found, and no more: a record that is all wrong needs no longer list."""

    def note(self, seq: int, says: str) -> None:
        if len(self) < FAULTS_AT_MOST:
            self.append(Fault(seq, says))


@dataclass(slots=True)
class Succession:
    """The heads of one folder, read from the oldest on. Memory: the newest head, and one id a key."""

    file: HeadsFile
    count: int = 0
    first_key: str = ""
    signs: str = ""  # the key that must sign the next head
    newest: Head | None = None
    faults: Faults = field(default_factory=Faults)
    replaced: set[str] = field(default_factory=set)
    _public: dict[str, bytes] = field(default_factory=dict)

    def heads(self) -> Iterator[Head]:
        """Every head whose signature holds, oldest first. What is wrong with the others goes to `faults`."""
        for number, line in enumerate(self.file.lines(), start=1):
            try:
                head = head_of(line)
            except IntegrityLost as bad:
                self.faults.note(0, f"line {number} of the heads file: {bad.says}")
                continue
            try:
                check(head, self._key(head.key))
            except IntegrityLost as bad:
                self.faults.note(head.seq, bad.says)
                continue
            for says in self._wrong_with(head):
                self.faults.note(head.seq, says)
            self._go_on(head)
            yield head

    def _wrong_with(self, head: Head) -> Iterator[str]:
        if self.signs and head.key != self.signs:
            known = "was replaced" if head.key in self.replaced else "nobody announced"
            yield f"its head is signed by the key {head.key[:12]}, which {known}"
        if head.next_key in {*self.replaced, head.key}:
            yield f"its head names the key {head.next_key[:12]} as the next one, which signed before"
        before = self.newest
        if before is None:
            return
        if head.seq < before.seq:
            yield f"its head stands behind that of entry {before.seq}"
        elif head.seq == before.seq and not _agree(head, before):
            yield "two heads of it say different things: the record was forked"
        if head.version < before.version:
            yield f"its head is of version {head.version}, behind one of version {before.version}"

    def _go_on(self, head: Head) -> None:
        self.count += 1
        self.first_key = self.first_key or head.key
        self.signs = self.signs or head.key
        if head.key == self.signs and head.next_key and head.next_key not in {*self.replaced, head.key}:
            self.replaced.add(head.key)
            self.signs = head.next_key
        if self.newest is None or head.seq >= self.newest.seq:
            self.newest = head

    def _key(self, of_key: str) -> bytes:
        if of_key not in self._public:
            self._public[of_key] = self.file.public_key(of_key)
        return self._public[of_key]


def _agree(one: Head, other: Head) -> bool:
    return one.digest == other.digest and (one.root == other.root or not (one.root and other.root))
