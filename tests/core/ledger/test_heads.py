"""Heads: their one form, their signatures, and the order of the keys that sign them."""

from __future__ import annotations

import base64
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import IntegrityLost
from core.ledger.heads import Head, HeadsFile, Signer, check, check_signature, head_of, line_of
from core.ledger.succession import Succession
from tests.fixtures.heads import version_1

VECTORS: Final = Path(__file__).resolve().parents[4] / "shared" / "data" / "vectors"
public_vectors = pytest.mark.skipif(
    not VECTORS.is_dir() and not os.environ.get("CI"), reason=f"the public vectors are not in {VECTORS}"
)
AT: Final = "2022-12-29T15:00:00.000000Z"
A, B, C = (Signer(digit * 64) for digit in "123")


def signed(seq: int, by: Signer = A, *, names: Signer | None = None, root: int = 7) -> Head:
    return by.sign(
        seq=seq,
        digest=bytes([seq % 256]) * 32,
        root=bytes([root]) * 32,
        signed_at=AT,
        next_key=names.id if names else "",
    )


@public_vectors
def test_every_public_ed25519_vector_is_judged_as_its_authors_did() -> None:
    name = "testvectors_v1/ed25519_test.json"
    with tarfile.open(VECTORS / "wycheproof_subset.tar.gz") as archive:
        groups = json.load(archive.extractfile(name) or pytest.fail(name))["testGroups"]
    tried = 0
    for group in groups:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            assert case["result"] in ("valid", "invalid")
            valid = holds(partial(check_signature, public, signature, message))
            assert valid is (case["result"] == "valid"), case
            tried += 1
    assert tried == 151


def holds(judge: Callable[[], None]) -> bool:
    try:
        judge()
    except IntegrityLost:
        return False
    return True


def test_the_signature_covers_the_rfc_8785_text_of_every_other_field() -> None:
    head = signed(5, names=B)
    assert set(head.fields()) == {
        *("version", "seq", "digest", "root", "signed_at", "key", "next_key", "signature")
    }
    rest = {name: value for name, value in head.fields().items() if name != "signature"}
    A._key.public_key().verify(base64.b64decode(head.signature), rfc8785.dumps(rest))


@given(name=st.sampled_from(["seq", "digest", "root", "signed_at", "key", "next_key"]))
@settings(max_examples=20, deadline=None)
def test_a_changed_field_of_a_head_is_found(name: str) -> None:
    head = signed(5)
    other: dict[str, Any] = {
        "seq": 6, "digest": "0" * 64, "root": "0" * 64, "signed_at": AT.replace("15", "16"),
        "key": B.id, "next_key": B.id,
    }  # fmt: skip
    check(head, A.public)
    with pytest.raises(IntegrityLost, match="does not hold"):
        check(replace(head, **{name: other[name]}), A.public)


def test_a_head_is_read_back_from_its_line_in_both_versions() -> None:
    for head in (signed(5, names=B), version_1("1" * 64, seq=5, digest=bytes(32), signed_at=AT)):
        assert head_of(line_of(head)) == head
        check(head_of(line_of(head)), A.public)


Line = dict[str, Any]
OTHERWISE: Final[dict[str, Callable[[Line], str]]] = {
    "without blanks": lambda line: json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n",
    "in another order": lambda line: json.dumps(dict(sorted(line.items(), reverse=True))) + "\n",
    "a field twice": lambda line: json.dumps(line, sort_keys=True)[:-1] + ', "version": 2}\n',
    "a field more": lambda line: json.dumps({**line, "zone": ""}, sort_keys=True) + "\n",
    "of version 1 with a root": lambda line: json.dumps({**line, "version": 1}, sort_keys=True) + "\n",
    "of version 3": lambda line: json.dumps({**line, "version": 3}, sort_keys=True) + "\n",
    "of version 2.0": lambda line: json.dumps({**line, "version": 2.0}, sort_keys=True) + "\n",
    "at entry 0": lambda line: json.dumps({**line, "seq": 0}, sort_keys=True) + "\n",
    "at entry true": lambda line: json.dumps({**line, "seq": True}, sort_keys=True) + "\n",
    "in upper case": lambda line: json.dumps({**line, "root": "AB" * 32}, sort_keys=True) + "\n",
    "with a loose signature": lambda line: (
        json.dumps({**line, "signature": line["signature"][:-2] + "=\n"}, sort_keys=True) + "\n"
    ),
    "no end of line": lambda line: json.dumps(line, sort_keys=True),
    "very deep": lambda _: "[" * 4000 + "\n",
    "with half a pair": lambda line: (
        json.dumps(line, sort_keys=True).replace('"root": "07', '"root": "\\ud800') + "\n"
    ),
}


