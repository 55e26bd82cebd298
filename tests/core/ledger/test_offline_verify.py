"""The offline verifier: what holds, and everything that can be done to a package so that it does not."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from core.ledger.heads import key_id
from core.ledger.offline import verify as offline
from core.ledger.offline.verify import Descent, verify
from core.ledger.package import PART
from tests.core.ledger.packages import OTHER, Record, resealed, run

VECTORS: Final = Path(__file__).resolve().parents[4] / "shared" / "data" / "vectors"
ARCHIVE: Final = VECTORS / "rfc6962_merkle_proofs.tar.gz"
public_vectors = pytest.mark.skipif(
    not VECTORS.is_dir() and not os.environ.get("CI"), reason=f"the public vectors are not in {VECTORS}"
)

Vector = Mapping[str, Any]


@cache
def vectors() -> Mapping[str, Vector]:
    with tarfile.open(ARCHIVE) as archive:
        files = [file for file in archive if file.name.endswith(".json") and "/inclusion/" in file.name]
        return {file.name: json.load(archive.extractfile(file) or pytest.fail(file.name)) for file in files}


def faults(folder: Path, **asked: str) -> list[int]:
    """The entries at which something is wrong; 0 where it is at none."""
    told = verify(folder, **asked)  # type: ignore[arg-type]
    assert told["ok"] is (not told["faults"])
    assert not (told["faults"] and told["proved"])
    return [fault["seq"] for fault in told["faults"]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine entries, and heads of the fourth and the last."""
    return Record.of(9).sign(4, 9).package(tmp_path_factory.mktemp("export") / "P")


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the same nine: the second, third and eighth."""
    return Record.of(9).sign(4, 9).package(tmp_path_factory.mktemp("export") / "P", only=(2, 3, 8))


@pytest.fixture
def mine(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "mine"))


@pytest.fixture
def my_some(some: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(some, tmp_path / "some"))


def test_a_whole_package_holds_wherever_it_is_verified(whole: Path) -> None:
    code, told = run(whole)
    assert (code, told["ok"], told["faults"], told["entries"], told["heads"]) == (0, True, [], 9, 2)
    assert any("entries 1 to 9 are all here" in claim for claim in told["proved"])


def test_a_selection_holds_and_says_that_it_may_not_be_complete(some: Path) -> None:
    code, told = run(some)
    assert (code, told["faults"], told["entries"]) == (0, [], 3)
    assert any("complete" in claim for claim in told["not_proved"])


def test_it_runs_from_its_own_place_without_isolation_too(whole: Path) -> None:
    assert run(whole, isolated=False)[0] == 0


def test_one_verifier_reads_another_package_by_its_folder(whole: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(whole, other)
    assert run(whole, str(other))[0] == 0
    (other / "manifest.json").write_bytes(b"{}")
    assert run(whole, str(other))[0] == 1
    assert run(whole, str(whole))[0] == run(whole)[0] == 0


def test_it_imports_nothing_of_ours_and_reads_no_newer_grammar() -> None:
    import ast

    source = Path(offline.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {
        (node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_without_the_signature_library_it_names_it_and_the_way_to_get_it(whole: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "cryptography.py").write_text("raise ImportError('hidden')\n")
    done = subprocess.run(
        [sys.executable, str(whole / "verify.py")],
        env={**os.environ, "PYTHONPATH": str(hidden)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "verify.py needs the library `cryptography`: python -m pip install cryptography"
    ]


# What somebody does who also makes the manifest anew.


def edit(folder: Path, name: str, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    lines = (folder / name).read_bytes().splitlines(keepends=True)
    (folder / name).write_bytes(b"".join(change(lines)))
    return resealed(folder)


ENTRIES: Final = "entries/000001.tsv"
Change = Callable[[list[bytes]], list[bytes]]
LINES: Final[dict[str, tuple[Change, set[int]]]] = {
    "a text": (lambda lines: [*lines[:5], lines[5].replace(b"StepTaken", b"StepTakem"), *lines[6:]], {6}),
    "a role": (lambda lines: [*lines[:5], lines[5].replace(b"gh_agent", b"gh_gate"), *lines[6:]], {6}),
    "an actor": (lambda lines: [*lines[:5], lines[5].replace(b"adv-1", b"adv-2"), *lines[6:]], {6}),
    "dropped": (lambda lines: lines[:5] + lines[6:], {7}),
    "doubled": (lambda lines: lines[:6] + lines[5:], {6}),
    "swapped": (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], {5, 6}),
    "cut at the end": (lambda lines: lines[:-1], {8}),
    "cut at the start": (lambda lines: lines[1:], {2}),
    "a torn line": (lambda lines: [*lines[:-1], lines[-1][:-9]], {9}),
    "no line": (lambda lines: [*lines[:5], b"rubbish\n", *lines[6:]], {6}),
    "an empty line": (lambda lines: [*lines[:5], b"\n", *lines[5:]], {6}),
    "a seventh field": (lambda lines: [*lines[:5], lines[5][:-1] + b"\tx\n", *lines[6:]], {6}),
    "a number too large": (lambda lines: [*lines[:5], b"9" * 30 + lines[5][1:], *lines[6:]], {6}),
    "capitals in a digest": (lambda lines: [*lines[:5], lines[5].replace(b"a", b"A"), *lines[6:]], {6}),
    "nothing left": (lambda lines: [], {0}),
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_that_was_changed_is_named(mine: Path, case: str) -> None:
    change, named = LINES[case]
    assert named <= set(faults(edit(mine, ENTRIES, change)))


def test_a_time_that_goes_backwards_is_named_although_chain_and_head_hold(tmp_path: Path) -> None:
    record = Record.of(3)
    record.lines[1] = record.lines[1]._replace(recorded_us=record.lines[0].recorded_us - 1)
    again = rehashed(record)
    assert faults(again.sign(3).package(tmp_path / "P")) == [2]


def rehashed(record: Record) -> Record:
    """The same lines with a chain of their own, right from the start."""
    from core.ledger.chain import GENESIS, leaf_of, link, who_of

    made, before = Record(), GENESIS
    for line in record.lines:
        leaf = leaf_of(line.seq, line.recorded_us, who_of(line.role.decode(), line.actor.decode()), line.text)
        before = link(before, leaf)
        made.leaves.append(leaf)
        made.lines.append(line._replace(digest=before.hex()))
    return made


def test_a_chain_hashed_anew_from_an_entry_on_is_named_at_the_next_head(mine: Path, tmp_path: Path) -> None:
    forged = Record.of(5)
    for line in Record.of(9, words="forged").lines[5:]:
        forged.add(line.text)
    other = forged.sign(4, 9).package(tmp_path / "forged")
    shutil.copyfile(other / ENTRIES, mine / ENTRIES)
    assert faults(resealed(mine)) == [9]


def test_heads_of_another_journal_are_not_those_of_this_one(mine: Path, tmp_path: Path) -> None:
    other = Record.of(9, words="another").sign(4, 9).package(tmp_path / "other")
    for name in ("heads.jsonl", "keys.txt"):
        shutil.copyfile(other / name, mine / name)
    assert {4, 9} <= set(faults(resealed(mine)))


def test_a_key_put_in_the_place_of_another_is_found(mine: Path, tmp_path: Path) -> None:
    other = Record.of(1).sign(1, seed=OTHER).package(tmp_path / "other")
    shutil.copyfile(other / "keys.txt", mine / "keys.txt")
    assert faults(resealed(mine)) == [4, 9]


def test_a_journal_rewritten_with_another_key_shows_it_to_whoever_has_a_key_or_a_head(tmp_path: Path) -> None:
    true = Record.of(9).sign(9)
    forged = Record.of(9, words="forged").sign(9, seed=OTHER).package(tmp_path / "P")
    assert faults(forged) == []  # nothing in it can show this
    assert faults(forged, key=key_id(true.public[0])) == [0]
    assert faults(forged, head=true.heads[0].root) == [0]
    assert run(forged, "--key", key_id(true.public[0]))[0] == 1
    assert run(forged, "--head", true.heads[0].root)[0] == 1


@pytest.mark.parametrize("which", ["root", "digest", "of an entry between"])
def test_a_head_from_elsewhere_is_found_in_what_it_belongs_to(whole: Path, which: str) -> None:
    record = Record.of(9).sign(4)
    words = {"root": record.heads[0].root, "digest": record.heads[0].digest}.get(
        which, record.lines[5].digest
    )
    assert faults(whole, head=words) == []


def test_a_signed_root_that_is_not_this_trees_is_found(tmp_path: Path) -> None:
    record = Record.of(9)
    record.leaves[3] = bytes(32)  # what the witness of this test signs is wrong
    assert faults(record.sign(9).package(tmp_path / "P")) == [9]


def test_a_gap_in_a_chain_that_holds_is_found(tmp_path: Path) -> None:
    record = Record.of(5)
    record.lines[3:] = [line._replace(seq=line.seq + 1) for line in record.lines[3:]]
    gapped = rehashed(record)
    folder = gapped.sign(5).package(tmp_path / "P")
    assert "it stands where entry 4 should" in [each["says"] for each in verify(folder)["faults"]]


def test_a_head_has_one_way_to_be_written(mine: Path) -> None:
    assert faults(edit(mine, "heads.jsonl", lambda lines: [lines[0].replace(b": ", b":"), *lines[1:]])) == [0]


def test_a_key_may_be_replaced_by_one_that_the_head_before_names(tmp_path: Path) -> None:
    record = Record.of(6).sign(2).sign(4, next_seed=OTHER).sign(6, seed=OTHER)
    folder = record.package(tmp_path / "P")
    assert faults(folder) == []
    assert faults(folder, key=key_id(record.public[0])) == []


def test_a_key_that_nobody_named_is_found(tmp_path: Path) -> None:
    assert faults(Record.of(6).sign(2).sign(6, seed=OTHER).package(tmp_path / "P")) == [6]


def test_a_key_that_was_replaced_signs_nothing_more(tmp_path: Path) -> None:
    record = Record.of(6).sign(2, next_seed=OTHER).sign(4, seed=OTHER).sign(6)
    assert faults(record.package(tmp_path / "P")) == [6]


def test_heads_stand_in_the_order_of_their_entries(tmp_path: Path) -> None:
    assert 2 in faults(Record.of(6).sign(4, 2, 6).package(tmp_path / "P"))


@pytest.mark.parametrize("field", ["digest", "root", "signed_at", "seq"])
def test_a_head_that_was_changed_is_found(mine: Path, field: str) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        head = json.loads(lines[0])
        head[field] = 5 if field == "seq" else head[field].replace("1", "2")
        return [json.dumps(head, sort_keys=True).encode() + b"\n", *lines[1:]]

    assert faults(edit(mine, "heads.jsonl", change))


SOME: Final[dict[str, tuple[Change, set[int]]]] = {
    "a text": (lambda lines: [lines[0], lines[1].replace(b"StepTaken", b"StepTakem"), lines[2]], {3}),
    "another sequence": (lambda lines: [*lines[:2], b"7" + lines[2][1:]], {7}),
    "dropped": (lambda lines: [lines[0], lines[2]], {8}),
    "the last one dropped": (lambda lines: lines[:2], {3}),
    "doubled": (lambda lines: [lines[0], lines[0], *lines[1:]], {2}),
    "swapped": (lambda lines: [lines[1], lines[0], lines[2]], {3}),
    "no line": (lambda lines: [lines[0], b"rubbish\n", lines[2]], {2}),
    "one that no head covers": (lambda lines: [*lines, b"10" + lines[2][1:]], {10}),
    "a digest": (lambda lines: [lines[0].replace(b"\t\t", b"\t" + b"00" * 32 + b"\t"), *lines[1:]], {2}),
}


@pytest.mark.parametrize("case", SOME)
def test_a_line_of_a_selection_that_was_changed_is_named(my_some: Path, case: str) -> None:
    change, named = SOME[case]
    assert named <= set(faults(edit(my_some, ENTRIES, change)))


@pytest.mark.parametrize("changed", [{"entries": 4}, {"first": 1}, {"last": 9}, {"whole": True}], ids=str)
def test_what_a_selections_manifest_says_is_compared(my_some: Path, changed: dict[str, Any]) -> None:
    assert faults(resealed(my_some, **changed))


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.long)])
def test_every_byte_of_a_selections_proof_matters(my_some: Path, stride: int) -> None:
    path = my_some / "proof.bin"
    raw = path.read_bytes()
    for at in range(0, len(raw), stride):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        assert faults(resealed(my_some)), at
    for other in (raw[:-64], raw[:-1], raw + bytes(64), b""):
        path.write_bytes(other)
        assert faults(resealed(my_some))


# What somebody does who knows nothing of the manifest.


@pytest.mark.timeout(600)
@pytest.mark.parametrize("long", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("package", ["whole", "some"])
def test_every_byte_of_every_file_matters(mine: Path, my_some: Path, package: str, long: bool) -> None:
    """Each byte in turn, by one bit. Without `--long` each third, of what no proof reads fewer."""
    folder = mine if package == "whole" else my_some
    unread = {"README.md", "entries.parquet", "verify.py"}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        for at in range(0, len(raw), 1 if long else 211 if path.name in unread else 3):
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            assert faults(folder), (path.name, at)
        path.write_bytes(raw)
    assert faults(folder) == []


@pytest.mark.parametrize(
    "name", ["manifest.json", "manifest.sha256", "heads.jsonl", "keys.txt", ENTRIES, "README.md"]
)
def test_a_file_that_is_missing_is_found(mine: Path, name: str) -> None:
    (mine / name).unlink()
    assert run(mine)[0] == 1


def test_a_file_that_does_not_belong_there_is_found(mine: Path) -> None:
    (mine / "entries" / "000002.tsv").write_bytes(b"")
    assert faults(mine) == [0]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"format":"gatehouse-export/2"}',
        "[" * 100_000,
        '{"format":"gatehouse-export/1"}',
    ],
)
def test_a_manifest_that_says_anything_else_is_a_fault_and_no_crash(mine: Path, words: str) -> None:
    (mine / "manifest.json").write_text(words)
    (mine / "manifest.sha256").write_text(f"{sha256(words.encode()).hexdigest()}  manifest.json\n")
    assert 0 in faults(mine)


@pytest.mark.parametrize(
    "changed",
    [
        {"entries": 8},
        {"last": 8},
        {"first": 2},
        {"whole": False},
        {"head": {}},
        {"parts": []},
        {"parts": [{"file": "../../etc/passwd", "first": 1, "entries": 9, "before": "00" * 32}]},
        {"parts": [{"file": ENTRIES, "first": 2, "entries": 9, "before": "00" * 32}]},
        {"parts": [{"file": ENTRIES, "first": 1, "entries": 3, "before": "00" * 32}]},
        {"parts": [{"file": ENTRIES, "first": 1, "entries": 9, "before": "11" * 32}]},
    ],
    ids=str,
)
def test_what_the_manifest_says_is_compared(mine: Path, changed: dict[str, Any]) -> None:
    assert faults(resealed(mine, **changed))


# Many lines are read together where they are plainly right, and one by one where one is not.


NUMBERS: Final[dict[str, tuple[bytes, bytes]]] = {
    "a zero in front of its sequence": (b"6\t", b"06\t"),
    "a sign in front of its sequence": (b"6\t", b"+6\t"),
    "a space in front of its time": (b"6\t17", b"6\t 17"),
    "a zero in front of its time": (b"6\t17", b"6\t017"),
    "an underscore in its time": (b"6\t17", b"6\t1_7"),
    "a tab in place of its end": (b"\n", b"\t"),
    "a line end in place of its tab": (b"6\t", b"6\n"),
    "a return in front of its end": (b"\n", b"\r\n"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_a_line_says_each_thing_in_one_way(mine: Path, case: str) -> None:
    was, now = NUMBERS[case]
    found = faults(edit(mine, ENTRIES, lambda lines: [*lines[:5], lines[5].replace(was, now, 1), *lines[6:]]))
    assert found
    assert set(found) <= {5, 6, 7, 8, 9}


def test_a_time_of_any_year_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in (0, 999_999_999_999_998, 10**16 - 2):
        monkeypatch.setattr("tests.core.ledger.packages.NOON_US", at)
        record = Record.of(5).sign(2, 5)
        assert faults(record.package(tmp_path / str(at))) == []


def test_where_a_file_is_cut_while_it_is_read_changes_nothing(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = (mine / ENTRIES).read_bytes().replace(b'"stream_version":6', b'"stream_version":7')
    named = [[], [6]]
    for chunk in (1, 64, 997, 2_500):
        monkeypatch.setattr(offline, "CHUNK", chunk)
        told = [faults(mine)]
        kept = (mine / ENTRIES).read_bytes()
        (mine / ENTRIES).write_bytes(forged)
        told.append([seq for seq in faults(resealed(mine)) if seq])
        (mine / ENTRIES).write_bytes(kept)
        resealed(mine)
        assert told == named, chunk


# Several files, several processes.


@pytest.mark.parametrize("processes", [1, 3])
def test_files_join_into_one_chain_and_one_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr("core.ledger.package.PART", 512)
    record = Record.of(1_300).sign(1, 255, 256, 257, 511, 512, 513, 1_024, 1_025, 1_300)
    folder = record.package(tmp_path / "P")
    assert sorted(path.name for path in (folder / "entries").iterdir())[-1] == "000003.tsv"
    assert run(folder, "--processes", str(processes))[1]["faults"] == []
    first, second = folder / ENTRIES, folder / "entries/000002.tsv"
    swapped = first.read_bytes(), second.read_bytes()
    second.write_bytes(swapped[0])
    first.write_bytes(swapped[1])
    code, told = run(resealed(folder), "--processes", str(processes))
    assert code == 1
    assert told["faults"][0]["seq"] == 513


def test_files_of_two_histories_do_not_join_although_each_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.ledger.package.PART", 512)
    true, fork = Record.of(600).sign(512), Record.of(600, words="forked").sign(600)
    true.heads += fork.heads
    other = Record.of(600, words="forked").sign(600).package(tmp_path / "fork")
    folder = true.package(tmp_path / "P")
    shutil.copyfile(other / "entries/000002.tsv", folder / "entries/000002.tsv")
    parts = json.loads((folder / "manifest.json").read_bytes())["parts"]
    parts[1]["before"] = json.loads((other / "manifest.json").read_bytes())["parts"][1]["before"]
    assert faults(resealed(folder, parts=parts))[0] == 513


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 300])
def test_every_length_holds_whole_and_in_part(tmp_path: Path, count: int) -> None:
    record = Record.of(count).sign(count)
    assert faults(record.package(tmp_path / "whole")) == []
    every = tuple(range(1, count + 1))
    for only in {every[:1], every[-1:], every[::7], every}:
        assert faults(record.package(tmp_path / f"some-{only[0]}-{len(only)}", only=only)) == []


def test_a_part_is_a_power_of_two() -> None:
    assert PART & (PART - 1) == 0


# RFC 6962, against other people's vectors.


def descends(v: Vector) -> bool:
    """Whether the vector's audit path, turned into the children of each node from the root down, holds."""
    leaf, index, size = base64.b64decode(v["leafHash"] or ""), v["leafIdx"], v["treeSize"]
    pairs, made, last = [], leaf, size - 1
    for beside in (base64.b64decode(each) for each in v["proof"] or ()):
        while index == last and not index & 1 and last:
            index, last = index >> 1, last >> 1
        pair = (beside, made) if index & 1 else (made, beside)
        pairs.append(b"".join(pair))
        made = offline.node(*pair)
        index, last = index >> 1, last >> 1
    file = io.BytesIO(b"".join(reversed(pairs)))
    try:
        found = Descent(base64.b64decode(v["root"] or ""), size, file.read).leaf(v["leafIdx"])
    except (ValueError, IndexError):
        return False
    return found == leaf and file.read(1) == b""


@public_vectors
def test_the_descent_agrees_with_every_public_vector_of_inclusion() -> None:
    assert len(vectors()) == 98
    wrong = {name for name, vector in vectors().items() if descends(vector) is vector["wantErr"]}
    assert wrong == set()


@public_vectors
def test_some_of_the_vectors_hold_and_some_do_not() -> None:
    assert {vector["wantErr"] for vector in vectors().values()} == {True, False}
