"""Words under a subject's key: bound to their place, equal for equal words, gone with the key."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import BadInput, IntegrityLost, NotFound, NotPermitted, WorldFailed
from core.fact import Sealed
from core.ids import SubjectId
from core.people.keystore import KeyStore
from tests.fixtures.servers import ROOT

VECTORS: Final = ROOT.parent / "shared" / "data" / "vectors" / "wycheproof_subset.tar.gz"
ALICE: Final = SubjectId("cl-1")
BOB: Final = SubjectId("cl-2")


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


# RFC 8452 appendix C.2, AEAD_AES_256_GCM_SIV: key 01 00.., nonce 03 00.., then plaintext, data, result.
RFC_8452: Final = (
    ("", "", "07f5f4169bbf55a8400cd47ea6fd400f"),
    ("0100000000000000", "", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
    (
        "010000000000000000000000",
        "",
        "9aab2aeb3faa0a34aea8e2b18ca50da9ae6559e48fd10f6e5c9ca17e",
    ),
    ("0200000000000000", "01", "1de22967237a813291213f267e3b452f02d01ae33e4ec854"),
)


@pytest.mark.parametrize(("clear", "bound_to", "result"), RFC_8452)
def test_the_cipher_is_that_of_the_rfc(clear: str, bound_to: str, result: str) -> None:
    cipher = AESGCMSIV(bytes.fromhex("01" + "00" * 31))
    nonce = bytes.fromhex("03" + "00" * 11)
    assert cipher.encrypt(nonce, bytes.fromhex(clear), bytes.fromhex(bound_to)).hex() == result


def wycheproof() -> list[dict[str, Any]]:
    if not VECTORS.exists():
        return []
    with tarfile.open(VECTORS) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file is not None and "aes_gcm_siv" in member.name:
                found: list[dict[str, Any]] = json.loads(file.read())["testGroups"]
                return found
    return []


@pytest.mark.skipif(
    not wycheproof(), reason="the archive has no AES-GCM-SIV vectors: RFC 8452's own are used"
)
def test_the_cipher_agrees_with_every_public_vector() -> None:
    for group in wycheproof():
        for case in group["tests"]:
            if group["ivSize"] != 96 or group["keySize"] not in (128, 256):
                continue
            key, nonce, clear, bound, box, tag = (
                bytes.fromhex(case[name]) for name in ("key", "iv", "msg", "aad", "ct", "tag")
            )
            if case["result"] == "valid":
                assert AESGCMSIV(key).decrypt(nonce, box + tag, bound) == clear
            else:
                with pytest.raises(InvalidTag):
                    AESGCMSIV(key).decrypt(nonce, box + tag, bound)


words = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=words, field=words)
def test_what_was_sealed_opens_again(store: KeyStore, text: str, field: str) -> None:
    assert store.clear(field, store.seal(ALICE, field, text)) == text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=words, other=words)
def test_equal_words_are_equal_texts_and_others_are_not(store: KeyStore, one: str, other: str) -> None:
    assert (store.seal(ALICE, "name", one) == store.seal(ALICE, "name", other)) is (one == other)


def test_the_same_words_of_two_people_or_fields_differ(store: KeyStore) -> None:
    sealed = {store.seal(who, field, "Ann").sealed for who in (ALICE, BOB) for field in ("name", "message")}
    assert len(sealed) == 4


def test_a_restart_seals_the_same_words_to_the_same_text(store: KeyStore, tmp_path: Path) -> None:
    assert KeyStore(tmp_path / "keys").seal(ALICE, "name", "Ann") == store.seal(ALICE, "name", "Ann")


def test_words_moved_to_another_field_do_not_open(store: KeyStore) -> None:
    with pytest.raises(IntegrityLost):
        store.clear("message", store.seal(ALICE, "name", "Ann"))


def test_words_moved_to_another_subject_do_not_open(store: KeyStore, tmp_path: Path) -> None:
    sealed = store.seal(ALICE, "name", "Ann")
    store.seal(BOB, "name", "Bob")
    with pytest.raises(IntegrityLost):
        store.clear("name", sealed.model_copy(update={"subject": BOB}))
    (tmp_path / "keys" / "cl-2.json").write_bytes((tmp_path / "keys" / "cl-1.json").read_bytes())
    with pytest.raises(IntegrityLost):  # even with the very same key
        KeyStore(tmp_path / "keys").clear("name", sealed.model_copy(update={"subject": BOB}))


def test_every_flipped_bit_is_found(store: KeyStore) -> None:
    sealed = store.seal(ALICE, "name", "Ann")
    raw = base64.b64decode(sealed.sealed)
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 0x10
        with pytest.raises(IntegrityLost):
            store.clear("name", sealed.model_copy(update={"sealed": base64.b64encode(changed).decode()}))


@pytest.mark.parametrize("sealed", ["", "AAAA", "no base64!", "é", "A" * 5])
def test_what_is_no_ciphertext_is_lost_integrity(store: KeyStore, sealed: str) -> None:
    store.seal(ALICE, "name", "Ann")
    with pytest.raises(IntegrityLost):
        store.clear("name", Sealed(subject=ALICE, key=1, sealed=sealed))


def test_a_forgotten_key_is_gone_and_says_so(store: KeyStore, tmp_path: Path) -> None:
    sealed, other = store.seal(ALICE, "name", "Ann"), store.seal(BOB, "name", "Bob")
    (tmp_path / "keys" / "cl-1.json").unlink()
    again = KeyStore(tmp_path / "keys")
    with pytest.raises(NotFound):
        again.clear("name", sealed)
    assert again.clear("name", other) == "Bob"


def test_a_version_of_the_key_that_is_gone_is_not_another_one(store: KeyStore) -> None:
    sealed = store.seal(ALICE, "name", "Ann")
    with pytest.raises(NotFound):
        store.clear("name", sealed.model_copy(update={"key": 2}))


def test_the_newest_key_seals_and_older_ones_still_open(store: KeyStore, tmp_path: Path) -> None:
    old = store.seal(ALICE, "name", "Ann")
    file = tmp_path / "keys" / "cl-1.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "2": "11" * 32}))
    rotated = KeyStore(tmp_path / "keys")
    assert rotated.seal(ALICE, "name", "Ann").key == 2
    assert rotated.clear("name", old) == "Ann"


@pytest.mark.parametrize("subject", ["", "../x", ".hidden", "a/b", "a\x00b", "x" * 81, "é", "a b"])
def test_a_subject_that_is_no_file_name_is_refused(store: KeyStore, subject: str) -> None:
    with pytest.raises(BadInput):
        store.seal(SubjectId(subject), "name", "Ann")


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[]", '{"1": "00"}', '{"1": "zz"}', '{"x": "00"}', '{"1": 5}', "null"]
)
def test_a_damaged_key_file_is_named(store: KeyStore, tmp_path: Path, text: str) -> None:
    store.seal(ALICE, "name", "Ann")
    (tmp_path / "keys" / "cl-1.json").write_text(text)
    with pytest.raises(IntegrityLost, match="cl-1"):
        KeyStore(tmp_path / "keys").seal(ALICE, "name", "Ann")


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(WorldFailed):
        KeyStore(tmp_path / "keys").seal(ALICE, "name", "Ann")


def test_a_key_is_its_owners_and_groups_alone(store: KeyStore, tmp_path: Path) -> None:
    store.seal(ALICE, "name", "Ann")
    assert (tmp_path / "keys" / "cl-1.json").stat().st_mode & 0o007 == 0
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["cl-1.json"]  # no scratch left behind


RACER: Final = """
import sys, time
from pathlib import Path
from core.people.keystore import KeyStore
store = KeyStore(Path(sys.argv[1]))
sys.stdin.readline()
for n in range(40):
    sys.stdout.write(store.seal(f"cl-{n}", "name", "Ann").sealed + "\\n")