@pytest.mark.parametrize("how", OTHERWISE)
def test_a_line_that_is_written_otherwise_is_no_head(how: str) -> None:
    with pytest.raises(IntegrityLost, match="it is no head"):
        head_of(OTHERWISE[how](signed(5).fields()).encode())


def faults(folder: Path, *heads: Head) -> list[tuple[int, str]]:
    """What is wrong with these, in that order."""
    file = HeadsFile(folder)
    for signer in (A, B, C):
        file.keep_key(signer.public)
    for head in heads:
        file.append(head)
    said = Succession(file)
    assert len(list(said.heads())) == said.count
    return [(fault.seq, fault.says) for fault in said.faults]


def test_keys_that_name_each_other_in_turn_are_no_fault(tmp_path: Path) -> None:
    assert (
        faults(tmp_path, signed(1), signed(2, names=B), signed(2, B), signed(3, B, names=C), signed(4, C))
        == []
    )


BROKEN: Final[dict[str, tuple[tuple[Head, ...], int, str]]] = {
    "nobody announced": ((signed(1), signed(2, B)), 2, "nobody announced"),
    "announced by a stranger": ((signed(1), signed(2, B, names=C), signed(3, C)), 3, "nobody announced"),
    "replaced": ((signed(1, names=B), signed(2, B), signed(3)), 3, "was replaced"),
    "replaced at once": ((signed(1, names=B), signed(2)), 2, "was replaced"),
    "named again": ((signed(1, names=B), signed(2, B, names=A)), 2, "signed before"),
    "names itself": ((signed(1, names=A),), 1, "signed before"),
    "forked": ((signed(1), signed(2), signed(2, root=8)), 2, "forked"),
    "out of order": ((signed(1), signed(3), signed(2)), 2, "stands behind"),
    "of the version before": (
        (signed(1), version_1("1" * 64, seq=2, digest=bytes(32), signed_at=AT)),
        2,
        "of version 1, behind",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_head_that_may_not_stand_there_is_named_by_its_entry(tmp_path: Path, case: str) -> None:
    heads, seq, says = BROKEN[case]
    found = faults(tmp_path, *heads)
    assert (seq, True) in [(at, says in words) for at, words in found]


def test_two_heads_of_one_entry_that_agree_are_no_fork(tmp_path: Path) -> None:
    assert faults(tmp_path, signed(1), signed(1)) == []


def test_a_bad_line_does_not_hide_what_stands_behind_it(tmp_path: Path) -> None:
    file = HeadsFile(tmp_path)
    file.keep_key(A.public)
    file.append(signed(1))
    with file.path.open("a") as raw:
        raw.write("rubbish\n")
    file.append(signed(2))
    said = Succession(file)
    assert [head.seq for head in said.heads()] == [1, 2]
    assert [(fault.seq, fault.says[:6]) for fault in said.faults] == [(0, "line 2")]
    with pytest.raises(IntegrityLost, match="line 2"):
        list(file.heads())


@pytest.mark.parametrize("cut", [1, 100, 4999, 5000])
def test_a_torn_line_of_any_length_is_cut_off_before_the_next(tmp_path: Path, cut: int) -> None:
    file = HeadsFile(tmp_path)
    file.append(signed(1))
    with file.path.open("a") as raw:
        raw.write("x" * cut)
    assert [head.seq for head in file.heads()] == [1]
    file.append(signed(2))
    assert [head.seq for head in file.heads()] == [1, 2]
