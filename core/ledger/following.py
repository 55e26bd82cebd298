"""A verification as far as it has come: entry for entry against the one in front of it.

Rule 1: what is right costs one comparison; only what is wrong is taken apart and named.
    An impossible time hashes as the first possible one: it is a fault already.
Rule 2: behind a fault it goes on with what the journal itself says, so that each fault is named once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from core.ledger.canonical import by_the_oracle, plainly
from core.ledger.chain import EPOCH, GENESIS, LENGTH, NUMBERS, who_of
from core.ledger.reading import SINCE_2000, Page, Row
from core.ledger.stream_versions import StreamVersions
from core.ledger.succession import Faults
from core.ledger.tree import Frontier, Made

YEAR_1: Final = -timedelta(days=719_162)  # before 1970
YEAR_9999: Final = timedelta(days=2_932_896)
# A day less at both ends: a time that no client could read is none that the append wrote.
FIRST_US: Final = (YEAR_1 + timedelta(days=1)) // timedelta(microseconds=1) - SINCE_2000
LAST_US: Final = YEAR_9999 // timedelta(microseconds=1) - SINCE_2000
WHO_MOST: Final = 10_000
COPIES: Final = ("event_id", "event_type", "event_version", "stream", "stream_version", "trace_id")


class Times:
    """Writes moments as an envelope does. Neighbours are mostly of the same second, which is kept."""

    def __init__(self) -> None:
        self._second = -1
        self._words = ""

    def written(self, moment: int) -> str:
        """Of a moment that a `datetime` can be."""
        second, us = divmod(moment + SINCE_2000, 1_000_000)
        if second != self._second:
            self._second = second
            self._words = (EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._words}.{us:06}Z"


@dataclass(slots=True)
class Chain:
    """Begin with a fresh one, or go on with an earlier one. Memory: bounded (see `StreamVersions`)."""

    seq: int = 0
    digest: bytes = GENESIS
    recorded: int = FIRST_US
    tree: Frontier = field(default_factory=Frontier)
    streams: StreamVersions = field(default_factory=StreamVersions)
    faults: Faults = field(default_factory=Faults)
    keep: Callable[[Made], None] | None = None  # who wants the tree's nodes as they are made
    _who: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _times: Times = field(default_factory=Times)

    def take(self, page: Page) -> None:
        """Entries that follow, in sequence. Written for speed: `leaf_of` and `link` are spelled out."""
        leaves = []
        numbers, length = NUMBERS.pack, LENGTH.pack
        young, recall, written = self.streams.young, self.streams.recall, self._times.written
        at, digest, last = self.seq, self.digest, self.recorded
        for row in page:
            seq, recorded, role, actor, text, event_id, kind, version, stream, turn, trace, moment, now = row
            who = self._who.get((role, actor)) or self._who_of(role, actor)
            possible = FIRST_US <= recorded <= LAST_US
            at_us = (recorded if possible else FIRST_US) + SINCE_2000
            leaf = sha256(b"\x00" + numbers(seq, at_us) + who + length(len(text)) + text).digest()
            leaves.append(leaf)
            envelope = plainly(text)
            before = young.get(stream)
            if before is None:
                before = recall(stream)
            if (
                envelope is None
                or seq != at + 1
                or not possible
                or recorded < last
                or not FIRST_US <= moment <= LAST_US
                or sha256(digest + leaf).digest() != now
                or envelope.event_id != event_id
                or envelope.event_type != kind
                or envelope.event_version != version
                or envelope.stream != stream
                or envelope.stream_version != turn
                or envelope.trace_id != trace
                or envelope.occurred_at != written(moment)
                or turn != before + 1
            ):
                self.seq, self.digest, self.recorded = at, digest, last
                for says in self._wrong_with(Row(*row), leaf):
                    self.faults.note(seq, says)
            at, digest = seq, now
            if possible:
                last = recorded
            young[stream] = turn
        self.seq, self.digest, self.recorded = at, digest, last
        made = self.tree.extend(leaves)
        if self.keep is not None:
            self.keep(made)

    def _wrong_with(self, row: Row, leaf: bytes) -> Iterator[str]:
        if row.seq != self.seq + 1:
            yield f"entries {self.seq + 1} to {row.seq - 1} are missing"
        if not (FIRST_US <= row.recorded <= LAST_US and FIRST_US <= row.occurred <= LAST_US):
            yield "one of its times is none that there can be"
            return
        if row.recorded < self.recorded:
            yield "it was recorded before the entry in front of it"
        if sha256(self.digest + leaf).digest() != row.digest:
            yield "its digest does not follow from the entry in front of it and its own text"
        if row.stream_version != self.streams.newest(row.stream) + 1:
            yield f"it is version {row.stream_version} of {row.stream}, out of turn"
        envelope, wrong = by_the_oracle(row.text)
        if wrong is not None:
            yield wrong
        if envelope is not None:
            yield from self._wrong_copies(row, envelope)

    def _wrong_copies(self, row: Row, envelope: dict[str, Any]) -> Iterator[str]:
        copies = {name: getattr(row, name) for name in COPIES}
        for name, copy in {**copies, "occurred_at": self._times.written(row.occurred)}.items():
            if envelope.get(name) != copy or envelope.get(name) is True:
                yield f"its column {name} is not what its text says"

    def _who_of(self, role: str, actor: str) -> bytes:
        if len(self._who) >= WHO_MOST:
            self._who.clear()
        self._who[role, actor] = who = who_of(role, actor)
        return who
