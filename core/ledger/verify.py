"""Verifying the journal from the outside: every digest, every copy, every head.

Rule 1: it reads with a login that can change nothing, and trusts no column but `text`, `recorded_at`, `role`
    and `actor`: all others are compared with them.
Rule 2: what it finds wrong is named by sequence. It goes on to the end, so that all of it is named.
Rule 3: memory is bounded: a page of entries, and one number a stream.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import rfc8785
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import one, rows
from core.errors import IntegrityLost
from core.ledger.chain import GENESIS, Sealing, leaf, link
from core.ledger.envelope import written
from core.ledger.heads import Head, HeadsFile, check
from core.ledger.journal import SQL
from core.ledger.tree import Frontier

PAGE: Final = 2_000
FAULTS_AT_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and at which entry. Sequence 0: with the heads, not with one entry."""

    seq: int
    says: str


@dataclass(slots=True)
class Chain:
    """A verification as far as it has come. Begin with a fresh one, or go on with an earlier one."""

    seq: int = 0
    digest: bytes = GENESIS
    tree: Frontier = field(default_factory=Frontier)
    recorded_at: datetime | None = None
    streams: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def take(self, row: DictRow) -> None:
        """One entry, in sequence."""
        for says in self._wrong_with(row):
            if len(self.faults) < FAULTS_AT_MOST:
                self.faults.append(Fault(row["seq"], says))
        self.seq = row["seq"]
        self.digest = row["digest"]
        if row["recorded_at"] is not None:
            self.tree.add(
                leaf(Sealing(row["seq"], row["recorded_at"], row["role"], row["actor"], row["text"]))
            )
        self.recorded_at = row["recorded_at"] or self.recorded_at
        self.streams[row["stream"]] = row["stream_version"]

    def _wrong_with(self, row: DictRow) -> Iterator[str]:
        if row["seq"] != self.seq + 1:
            yield f"entries {self.seq + 1} to {row['seq'] - 1} are missing"
        if row["recorded_at"] is None or row["occurred_at"] is None:
            yield "one of its times is none that there can be"
            return
        if self.recorded_at is not None and row["recorded_at"] < self.recorded_at:
            yield "it was recorded before the entry in front of it"
        sealed = Sealing(row["seq"], row["recorded_at"], row["role"], row["actor"], row["text"])
        if link(self.digest, leaf(sealed)) != row["digest"]:
            yield "its digest does not follow from the entry in front of it and its own text"
        if row["stream_version"] != self.streams.get(row["stream"], 0) + 1:
            yield f"it is version {row['stream_version']} of {row['stream']}, out of turn"
        yield from _wrong_text(row)


@dataclass(frozen=True, slots=True)
class Verified:
    """`anchor` says where the newest signed head lies, and how far it reaches."""

    entries: int
    digest: str
    heads: int
    newest_head: Head | None
    anchor: str
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


async def follow_chain(connection: AsyncConnection[DictRow], chain: Chain) -> None:
    """Verify what is new since `chain`."""
    while page := await rows(connection, SQL["chained_after"], {"after": chain.seq, "page": PAGE}):
        for row in page:
            chain.take(row)


async def verify(connection: AsyncConnection[DictRow], heads: HeadsFile) -> Verified:
    """The whole journal against itself, its head row, and every signed head that is kept outside."""
    chain = Chain()
    signed = _signed(heads, chain)
    wanted = {head.seq: head for head in signed}
    first = (await one(connection, SQL["first"]))["seq"]
    if first is not None and first < 1:
        chain.faults.append(Fault(first, "it stands in front of the first entry"))
    at_head = await one(
        connection, SQL["head"]
    )  # before the entries: those that come meanwhile are beyond it
    while page := await rows(connection, SQL["chained_after"], {"after": chain.seq, "page": PAGE}):
        for row in page:
            chain.take(row)
            head = wanted.get(row["seq"])
            if head is not None and head.digest != row["digest"].hex():
                chain.faults.append(Fault(row["seq"], "it is not the entry that the witness signed"))
            if row["seq"] == at_head["seq"] and row["digest"] != at_head["digest"]:
                chain.faults.append(Fault(row["seq"], "its digest is not that of the head row"))
    newest = signed[-1] if signed else None
    if newest is not None and newest.seq > chain.seq:
        says = f"the witness signed entry {newest.seq}, and the journal ends at {chain.seq}"
        chain.faults.append(Fault(chain.seq, says))
    if chain.seq < at_head["seq"]:
        chain.faults.append(
            Fault(chain.seq, f"the journal ends here, and its head row says {at_head['seq']}")
        )
    by_now = (await one(connection, SQL["head"]))["seq"]  # an entry and its head are one commit
    if chain.seq > by_now:
        chain.faults.append(Fault(by_now + 1, f"it stands behind the head row, which says {by_now}"))
    anchor = "none" if newest is None else f"local only, to entry {newest.seq}"
    return Verified(chain.seq, chain.digest.hex(), len(signed), newest, anchor, tuple(chain.faults))


def _signed(heads: HeadsFile, chain: Chain) -> Sequence[Head]:
    signed: list[Head] = []
    try:
        for head in heads.heads():
            check(head, heads.public_key(head.key))
            signed.append(head)
    except IntegrityLost as bad:
        chain.faults.append(Fault(0, bad.says))
    return signed


def _wrong_text(row: DictRow) -> Iterator[str]:
    try:
        envelope: Any = json.loads(row["text"])
        canonical = rfc8785.dumps(envelope).decode()
    except (ValueError, RecursionError):
        yield "its text is not JSON that can be read back"
        return
    if not isinstance(envelope, dict):
        yield "its text is no envelope"
        return
    if canonical != row["text"]:
        yield "its text is not in RFC 8785 form"
    copies = {
        "event_id": str(row["event_id"]),
        "event_type": row["event_type"],
        "event_version": row["event_version"],
        "stream": row["stream"],
        "stream_version": row["stream_version"],
        "trace_id": row["trace_id"],
        "occurred_at": written(row["occurred_at"]),
    }
    for name, copy in copies.items():
        if envelope.get(name) != copy:
            yield f"its column {name} is not what its text says"
