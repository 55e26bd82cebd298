"""Proofs against signed heads: an entry is in the record, and a later record begins with an earlier one.

Rule 1: every head is checked before one is used: signatures, keys in their order.
Rule 2: the tree's files are an index. A proof from them that does not lead to the signed root, or that they
    have not the nodes for, is made again from the journal itself; then it is the journal that does not hold.
Rule 3: what is answered was checked with nothing but what it holds itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import rows
from core.errors import BadInput, IntegrityLost, NotFound
from core.ledger.chain import Sealing, leaf
from core.ledger.following import Chain
from core.ledger.heads import Head, HeadsFile
from core.ledger.journal import SQL
from core.ledger.succession import Faults, Succession
from core.ledger.tree import Nodes, check_consistency, check_inclusion, consistency_path, inclusion_path
from core.ledger.tree_file import TreeReader, TreeWriter, tree_folder
from core.ledger.verify import follow_chain

Proof = TypeVar("Proof", "Inclusion", "Consistency")


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Entry `seq` is leaf `index` of the tree over `size` leaves, whose root that head signs."""

    event_id: str
    seq: int
    leaf: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    head: Head

    def check(self) -> None:
        """Raises IntegrityLost where the path does not lead from the leaf to the head's root."""
        check_inclusion(self.leaf, self.index, self.size, self.path, bytes.fromhex(self.head.root))


@dataclass(frozen=True, slots=True)
class Consistency:
    """The record at the new head begins with that at the old one."""

    old: Head
    new: Head
    path: tuple[bytes, ...]

    def check(self) -> None:
        """Raises IntegrityLost where the path does not join the two roots."""
        roots = bytes.fromhex(self.old.root), bytes.fromhex(self.new.root)
        check_consistency(self.old.seq, self.new.seq, *roots, self.path)


async def prove(connection: AsyncConnection[DictRow], heads: HeadsFile, wanted: str) -> Inclusion:
    """That this entry, by its event id or its sequence, is under the newest signed head.

    Raises:
        BadInput, NotFound: no such entry, or no head with a root covers it yet.
        IntegrityLost: a head does not hold, or the journal does not lead to it.
    """
    row = await _entry(connection, wanted)
    seq, event_id = row["seq"], str(row["event_id"])
    of_leaf = leaf(Sealing(seq, row["recorded_at"], row["role"], row["actor"], row["text"]))
    head = _newest(heads)
    if head is None or head.seq < seq:
        raise NotFound(
            f"no signed head with a tree covers entry {seq} yet", fix="let the witness run, then ask again"
        )

    def made(nodes: Nodes) -> Inclusion:
        path = inclusion_path(nodes, seq - 1, head.seq)
        return Inclusion(event_id, seq, of_leaf, seq - 1, head.seq, path, head)

    return await _made(connection, heads, head.seq, made)


async def consistent(
    connection: AsyncConnection[DictRow], heads: HeadsFile, old_seq: int, new_seq: int
) -> Consistency:
    """That the record under the head of `new_seq` begins with that under the head of `old_seq`.

    Raises:
        BadInput, NotFound: there is no such head with a tree, or they are the wrong way round.
        IntegrityLost: a head does not hold, or the two belong to different records.
    """
    if old_seq > new_seq:
        raise BadInput(f"entry {old_seq} is behind {new_seq}", fix="name the older head first", field="old")
    found = {head.seq: head for head in _sound(heads) if head.seq in (old_seq, new_seq) and head.root}
    for seq in (old_seq, new_seq):
        if seq not in found:
            raise NotFound(
                f"no signed head with a tree is of entry {seq}",
                fix=f"choose entries that {str(heads.folder / 'heads.jsonl')!r} names",
            )
    old, new = found[old_seq], found[new_seq]

    def made(nodes: Nodes) -> Consistency:
        return Consistency(old, new, consistency_path(nodes, old_seq, new_seq))

    return await _made(connection, heads, new_seq, made)


async def _made(
    connection: AsyncConnection[DictRow], heads: HeadsFile, size: int, made: Callable[[Nodes], Proof]
) -> Proof:
    """The proof, checked: from the files where they lead to the root, else from the journal."""
    with TreeReader(tree_folder(heads.folder)) as nodes:
        if nodes.size >= size:
            try:
                proof = made(nodes)
                proof.check()
                return proof
            except IntegrityLost:
                pass  # the index is damaged, or the journal is: the journal decides
    async with _from_the_journal(connection) as again:
        proof = made(again)
        proof.check()
        return proof


@asynccontextmanager
async def _from_the_journal(connection: AsyncConnection[DictRow]) -> AsyncIterator[TreeReader]:
    """A tree of our own for a moment, on the disk."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-tree-") as name:
        folder = Path(name)
        with TreeWriter(folder) as writer:
            await follow_chain(connection, Chain(keep=writer.put))
        with TreeReader(folder) as nodes:
            yield nodes


async def _entry(connection: AsyncConnection[DictRow], wanted: str) -> DictRow:
    asked: dict[str, object] = {"seq": None, "event_id": None}
    try:
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
            asked["seq"] = int(wanted)
        else:
            asked["event_id"] = UUID(wanted)
    except ValueError as bad:
        raise BadInput(
            f"{wanted!r} is neither an event id nor a sequence",
            fix="copy it from `audit show`",
            field="event",
        ) from bad
    found = await rows(connection, SQL["entry"], asked)
    if not found:
        raise NotFound(f"the journal has no entry {wanted!r}", fix="copy it from `audit show`", field="event")
    return found[0]


def _newest(heads: HeadsFile) -> Head | None:
    newest = None
    for head in _sound(heads):
        newest = head if head.root else newest
    return newest


def _sound(heads: HeadsFile) -> Iterator[Head]:
    """To its end it raises IntegrityLost, where one head does not hold: nobody uses one before."""
    said = Succession(heads, faults=Faults())
    yield from said.heads()
    if said.faults:
        worst = said.faults[0]
        raise IntegrityLost(
            f"entry {worst.seq}: {worst.says}", fix="keep the heads as they are; a person must look"
        )
