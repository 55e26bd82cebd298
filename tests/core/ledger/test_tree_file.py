"""The tree's files: killed anywhere, damaged anywhere, they give right proofs or none."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import IntegrityLost, WorldFailed
from core.ledger.tree import Frontier, check_inclusion, inclusion_path, root_of
from core.ledger.tree_file import TreeReader, TreeWriter, level_file

SIZE = 77
some = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def leaves(size: int = SIZE) -> list[bytes]:
    return [sha256(number.to_bytes(4, "big")).digest() for number in range(size)]


def root(size: int) -> bytes:
    frontier = Frontier()
    frontier.extend(leaves(size))
    return frontier.root()


def write(folder: Path, size: int = SIZE, *, step: int = 10) -> None:
    frontier = Frontier()
    with TreeWriter(folder) as writer:
        for at in range(0, size, step):
            writer.put(frontier.extend(leaves(size)[at : at + step]))
        writer.cut(size)


def all_proofs_hold(folder: Path, size: int) -> bool:
    with TreeReader(folder) as reader:
        for index in range(size):
            path = inclusion_path(reader, index, size)
            check_inclusion(leaves()[index], index, size, path, root(size))
    return True


def test_every_proof_from_the_files_holds_at_every_size(tmp_path: Path) -> None:
    write(tmp_path)
    with TreeReader(tmp_path) as reader:
        assert reader.size == SIZE
        assert [root_of(reader, size) for size in range(SIZE + 1)] == [root(size) for size in range(SIZE + 1)]
    assert all_proofs_hold(tmp_path, SIZE)


@some
@given(draw=st.data())
def test_files_cut_off_anywhere_are_a_smaller_tree_with_right_proofs(
    tmp_path: Path, draw: st.DataObject
) -> None:
    """As a kill or a full disk leaves them: each level ends at a byte of its own."""
    write(tmp_path)
    for level in range(7):
        file = level_file(tmp_path, level)
        os.truncate(file, draw.draw(st.integers(0, file.stat().st_size), label=f"level {level}"))
    with TreeReader(tmp_path) as reader:
        size = reader.size
        assert root_of(reader, size) == root(size)
    assert all_proofs_hold(tmp_path, size)
    write(tmp_path)
    with TreeReader(tmp_path) as reader:
        assert reader.size == SIZE


@some
@given(level=st.integers(0, 6), draw=st.data())
def test_a_damaged_byte_is_never_proved_from_and_the_next_start_mends_it(
    tmp_path: Path, level: int, draw: st.DataObject
) -> None:
    write(tmp_path)
    whole = {at: level_file(tmp_path, at).read_bytes() for at in range(7)}
    raw = bytearray(whole[level])
    raw[draw.draw(st.integers(0, len(raw) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    level_file(tmp_path, level).write_bytes(raw)
    with pytest.raises(IntegrityLost):
        all_proofs_hold(tmp_path, SIZE)
    write(tmp_path)
    assert {at: level_file(tmp_path, at).read_bytes() for at in range(7)} == whole


def test_what_stands_behind_the_end_is_cut_off(tmp_path: Path) -> None:
    write(tmp_path, 77)
    write(tmp_path, 50)
    with TreeReader(tmp_path) as reader:
        assert reader.size == 50
    assert all_proofs_hold(tmp_path, 50)


def test_a_reader_sees_the_tree_grow(tmp_path: Path) -> None:
    frontier = Frontier()
    with TreeWriter(tmp_path) as writer, TreeReader(tmp_path) as reader:
        sizes = []
        for leaf in leaves(9):
            sizes.append(reader.size)
            writer.put(frontier.extend([leaf]))
        assert sizes == list(range(9))


def test_a_right_file_is_not_written_again(tmp_path: Path) -> None:
    write(tmp_path)
    for level in range(7):
        os.utime(level_file(tmp_path, level), (1, 1))
    write(tmp_path, step=3)
    assert {level_file(tmp_path, level).stat().st_mtime for level in range(7)} == {1}


def test_two_writers_are_refused(tmp_path: Path) -> None:
    with TreeWriter(tmp_path), pytest.raises(WorldFailed, match="another witness"), TreeWriter(tmp_path):
        pass


def test_no_files_are_an_empty_tree(tmp_path: Path) -> None:
    with TreeReader(tmp_path / "none") as reader:
        assert reader.size == 0
        with pytest.raises(IntegrityLost, match="node 3 of level 2"):
            reader.at(2, 3)
