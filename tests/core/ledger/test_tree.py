"""The tree's proofs against other people's vectors, and against the definition itself."""

from __future__ import annotations

import base64
import json
import os
import tarfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import IntegrityLost
from core.ledger.tree import (
    Frontier,
    check_borders,
    check_consistency,
    check_inclusion,
    check_part,
    consistency_path,
    inclusion_path,
    root_of,
)

VECTORS: Final = Path(__file__).resolve().parents[4] / "shared" / "data" / "vectors"
ARCHIVE: Final = VECTORS / "rfc6962_merkle_proofs.tar.gz"
public_vectors = pytest.mark.skipif(
    not VECTORS.is_dir() and not os.environ.get("CI"), reason=f"the public vectors are not in {VECTORS}"
)
SOME: Final = settings(max_examples=150, deadline=None)

Vector = Mapping[str, Any]


@cache
def vectors() -> Mapping[str, Vector]:
    with tarfile.open(ARCHIVE) as archive:
        files = [member for member in archive if member.isfile() and member.name.endswith(".json")]
        return {file.name: json.load(archive.extractfile(file) or pytest.fail(file.name)) for file in files}


def raw(words: str | None) -> bytes:
    return base64.b64decode(words or "")


def path_of(vector: Vector) -> Sequence[bytes]:
    return [raw(each) for each in vector["proof"] or ()]


def inclusion(v: Vector) -> None:
    check_inclusion(raw(v["leafHash"]), v["leafIdx"], v["treeSize"], path_of(v), raw(v["root"]))


def consistency(v: Vector) -> None:
    check_consistency(v["size1"], v["size2"], raw(v["root1"]), raw(v["root2"]), path_of(v))


def part_inclusion(v: Vector) -> None:
    check_borders(v["start"], v["end"])
    check_inclusion(
        raw(v["leafHash"]), v["leafIdx"] - v["start"], v["end"] - v["start"], path_of(v), raw(v["root"])
    )


def part_consistency(v: Vector) -> None:
    check_part(v["start"], v["end"], v["size"], raw(v["root1"]), raw(v["root2"]), path_of(v))


CHECKS: Final[Mapping[str, tuple[Callable[[Vector], None], int]]] = {
    "inclusion": (inclusion, 98),
    "consistency": (consistency, 98),
    "subtreeinclusion": (part_inclusion, 204),
    "subtreeconsistency": (part_consistency, 118),
}


@public_vectors
@pytest.mark.parametrize("kind", CHECKS)
def test_every_public_vector_is_judged_as_its_authors_did(kind: str) -> None:
    check, known = CHECKS[kind]
    mine = {name: vector for name, vector in vectors().items() if f"testdata/{kind}/" in name}
    assert len(mine) == known
    accepted = {name for name, vector in mine.items() if holds(check, vector)}
    assert accepted == {name for name, vector in mine.items() if not vector["wantErr"]}


def holds(check: Callable[[Vector], None], vector: Vector) -> bool:
    try:
        check(vector)
    except IntegrityLost:
        return False
    return True


