"""Signed heads: what the witness says of the chain, in a file outside the database.

Rule 1: a head is signed over the RFC 8785 text of everything in it but the signature (Ed25519, RFC 8032).
Rule 2: the file is append-only lines; each is durable before the next is made. A torn last line is no head.
Rule 3: `version` names the form. Version 1 signs the chain's digest.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import IntegrityLost, WorldFailed

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Head:
    """`digest` is that of entry `seq`, in hex; `signed_at` is the witness's wall time."""

    version: int
    seq: int
    digest: str
    signed_at: str
    key: str  # sha256 of the public key, in hex
    signature: str  # base64


class Signer:
    """Holds the signing key for as long as the witness runs."""

    def __init__(self, seed_hex: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed_hex))
        self.public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, *, seq: int, digest: bytes, signed_at: str) -> Head:
        unsigned = Head(VERSION, seq, digest.hex(), signed_at, key_id(self.public), "")
        return Head(
            **{**asdict(unsigned), "signature": base64.b64encode(self._key.sign(_said(unsigned))).decode()}
        )


def key_id(public: bytes) -> str:
    return sha256(public).hexdigest()


def check(head: Head, public: bytes) -> None:
    """Raises IntegrityLost where the signature is not this key's over exactly this head."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(head.signature), _said(head))
    except (InvalidSignature, ValueError, TypeError) as bad:
        raise IntegrityLost(
            f"the signature of the head at entry {head.seq} does not hold",
            fix="a person must look at the heads file",
        ) from bad


class HeadsFile:
    """`<folder>/heads.jsonl`, with the public keys beside it as `<key id>.pub`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "heads.jsonl"

    def keep_key(self, public: bytes) -> None:
        """Write the public key once."""
        path = self._folder / f"{key_id(public)}.pub"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(public.hex() + "\n", encoding="ascii")
        except OSError as bad:
            raise _unwritable(bad) from bad

    def append(self, head: Head) -> None:
        """Durable when this returns."""
        line = json.dumps(asdict(head), sort_keys=True) + "\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, line.encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as bad:
            raise _unwritable(bad) from bad

    def heads(self) -> Iterator[Head]:
        """Every head, oldest first. A torn last line is left out.

        Raises:
            IntegrityLost: a whole line is not a head.
        """
        if not self._path.exists():
            return
        text = self._path.read_text(encoding="ascii", errors="replace")
        for number, line in enumerate(text.splitlines(keepends=True), start=1):
            if not line.endswith("\n"):
                return
            try:
                yield Head(**json.loads(line))
            except (ValueError, TypeError) as bad:
                raise IntegrityLost(
                    f"line {number} of the heads file is no head", fix="a person must look"
                ) from bad

    def public_key(self, of_key: str) -> bytes:
        """Raises IntegrityLost where no such key is kept, or the file holds another one."""
        try:
            public = bytes.fromhex((self._folder / f"{of_key}.pub").read_text(encoding="ascii"))
        except (OSError, ValueError) as bad:
            raise IntegrityLost(
                f"the public key {of_key[:12]} is not kept", fix="restore the heads folder"
            ) from bad
        if key_id(public) != of_key:
            raise IntegrityLost(
                f"the file of public key {of_key[:12]} holds another key", fix="a person must look"
            )
        return public


def _said(head: Head) -> bytes:
    said = {name: value for name, value in asdict(head).items() if name != "signature"}
    return rfc8785.dumps(said)


def _unwritable(bad: OSError) -> WorldFailed:
    return WorldFailed(
        f"the heads file cannot be written: {bad}", fix="free space or mend the folder's rights"
    )