"""


def test_processes_that_race_for_a_first_key_end_with_one(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path / "keys")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(3)
    ]
    said = [racer.communicate("go\n", timeout=30)[0] for racer in racers]
    assert len(set(said)) == 1
    assert len(said[0].split()) == 40
    assert len(list((tmp_path / "keys").iterdir())) == 40


# Rotation and forgetting, also between processes


def test_a_rotation_adds_a_version_and_the_older_still_open(store: KeyStore) -> None:
    old = store.seal(ALICE, "name", "Ann")
    assert store.rotate(ALICE) == 2
    assert store.seal(ALICE, "name", "Ann").key == 2
    assert store.seal(ALICE, "name", "Ann", back=1) == old
    assert store.seal(ALICE, "name", "Ann", back=9) == old
    assert store.clear("name", old) == "Ann"
    assert store.versions(ALICE) == (1, 2)


def test_who_has_no_key_has_none_to_rotate(store: KeyStore) -> None:
    with pytest.raises(NotFound):
        store.rotate(ALICE)


def test_a_forgotten_subject_never_gets_a_key_again(store: KeyStore, tmp_path: Path) -> None:
    sealed = store.seal(ALICE, "name", "Ann")
    store.rotate(ALICE)
    assert store.forget(ALICE) == 2
    assert store.forget(ALICE) == 2  # repeated: the same end and the same answer
    with pytest.raises(NotFound):
        store.clear("name", sealed)
    with pytest.raises(NotPermitted):
        store.seal(ALICE, "name", "Ann")
    assert store.is_forgotten(ALICE)
    assert not store.is_forgotten(BOB)
    assert list(store.subjects()) == []
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["cl-1.json"]


def test_a_damaged_key_can_be_forgotten(store: KeyStore, tmp_path: Path) -> None:
    store.seal(ALICE, "name", "Ann")
    (tmp_path / "keys" / "cl-1.json").write_text("{")
    assert store.forget(ALICE) == 0
    assert store.is_forgotten(ALICE)


def test_what_a_killed_writer_left_is_destroyed_with_the_key(store: KeyStore, tmp_path: Path) -> None:
    store.seal(ALICE, "name", "Ann")
    left = tmp_path / "keys" / ".cl-1.json.77.abcd"
    left.write_text(json.dumps({"1": "11" * 32}))
    store.forget(ALICE)
    assert not left.exists()


def test_the_bytes_of_a_destroyed_key_are_overwritten(store: KeyStore, tmp_path: Path) -> None:
    """Seen through a descriptor that was open before: the very same inode."""
    store.seal(ALICE, "name", "Ann")
    with (tmp_path / "keys" / "cl-1.json").open("rb") as before:
        held = before.read()
        store.forget(ALICE)
        before.seek(0)
        now = before.read()
    assert len(now) == len(held)
    assert now != held


LISTENER: Final = """
import sys
from pathlib import Path
from core.errors import NotFound, NotPermitted
from core.fact import Sealed
from core.people.keystore import KeyStore
store = KeyStore(Path(sys.argv[1]))
sealed = Sealed.model_validate_json(sys.argv[2])
for line in sys.stdin:
    try:
        said = store.clear("name", sealed) + " " + str(store.seal("cl-1", "name", "Ann").key)
    except (NotFound, NotPermitted) as no:
        said = type(no).__name__
    sys.stdout.write(said + "\\n")
    sys.stdout.flush()
