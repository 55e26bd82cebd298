"""The Merkle tree over the journal's leaves: roots, proofs that an entry is in it, proofs that it only grew.

Rule 1: pure functions. A leaf comes in as its hash (`chain.leaf`, which has the 0x00 in front); entry n is
    leaf n - 1.
Rule 2: a proof is made from nodes that somebody kept and is worth nothing until it is checked; checking
    takes hashes and numbers alone, and trusts none of them.
Rule 3: the empty tree has the hash of nothing as its root, and there is nothing to prove of it.
Source: RFC 6962 section 2.1. Parts of a tree that begin elsewhere than at its first leaf are those of
draft-ietf-plants-merkle-tree-certs section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, Protocol

from core.errors import IntegrityLost

EMPTY_ROOT: Final = sha256(b"").digest()
HASH_BYTES: Final = 32
_BEGUN: Final = sha256(b"\x01")


Made = list[tuple[int, list[bytes]]]
"""New nodes by level, leaves first: where the row begins, and the row."""


class Nodes(Protocol):
    """Where the roots of complete subtrees are kept."""

    def at(self, level: int, index: int) -> bytes:
        """The root over the leaves from `index << level` up to `(index + 1) << level`, all of them there."""
        ...


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The tree so far, as the complete subtrees that its right edge is made of: one hash a level."""

    __slots__ = ("_left", "size")

    def __init__(self) -> None:
        self.size = 0
        self._left: list[bytes] = []  # by level; it counts where that bit of `size` is set

    def add(self, leaf: bytes) -> None:
        """One more entry at the right."""
        rest, level = self.size, 0
        while rest & 1:
            leaf = sha256(b"\x01" + self._left[level] + leaf).digest()
            rest, level = rest >> 1, level + 1
        self._left[level : level + 1] = [leaf]
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> Made:
        """Many more. Answers every node that is complete by it."""
        made: Made = []
        row, first = list(leaves), self.size
        while row:
            made.append((first, row))
            level = len(made) - 1
            if level == len(self._left):
                self._left.append(b"")
            pairs = [self._left[level], *row] if first & 1 else row
            if len(pairs) & 1:
                self._left[level] = pairs[-1]
            row, first = _above(pairs), first >> 1
        self.size += len(leaves)
        return made

    def root(self) -> bytes:
        return _folded([left for level, left in reversed([*enumerate(self._left)]) if self.size >> level & 1])


def root_of(nodes: Nodes, size: int) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return _part(nodes, 0, size)


def inclusion_path(nodes: Nodes, index: int, size: int) -> tuple[bytes, ...]:
    """What joins leaf `index` to the root of the first `size` leaves, the lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path = []
    level, last = 0, size - 1
    while last:
        if index & 1:
            path.append(nodes.at(level, index - 1))
        elif index < last:
            path.append(_part(nodes, (index + 1) << level, min((index + 2) << level, size)))
        index, last, level = index >> 1, last >> 1, level + 1
    return tuple(path)


def consistency_path(nodes: Nodes, old: int, new: int) -> tuple[bytes, ...]:
    """What shows that the tree over `new` leaves begins with that over `old`, the lowest first."""
    if not 0 < old <= new:
        raise ValueError(f"nothing shows that a tree of {new} begins with one of {old}")
    path = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_part(nodes, middle, end))
            end = middle
        else:
            path.append(_part(nodes, start, middle))
            start = middle
    if start:
        path.append(_part(nodes, start, end))
    return tuple(reversed(path))


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Nothing, where `path` proves that `leaf` is number `index` of the tree over `size` leaves.

    Raises:
        IntegrityLost: it does not.
    """
    _check_hashes((leaf, root, *path))
    if not 0 <= index < size:
        raise _unproven(f"there is no leaf {index} in a tree of {size}")
    last, made = size - 1, leaf
    for beside in path:
        if last == 0:
            raise _unproven("the proof is longer than the tree is high")
        if index & 1 or index == last:
            made = node(beside, made)
            while not index & 1:
                index, last = index >> 1, last >> 1
        else:
            made = node(made, beside)
        index, last = index >> 1, last >> 1
    if last or made != root:
        raise _unproven("the proof does not lead to the root")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Nothing, where `path` proves that the tree over `new` leaves begins with that over `old`.

    Raises:
        IntegrityLost: it does not; or `old` is 0, of which nothing needs proof.
    """
    if old == 0:
        raise _unproven("every tree begins with the empty one")
    check_part(0, old, new, old_root, new_root, path)


def check_part(start: int, end: int, size: int, part: bytes, root: bytes, path: Sequence[bytes]) -> None:
    """Nothing, where `path` proves that `part` is the root over that tree's leaves from `start` up to `end`.

    Raises:
        IntegrityLost: it does not, or no subtree has these borders.
    """
    _check_hashes(path)
    check_borders(start, end)
    if end > size:
        raise _unproven(f"a tree of {size} leaves does not reach to {end}")
    if start == end:
        if path or part != EMPTY_ROOT:
            raise _unproven("a part without leaves has the empty root and no proof")
        return
    part_made, made = _rebuilt(start, end - 1, size - 1, part, list(path))
    if part_made != part or made != root:
        raise _unproven("the proof does not join the two roots")


def check_borders(start: int, end: int) -> None:
    """Nothing, where the leaves from `start` up to `end` can be a subtree.

    They can where their number, rounded up to a power of two, divides `start`.

    Raises:
        IntegrityLost: they cannot.
    """
    if not 0 <= start <= end or start % (1 << max(end - start - 1, 0).bit_length()):
        raise _unproven(f"no subtree has the leaves from {start} up to {end}")


def _rebuilt(first: int, last: int, newest: int, part: bytes, path: list[bytes]) -> tuple[bytes, bytes]:
    """The roots of the part and of the whole, as that path has them. Numbers are of leaves, then of nodes."""
    to_the_edge = last == newest
    while first != last and (to_the_edge or last & 1):
        first, last, newest = first >> 1, last >> 1, newest >> 1
    if first != last and not path:
        raise _unproven("the proof is empty")
    part_made = made = part if first == last else path.pop(0)
    for beside in path:
        if newest == 0:
            raise _unproven("the proof is longer than the tree is high")
        if last & 1 or last == newest:
            made = node(beside, made)
            if first < last:
                part_made = node(beside, part_made)
            while not last & 1:
                first, last, newest = first >> 1, last >> 1, newest >> 1
        else:
            made = node(made, beside)
        first, last, newest = first >> 1, last >> 1, newest >> 1
    if newest:
        raise _unproven("the proof ends below the root")
    return part_made, made


def _part(nodes: Nodes, start: int, end: int) -> bytes:
    """The root over those leaves, from the complete subtrees in it. `start` is a border of a subtree."""
    peaks = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(nodes.at(level, start >> level))
        start += 1 << level
    return _folded(peaks)


def _above(pairs: Sequence[bytes]) -> list[bytes]:
    """`node` of each two: to copy what has begun takes less time than to begin."""
    row = []
    for left, right in zip(pairs[::2], pairs[1::2], strict=False):
        made = _BEGUN.copy()
        made.update(left + right)
        row.append(made.digest())
    return row


def _folded(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    made = peaks[-1]
    for left in reversed(peaks[:-1]):
        made = node(left, made)
    return made


def _split(size: int) -> int:
    """The largest power of two below `size`, which is 2 or more."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise _unproven(f"a hash in it has not {HASH_BYTES} bytes")


def _unproven(says: str) -> IntegrityLost:
    return IntegrityLost(says, fix="ask for the proof again; where it stays so, a person must look")
