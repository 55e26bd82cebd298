"""A verification as far as it has come: entry for entry against the one in front of it.

Rule 1: what is right costs one comparison; only what is wrong is taken apart and named.
Rule 2: behind a fault it goes on with what the journal itself says, so that each fault is named once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from core.ledger.canonical import envelope_of, plainly
from core.ledger.chain import EPOCH, GENESIS, leaf_of, who_of
from core.ledger.reading import SINCE_2000, Page, Row
from core.ledger.stream_versions import StreamVersions
from core.ledger.succession import Faults
from core.ledger.tree import Frontier

YEAR_1: Final = -timedelta(days=719_162)  # before 1970
YEAR_9999: Final = timedelta(days=2_932_896)
# A day less at both ends: a time that no client could read is none that the append wrote.
FIRST_US: Final = (YEAR_1 + timedelta(days=1)) // timedelta(microseconds=1) - SINCE_2000
LAST_US: Final = YEAR_9999 // timedelta(microseconds=1) - SINCE_2000
WHO_MOST: Final = 10_000
COPIES: Final = ("event_id", "event_type", "event_version", "stream", "stream_version", "trace_id")


@dataclass(slots=True)
class Chain:
    """Begin with a fresh one, or go on with an earlier one. Memory: bounded (see `StreamVersions`)."""

    seq: int = 0
    digest: bytes = GENESIS
    recorded: int = FIRST_US
    tree: Frontier = field(default_factory=Frontier)
    streams: StreamVersions = field(default_factory=StreamVersions)
    faults: Faults = field(default_factory=Faults)
    made: list[tuple[int, list[bytes]]] = field(default_factory=list)
    """The tree's nodes that the last `take` made, as `Frontier.extend` has them."""
    _who: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _times: Times = field(default_factory=lambda: Times())

    def take(self, page: Page) -> None:
        """Entries that follow, in sequence."""
        leaves = []
        newest, put, written = self.streams.newest, self.streams.set, self._times.written
        for row in page:
            seq, recorded, role, actor, text, *copies, occurred, digest = row
            who = self._who.get((role, actor)) or self._who_of(role, actor)
            leaf = leaf_of(seq, _in_range(recorded) + SINCE_2000, who, text)
            leaves.append(leaf)
            envelope = plainly(text)
            version = copies[4]
            if not (
                seq == self.seq + 1
                and self.recorded <= recorded <= LAST_US
                and sha256(self.digest + leaf).digest() == digest
                and envelope is not None
                and FIRST_US <= occurred <= LAST_US
                and [envelope.get(name) for name in COPIES] == copies
                and envelope["event_version"] is not True  # which equals 1
                and envelope["stream_version"] is not True
                and envelope.get("occurred_at") == written(occurred)
                and version == newest(copies[3]) + 1
            ):
                for says in self._wrong_with(Row(*row), leaf):
                    self.faults.note(seq, says)
            self.seq, self.digest = seq, digest
            if FIRST_US <= recorded <= LAST_US:
                self.recorded = recorded
            put(copies[3], version)
        self.made = self.tree.extend(leaves)

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
        envelope, wrong = envelope_of(row.text)
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


def _in_range(moment: int) -> int:
    """Infinity and the like are faults; their leaf only has to be something."""
    return moment if FIRST_US <= moment <= LAST_US else FIRST_US