# The definition of RFC 6962 section 2.1, word by word, on lists of leaf hashes.


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = below(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def audit_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = below(len(leaves))
    if m < k:
        return [*audit_path(m, leaves[:k]), mth(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Naive:
    """Nodes by the definition."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves

    def at(self, level: int, index: int) -> bytes:
        mine = self.leaves[index << level : (index + 1) << level]
        assert len(mine) == 1 << level, "not a complete subtree"
        return mth(mine)


def leaves_of(size: int) -> list[bytes]:
    return [sha256(b"\x00" + number.to_bytes(4, "big")).digest() for number in range(size)]


trees = st.integers(1, 140).map(leaves_of)


@given(size=st.integers(0, 300))
@SOME
def test_the_frontiers_root_is_the_definitions_at_every_size(size: int) -> None:
    frontier = Frontier()
    for leaf in leaves_of(size):
        frontier.add(leaf)
    assert (frontier.size, frontier.root()) == (size, mth(leaves_of(size)))
    assert root_of(Naive(leaves_of(size)), size) == frontier.root()


@given(steps=st.lists(st.integers(0, 40), max_size=8), one_by_one=st.booleans())
@SOME
def test_many_leaves_at_once_make_the_same_tree_and_answer_each_new_node(
    steps: list[int], one_by_one: bool
) -> None:
    leaves = leaves_of(sum(steps))
    frontier = Frontier()
    for step in steps:
        at = frontier.size
        made = frontier.extend(leaves[at : at + step])
        known = Naive(leaves)
        for level, (first, row) in enumerate(made):
            assert row == [known.at(level, first + number) for number in range(len(row))]
            assert (first, first + len(row)) == (at >> level, frontier.size >> level)
        if one_by_one and frontier.size < len(leaves):
            frontier.add(leaves[frontier.size])
    for leaf in leaves[frontier.size :]:
        frontier.add(leaf)
    assert (frontier.size, frontier.root()) == (len(leaves), mth(leaves))


@given(leaves=trees, draw=st.data())
@SOME
def test_an_inclusion_path_is_the_definitions_and_holds(leaves: list[bytes], draw: st.DataObject) -> None:
    size = draw.draw(st.integers(1, len(leaves)))
    index = draw.draw(st.integers(0, size - 1))
    path = inclusion_path(Naive(leaves), index, size)
    assert list(path) == audit_path(index, leaves[:size])
    check_inclusion(leaves[index], index, size, path, mth(leaves[:size]))


@given(leaves=trees, draw=st.data())
@SOME
def test_an_inclusion_path_proves_nothing_else(leaves: list[bytes], draw: st.DataObject) -> None:
    """Another leaf, place or size, a changed bit, one hash more or less: refused."""
    size = len(leaves)
    index = draw.draw(st.integers(0, size - 1))
    path, root = inclusion_path(Naive(leaves), index, size), mth(leaves)
    other = draw.draw(st.integers(0, size).filter(lambda at: at != index))
    wrong: list[tuple[bytes, int, int, Sequence[bytes], bytes]] = [
        (sha256(leaves[index]).digest(), index, size, path, root),
        (leaves[index], other, size, path, root),
        (leaves[index], index, size, [*path, root], root),
        (leaves[index], index, size, path, sha256(root).digest()),
        (leaves[index], -1 - index, size, path, root),
    ]
    if path:
        at = draw.draw(st.integers(0, len(path) - 1))
        wrong.append((leaves[index], index, size, [*path[:at], flipped(path[at]), *path[at + 1 :]], root))
        wrong.append((leaves[index], index, size, path[1:], root))
    for case in wrong:
        with pytest.raises(IntegrityLost):
            check_inclusion(*case)


@given(leaves=trees, draw=st.data())
@SOME
def test_a_consistency_path_is_the_definitions_and_holds(leaves: list[bytes], draw: st.DataObject) -> None:
    new = draw.draw(st.integers(1, len(leaves)))
    old = draw.draw(st.integers(1, new))
    path = consistency_path(Naive(leaves), old, new)
    assert list(path) == subproof(old, leaves[:new], True)
    check_consistency(old, new, mth(leaves[:old]), mth(leaves[:new]), path)


@given(leaves=trees, level=st.integers(0, 6), draw=st.data())
@SOME
def test_a_complete_part_is_proved_by_what_stands_above_it(
    leaves: list[bytes], level: int, draw: st.DataObject
) -> None:
    """The path of its first leaf, without the steps inside the part."""
    whole_parts = len(leaves) >> level
    if not whole_parts:
        return
    start = draw.draw(st.integers(0, whole_parts - 1)) << level
    end = start + (1 << level)
    path = audit_path(start, leaves)[level:]
    check_part(start, end, len(leaves), mth(leaves[start:end]), mth(leaves), path)
    with pytest.raises(IntegrityLost):
        check_part(start, end, len(leaves), flipped(mth(leaves[start:end])), mth(leaves), path)


@given(leaves=trees, draw=st.data())
@SOME
def test_a_rewritten_past_has_no_consistency_path(leaves: list[bytes], draw: st.DataObject) -> None:
    """The honest path of the rewritten tree, against the root that was signed before."""
    new = len(leaves)
    old = draw.draw(st.integers(1, new))
    at = draw.draw(st.integers(0, old - 1))
    rewritten = [*leaves[:at], flipped(leaves[at]), *leaves[at + 1 :]]
    path = consistency_path(Naive(rewritten), old, new)
    with pytest.raises(IntegrityLost):
        check_consistency(old, new, mth(leaves[:old]), mth(rewritten), path)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_nothing_is_proved_of_an_empty_tree_or_of_one_behind_itself(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="nothing shows"):
        consistency_path(Naive(leaves_of(5)), old, new)
    with pytest.raises(IntegrityLost):
        check_consistency(old, new, mth(leaves_of(max(old, 0))), mth(leaves_of(new)), [])


@pytest.mark.parametrize("index", [-1, 5])
def test_there_is_no_path_to_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        inclusion_path(Naive(leaves_of(5)), index, 5)


def flipped(raw: bytes) -> bytes:
    return bytes([raw[0] ^ 1]) + raw[1:]