"""


def running(tmp_path: Path, program: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "keys"), *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_another_process_that_has_the_key_in_its_memory_notices_both(store: KeyStore, tmp_path: Path) -> None:
    other = running(tmp_path, LISTENER, store.seal(ALICE, "name", "Ann").model_dump_json())
    assert other.stdin is not None
    assert other.stdout is not None

    def asked() -> str:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write("?\n")
        other.stdin.flush()
        return other.stdout.readline().strip()

    try:
        assert asked() == "Ann 1"
        store.rotate(ALICE)
        assert asked() == "Ann 2"
        store.forget(ALICE)
        assert asked() == "NotFound"
    finally:
        other.kill()
        other.communicate(timeout=30)


ROTATOR: Final = """
import sys
from pathlib import Path
from core.people.keystore import KeyStore
store = KeyStore(Path(sys.argv[1]))
sys.stdin.readline()
for n in range(60):
    if sys.argv[2] == "rotates":
        store.rotate("cl-1")
    else:
        sys.stdout.write(store.seal("cl-1", "name", f"Ann {n}").model_dump_json() + "\\n")
"""


def test_what_two_processes_seal_during_rotations_by_two_others_all_opens(
    store: KeyStore, tmp_path: Path
) -> None:
    store.seal(ALICE, "name", "Ann")
    parts = [running(tmp_path, ROTATOR, word) for word in ("rotates", "rotates", "seals", "seals")]
    said = [part.communicate("go\n", timeout=60)[0] for part in parts]
    assert [part.returncode for part in parts] == [0] * 4
    assert store.versions(ALICE) == tuple(range(1, 122))  # none lost, none made twice
    for lines in said[2:]:
        sealed = [Sealed.model_validate_json(line) for line in lines.splitlines()]
        assert [store.clear("name", one) for one in sealed] == [f"Ann {n}" for n in range(60)]


def test_a_first_use_that_races_with_a_forgetting_leaves_no_key(store: KeyStore, tmp_path: Path) -> None:
    for n in range(10):
        subject = SubjectId(f"cl-9{n}")
        racer = running(tmp_path, FIRST_USE, subject)
        store.forget(subject)
        racer.communicate("go\n", timeout=30)
        assert store.is_forgotten(subject)
        assert store.versions(subject) == ()


FIRST_USE: Final = """
import sys
from pathlib import Path
from core.errors import NotPermitted
from core.people.keystore import KeyStore
store = KeyStore(Path(sys.argv[1]))
try:
    store.seal(sys.argv[2], "name", "Ann")
except NotPermitted:
    pass
"""
