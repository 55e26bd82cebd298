"""Encryption per subject: whoever loses the key loses the words, everywhere at once.

Rule 1: keys live in files outside the database and its backup; `front` and `worker` alone read them.
Rule 2: a ciphertext is bound to its subject, field and key version; moved elsewhere it does not open.
Rule 3: a key that is gone is gone: its texts read as "forgotten", never as an error that hides the rest.
Rule 4: the same words for the same subject and field seal to the same text, so that a repeated request is
    recognised. The nonce is a keyed digest of the words; all that a reader learns is that they are equal.
    Across a rotation they differ: whoever repeats a request asks for the older sealings too (`back`).
Rule 5: a file is replaced whole, under one lock of the folder, and is looked at on each use: no process goes
    on with a key that another one has replaced or destroyed (`core.people.keyfile`).
Source: AES-256-GCM-SIV, RFC 8452, which is made to survive repeated nonces.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from core.errors import BadInput, IntegrityLost, NotFound, NotPermitted
from core.fact import Sealed
from core.ids import SubjectId
from core.people import keyfile
from core.people.keyfile import Stamp

KEY_BITS: Final = 256
NONCE_BYTES: Final = 12
SUBJECT: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}")
FORGOTTEN: Final = "forgotten"  # the only word of a tombstone, with how many keys were destroyed
NO_KEYS: Final[Mapping[int, bytes]] = MappingProxyType({})

Keys = Mapping[int, bytes]


class KeyStore:
    """One file a subject: its keys by version, the newest used for sealing; or the tombstone of a subject."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[SubjectId, tuple[Stamp, Keys]] = {}

    def seal(self, subject: SubjectId, field: str, clear: str, *, back: int = 0) -> Sealed:
        """`clear`, readable only with this subject's key. Makes the key at the first use.

        `back`: with the version so many rotations ago; the oldest where there were fewer.

        Raises:
            BadInput: the subject's id cannot be a file name.
            NotPermitted: the subject was forgotten; nothing more is written about it.
            WorldFailed: the key store cannot be read or written.
        """
        keys = self._keys(subject) or self._first_key(subject)
        versions = sorted(keys, reverse=True)
        version = versions[min(back, len(versions) - 1)]
        bound_to = _bound_to(subject, field, version)
        nonce = hmac.digest(keys[version], b"nonce" + bound_to + clear.encode(), "sha256")[:NONCE_BYTES]
        box = AESGCMSIV(keys[version]).encrypt(nonce, clear.encode(), bound_to)
        return Sealed(subject=subject, key=version, sealed=base64.b64encode(nonce + box).decode())

    def clear(self, field: str, sealed: Sealed) -> str:
        """The words again.

        Raises:
            NotFound: the subject was forgotten: the key is gone.
            IntegrityLost: the ciphertext is not of this subject, field and key.
        """
        key = self._keys(sealed.subject).get(sealed.key)
        if key is None:
            raise NotFound(
                f"the words about {sealed.subject!r} are gone", fix="they were forgotten; go on without"
            )
        try:
            raw = base64.b64decode(sealed.sealed, validate=True)
            box = AESGCMSIV(key).decrypt(
                raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound_to(sealed.subject, field, sealed.key)
            )
        except (InvalidTag, ValueError) as bad:  # ValueError: no base64, or too short for a nonce
            raise IntegrityLost(
                f"a sealed {field} of {sealed.subject!r} does not open", fix="run `gatehouse audit verify`"
            ) from bad
        return box.decode()

    def versions(self, subject: SubjectId) -> tuple[int, ...]:
        """The versions of its key that still open words, oldest first. Empty: none, or none any more."""
        return tuple(sorted(self._keys(subject)))

    def subjects(self) -> Iterator[SubjectId]:
        """Every subject that has a key, also a damaged one, in the order of their ids."""
        for path in sorted(self._folder.glob("*.json")):
            if not path.name.startswith(".") and keyfile.tombstone(path, FORGOTTEN) is None:
                yield SubjectId(path.stem)

    def rotate(self, subject: SubjectId, *, above: int = 0) -> int:
        """A new version for sealing, above that one; the older ones still open. Answers it.

        Raises:
            NotFound: the subject has no key.
            WorldFailed: the key store cannot be written. The keys are as they were.
        """
        path = self._path(subject)
        with keyfile.only_one(self._folder):
            keys = self._keys(subject)
            if not keys:
                raise NotFound(f"{subject!r} has no key", fix="see who has words at all", field="subject")
            version = max(above, *keys) + 1
            keyfile.replace(path, _written({**keys, version: AESGCMSIV.generate_key(KEY_BITS)}))
        return version

    def forget(self, subject: SubjectId) -> int:
        """Destroy every version of its key, here and for every process. Answers how many there were.

        Safe to repeat after a kill: the end is the same, and so is the answer. What a disk may keep of an
        overwritten file (a journal, a snapshot, a spare block) is the machine's; see decision 0024.

        Raises:
            WorldFailed: the key store cannot be written. Repeat it.
        """
        path = self._path(subject)
        with keyfile.only_one(self._folder):
            count = keyfile.tombstone(path, FORGOTTEN)
            if count is None:
                count = self._how_many(subject)
                keyfile.bury(path, json.dumps({FORGOTTEN: count}))
            keyfile.destroy_leftover(path)
        self._known.pop(subject, None)
        return count

    def is_forgotten(self, subject: SubjectId) -> bool:
        return keyfile.tombstone(self._path(subject), FORGOTTEN) is not None

    def _how_many(self, subject: SubjectId) -> int:
        try:
            return len(self._keys(subject))
        except IntegrityLost:
            return 0  # damaged: nothing that opens words is in it, and it goes all the same

    def _keys(self, subject: SubjectId) -> Keys:
        path = self._path(subject)
        stamp = keyfile.stamp(path)
        if stamp is None:
            self._known.pop(subject, None)
            return NO_KEYS
        known = self._known.get(subject)
        if known is not None and known[0] == stamp:
            return known[1]
        # Stamped before it is read: what is replaced in between is read again at the next use.
        keys = _parsed(subject, keyfile.read(path))
        self._known[subject] = (stamp, keys)
        return keys

    def _first_key(self, subject: SubjectId) -> Keys:
        path = self._path(subject)
        with keyfile.only_one(self._folder):
            if keyfile.tombstone(path, FORGOTTEN) is not None:
                raise NotPermitted(
                    f"{subject!r} was forgotten: nothing more is written about it", fix="go on without"
                )
            if keyfile.stamp(path) is None:  # else another process was first: its key counts
                keyfile.replace(path, _written({1: AESGCMSIV.generate_key(KEY_BITS)}))
        return self._keys(subject)

    def _path(self, subject: SubjectId) -> Path:
        if not SUBJECT.fullmatch(subject) or subject.startswith("."):
            raise BadInput(
                f"subject {subject!r} cannot be a key's name",
                fix="use letters, digits, _ . -",
                field="subject",
            )
        return self._folder / f"{subject}.json"


def _written(keys: Keys) -> str:
    return json.dumps({str(version): key.hex() for version, key in sorted(keys.items())})


def _parsed(subject: SubjectId, text: str) -> Keys:
    """The keys in a file; none in a tombstone.

    Raises:
        IntegrityLost: it is neither.
    """
    try:
        held = json.loads(text)
        if FORGOTTEN in held:
            return NO_KEYS
        keys = {int(version): bytes.fromhex(key) for version, key in held.items()}
        if not keys or any(len(key) * 8 != KEY_BITS for key in keys.values()):
            raise ValueError("no keys of the right length")
        return keys
    except (ValueError, AttributeError, TypeError) as bad:
        raise IntegrityLost(
            f"the key file of {subject!r} is damaged", fix="restore it from its backup"
        ) from bad


def _bound_to(subject: SubjectId, field: str, version: int) -> bytes:
    return json.dumps([subject, field, version]).encode()
