"""Exporting the journal, or a selection of it, as a package that proves itself without us.

Rule 1: a package ends with a signed head: what no head covers yet is not in it, and the answer says so.
Rule 2: a whole journal is proved by its chain. A selection comes with the tree's nodes that lead from one
    signed root down to each of its entries, each node once.
Rule 3: it reads the journal in pages, as it stands. The package is verified before it is handed over, by the
    same file that lies in it; a journal that does not hold is exported all the same, and said not to hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import one
from core.errors import NotFound
from core.ledger.analysts import Table
from core.ledger.heads import Head, HeadsFile
from core.ledger.journal import SQL
from core.ledger.offline.verify import verify
from core.ledger.package import Line, Lines, appearing, seal, write_heads
from core.ledger.reading import SINCE_2000, Row, pages
from core.ledger.selection import Chooser, Selection
from core.ledger.tree import Nodes, node
from core.ledger.tree_file import TreeReader, tree_folder

HEADS_AT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Exported:
    """`uncovered`: how many newer entries no head covers yet. `faults`: what does not hold, by sequence."""

    entries: int
    first: int
    last: int
    whole: bool
    head: Head
    uncovered: int
    faults: Sequence[Mapping[str, Any]]


async def export(
    connection: AsyncConnection[DictRow],
    heads: HeadsFile,
    target: Path,
    selection: Selection,
    *,
    processes: int,
) -> Exported:
    """Write the package `target`.

    Raises:
        BadInput: something stands there already.
        NotFound: no entry is chosen, or no head can carry it.
        IntegrityLost: an entry cannot be read as one, or the journal ends before its newest head.
        WorldFailed: the disk or the database does not answer. In each case nothing stands at `target`.
    """
    head = newest_head(
        heads, version=1 if selection.whole else 2
    )  # read first: the journal's end is behind it
    end = (await one(connection, SQL["head"]))["seq"]
    with appearing(target) as folder:
        lines = Lines(folder)
        with ExitStack() as stack:
            stack.callback(lines.close)
            table = stack.enter_context(Table(folder / "entries.parquet"))
            if selection.whole:
                await _all(connection, head, lines, table)
            else:
                tree = stack.enter_context(TreeReader(tree_folder(heads.folder)))
                proof = stack.enter_context((folder / "proof.bin").open("wb"))
                await _chosen(connection, selection, lines, table, Descent(tree, head.seq, proof))
        if not lines.entries:
            raise NotFound(
                "no entry up to the newest signed head is chosen by that",
                fix="check the id, or widen the time",
            )
        write_heads(folder, _kept(heads, head, all_of_them=selection.whole), heads)
        seal(folder, lines, head=head, selection=selection.said())
        faults = list(verify(folder, processes=processes)["faults"])
    if end < head.seq:
        faults.append({"seq": end, "says": f"the witness signed entry {head.seq}, and the journal ends here"})
    return Exported(
        lines.entries, lines.first, lines.last, selection.whole, head, max(end - head.seq, 0), tuple(faults)
    )


class Descent:
    """Writes what leads from a tree's root down to leaves that come in their order: two children a step."""

    def __init__(self, nodes: Nodes, size: int, to: IO[bytes]) -> None:
        self._nodes = nodes
        self._to = to
        self.size = size
        self._waiting = [(0, size)]  # parts that the children written so far stand for, the leftmost last

    def reach(self, index: int) -> None:
        while True:
            start, size = self._waiting.pop()
            if index >= start + size:
                continue
            if size == 1:
                return
            half = 1 << (size - 1).bit_length() - 1
            self._to.write(self._root(start, half) + self._root(start + half, size - half))
            self._waiting += [(start + half, size - half), (start, half)]

    def _root(self, start: int, size: int) -> bytes:
        """Over those leaves. Only at the tree's right edge are they no complete subtree."""
        level = size.bit_length() - 1
        left = self._nodes.at(level, start >> level)
        rest = size - (1 << level)
        return node(left, self._root(start + (1 << level), rest)) if rest else left


async def _all(connection: AsyncConnection[DictRow], head: Head, lines: Lines, table: Table) -> None:
    async for line in _lines(connection, head.seq):
        lines.add(line)
        table.add(line)


async def _chosen(
    connection: AsyncConnection[DictRow], selection: Selection, lines: Lines, table: Table, proof: Descent
) -> None:
    chooser = Chooser(selection)
    if selection.by_subject:
        async for line in _lines(connection, proof.size):
            chooser.learn(line)
        chooser.check()
    async for line in _lines(connection, proof.size):
        if chooser.holds(line):
            proof.reach(line.seq - 1)
            bare = line._replace(digest="")
            lines.add(bare)
            table.add(bare)


async def _lines(connection: AsyncConnection[DictRow], until: int) -> AsyncIterator[Line]:
    async with aclosing(pages(connection, 0)) as found:
        async for page in found:
            for row in map(Row._make, page):
                if row.seq > until:
                    return
                recorded_us = row.recorded + SINCE_2000
                who = (row.role.encode(), row.actor.encode())
                yield Line(row.seq, recorded_us, *who, row.digest.hex(), row.text)


def newest_head(heads: HeadsFile, *, version: int) -> Head:
    newest = None
    for head in heads.heads():
        if head.version >= version:
            newest = head
    if newest is None:
        raise NotFound("no signed head is there yet", fix="run `gatehouse up`: its witness signs one")
    return newest


def _kept(heads: HeadsFile, last: Head, *, all_of_them: bool) -> Iterator[Head]:
    """What goes with the package: the last one, those where the key changes, and some of the others.

    A selection has no use for others: nothing in it leads to their roots.
    """
    count = sum(1 for _ in _up_to(heads, last))
    step = max(-(-count // HEADS_AT_MOST), 1)
    before: Head | None = None
    for number, head in enumerate(_up_to(heads, last), start=1):
        turns = bool(head.next_key) or (before is not None and bool(before.next_key))
        if turns or number == count or (all_of_them and (count - number) % step == 0):
            yield head
        before = head


def _up_to(heads: HeadsFile, last: Head) -> Iterator[Head]:
    for head in heads.heads():
        yield head
        if head == last:
            return
