"""Encryption per subject: whoever loses the key loses the words, everywhere at once.

Rule 1: keys live in files outside the database and its backup; `front` and `worker` alone read them.
Rule 2: a ciphertext is bound to its subject, field and key version; moved elsewhere it does not open.
Rule 3: a key that is gone is gone: its texts read as "forgotten", never as an error that hides the rest.
Rule 4: the same words for the same subject and field seal to the same text, so that a repeated request is
    recognised. The nonce is a keyed digest of the words; all that a reader learns is that they are equal.
Source: AES-256-GCM-SIV, RFC 8452, which is made to survive repeated nonces.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from core.errors import BadInput, IntegrityLost, NotFound, WorldFailed
from core.fact import Sealed
from core.ids import SubjectId

KEY_BITS: Final = 256
NONCE_BYTES: Final = 12
SUBJECT: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class KeyStore:
    """One file a subject: its keys by version, the newest used for sealing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[SubjectId, dict[int, bytes]] = {}

    def seal(self, subject: SubjectId, field: str, clear: str) -> Sealed:
        """`clear`, readable only with this subject's key. Makes the key at the first use.

        Raises:
            BadInput: the subject's id cannot be a file name.
            WorldFailed: the key store cannot be read or written.
        """
        keys = self._keys(subject) or self._new_key(subject)
        version = max(keys)
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

    def _keys(self, subject: SubjectId) -> dict[int, bytes]:
        if subject not in self._known:
            found = self._read(subject)
            if not found:
                return {}
            self._known[subject] = found
        return self._known[subject]

    def _read(self, subject: SubjectId) -> dict[int, bytes]:
        path = self._path(subject)
        try:
            text = path.read_text(encoding="ascii")
        except FileNotFoundError:
            return {}
        except OSError as bad:
            raise WorldFailed(
                f"the key store cannot be read: {bad}", fix="check its folder's rights"
            ) from bad
        try:
            keys = {int(version): bytes.fromhex(key) for version, key in json.loads(text).items()}
            if not keys or any(len(key) * 8 != KEY_BITS for key in keys.values()):
                raise ValueError("no keys of the right length")
            return keys
        except (ValueError, AttributeError, TypeError) as bad:
            raise IntegrityLost(
                f"the key file of {subject!r} is damaged", fix="restore it from its backup"
            ) from bad

    def _new_key(self, subject: SubjectId) -> dict[int, bytes]:
        """Whoever links the file first made the key; the others read it."""
        path = self._path(subject)
        scratch = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        text = json.dumps({"1": AESGCMSIV.generate_key(KEY_BITS).hex()})
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(scratch, path)
            except FileExistsError:
                pass  # another process was first: its key counts
            finally:
                scratch.unlink()
        except OSError as bad:
            raise WorldFailed(
                f"the key store cannot be written: {bad}", fix="free space or mend its rights"
            ) from bad
        self._known.pop(subject, None)
        return self._keys(subject)

    def _path(self, subject: SubjectId) -> Path:
        if not SUBJECT.fullmatch(subject) or subject.startswith("."):
            raise BadInput(
                f"subject {subject!r} cannot be a key's name",
                fix="use letters, digits, _ . -",
                field="subject",
            )
        return self._folder / f"{subject}.json"


def _bound_to(subject: SubjectId, field: str, version: int) -> bytes:
    return json.dumps([subject, field, version]).encode()
