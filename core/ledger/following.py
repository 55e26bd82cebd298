"""A verification as far as it has come: entry for entry against the one in front of it.

Rule 1: entries that are right are compared together, column by column; only where one is not are they taken
    apart, and what is wrong is named. An impossible time hashes as the first possible: it is a fault already.
Rule 2: behind a fault it goes on with what the journal itself says, so that each fault is named once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from operator import le
from struct import Struct
from typing import Any, Final

from core.ledger.canonical import Copies, by_the_oracle, plainly
from core.ledger.chain import EPOCH, GENESIS, who_of
from core.ledger.reading import SINCE_2000, Columns, Page, Row
from core.ledger.stream_versions import StreamVersions
from core.ledger.succession import Faults
from core.ledger.tree import Frontier, Made

SECOND: Final = 1_000_000  # in microseconds
TOGETHER: Final = 250  # entries: with what is made of them they fit into a processor's cache
YEAR_1: Final = -timedelta(days=719_162)  # before 1970
YEAR_9999: Final = timedelta(days=2_932_896)
# A day less at both ends: a time that no client could read is none that the append wrote.
FIRST_US: Final = (YEAR_1 + timedelta(days=1)) // timedelta(microseconds=1) - SINCE_2000
LAST_US: Final = YEAR_9999 // timedelta(microseconds=1) - SINCE_2000
WHO_MOST: Final = 10_000
COPIES: Final = ("event_id", "event_type", "event_version", "stream", "stream_version", "trace_id")


Front = tuple[Callable[[int, int, bytes, int], bytes], bytes]
"""Packs what stands in front of an entry's text in its leaf; and the part of it that says who."""


class Times:
    """Writes moments as an envelope does. Neighbours are mostly of the same second, which is kept."""

    def __init__(self) -> None:
        self._second = 0
        self._words = _to_the_second(0)

    def written(self, moments: Iterable[int]) -> list[str]:
        """Of moments that a `datetime` can be."""
        second, words, said = self._second, self._words, []
        for moment in moments:
            us = moment - second
            if not 0 <= us < SECOND:
                us = moment % SECOND
                second = moment - us
                words = _to_the_second(second)
            said.append(f"{words}{us:06}Z")
        self._second, self._words = second, words
        return said


def _to_the_second(moment: int) -> str:
    return (EPOCH + timedelta(microseconds=moment + SINCE_2000)).isoformat(timespec="seconds")[:19] + "."


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
    _who: dict[tuple[str, str], Front] = field(default_factory=dict)
    _times: Times = field(default_factory=Times)

    def take(self, page: Page) -> None:
        """Entries that follow, in sequence."""
        for at in range(0, len(page), TOGETHER):
            self._together(page[at : at + TOGETHER])

    def _together(self, page: Page) -> None:
        of = _columns(page)
        leaves = self._leaves(of)
        if self._all_right(of, leaves):
            self.seq, self.digest, self.recorded = of.seq[-1], of.digest[-1], of.recorded[-1]
        else:
            for row, leaf in zip(page, leaves, strict=True):
                self._take_apart(Row(*row), leaf)
        made = self.tree.extend(leaves)
        if self.keep is not None:
            self.keep(made)

    def _leaves(self, of: Columns) -> list[bytes]:
        """Written for speed: `chain.leaf_of` is spelled out."""
        times = of.recorded
        if not _possible(times):
            times = [at if FIRST_US <= at <= LAST_US else FIRST_US for at in times]
        known = self._who
        fronts = [known.get(who) or self._who_of(*who) for who in zip(of.role, of.actor, strict=True)]
        leaves = []
        for seq, at, (packed, who), text in zip(of.seq, times, fronts, of.text, strict=True):
            leaf = sha256(packed(seq, at + SINCE_2000, who, len(text)))
            leaf.update(text)
            leaves.append(leaf.digest())
        return leaves

    def _all_right(self, of: Columns, leaves: Sequence[bytes]) -> bool:
        """`chain.link` is spelled out here."""
        before = zip((self.digest, *of.digest), leaves, strict=False)
        return (
            of.seq == (*range(self.seq + 1, self.seq + 1 + len(leaves)),)
            and _possible(of.recorded)
            and _possible(of.occurred)
            and all(map(le, (self.recorded, *of.recorded), of.recorded))
            and of.digest == (*[sha256(digest + leaf).digest() for digest, leaf in before],)
            and self._plainly(of)
            and self.streams.follow(of.stream, of.stream_version)
        )

    def _plainly(self, of: Columns) -> bool:
        at = self._times.written(of.occurred)
        copies = (of.event_id, of.event_type, of.event_version, at, of.stream, of.stream_version, of.trace_id)
        return plainly(of.text, Copies(*copies))

    def _take_apart(self, row: Row, leaf: bytes) -> None:
        for says in self._wrong_with(row, leaf):
            self.faults.note(row.seq, says)
        self.seq, self.digest = row.seq, row.digest
        if FIRST_US <= row.recorded <= LAST_US:
            self.recorded = row.recorded
        self.streams.set(row.stream, row.stream_version)

    def _wrong_with(self, row: Row, leaf: bytes) -> Iterator[str]:
        if row.seq != self.seq + 1:
            yield f"entries {self.seq + 1} to {row.seq - 1} are missing"
        if not _possible((row.recorded, row.occurred)):
            yield "one of its times is none that there can be"
            return
        if row.recorded < self.recorded:
            yield "it was recorded before the entry in front of it"
        if sha256(self.digest + leaf).digest() != row.digest:
            yield "its digest does not follow from the entry in front of it and its own text"
        if row.stream_version != self.streams.newest(row.stream) + 1:
            yield f"it is version {row.stream_version} of {row.stream}, out of turn"
        if self._plainly(_columns([row])):
            return
        envelope, wrong = by_the_oracle(row.text)
        if wrong is not None:
            yield wrong
        if envelope is not None:
            yield from self._wrong_copies(row, envelope)

    def _wrong_copies(self, row: Row, envelope: dict[str, Any]) -> Iterator[str]:
        copies = {name: getattr(row, name) for name in COPIES}
        for name, copy in {**copies, "occurred_at": self._times.written([row.occurred])[0]}.items():
            if envelope.get(name) != copy or envelope.get(name) is True:
                yield f"its column {name} is not what its text says"

    def _who_of(self, role: str, actor: str) -> Front:
        if len(self._who) >= WHO_MOST:
            self._who.clear()
        who = who_of(role, actor)
        self._who[role, actor] = front = (Struct(f">xqq{len(who)}sI").pack, who)
        return front


def _possible(moments: Sequence[int]) -> bool:
    return min(moments) >= FIRST_US and max(moments) <= LAST_US


def _columns(page: Page) -> Columns:
    return Columns(*zip(*page, strict=True))
