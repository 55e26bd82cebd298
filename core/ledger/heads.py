"""Signed heads: what the witness says of the chain and the tree, in a file outside the database.

Rule 1: a head is signed over the RFC 8785 text of everything in it but the signature (Ed25519, RFC 8032).
Rule 2: the file is append-only lines; each is durable before the next is made. A torn last line is no head.
Rule 3: `version` names the form. Version 1 signs the chain's digest; version 2 also the root of the Merkle
    tree over all entries up to it, and names the key that signs from the next head on, where that is another.
Rule 4: a head has one line and a line one head: what reads alike and is written otherwise is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import IntegrityLost, WorldFailed

VERSION: Final = 2
FIELDS: Final[Mapping[int, frozenset[str]]] = {
    1: frozenset({"version", "seq", "digest", "signed_at", "key", "signature"}),
    2: frozenset({"version", "seq", "digest", "root", "signed_at", "key", "next_key", "signature"}),
}
HEX: Final = r"[0-9a-f]{64}"
FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "digest": re.compile(HEX),
    "root": re.compile(HEX),
    "key": re.compile(HEX),
    "next_key": re.compile(f"(?:{HEX})?"),
    "signed_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII),
    "signature": re.compile(r"[A-Za-z0-9+/]{85}[AQgw]=="),  # 64 bytes leave four bits over: they are 0
}
SEQ_MOST: Final = 2**53 - 1
LINE_BYTES: Final = 4096  # far more than a head has


@dataclass(frozen=True, slots=True)
class Head:
    """`digest` is that of entry `seq`, `root` that of the tree over the entries up to it, both in hex.

    `signed_at` is the witness's wall time. Version 1 has no root and names no next key: both are empty.
    """

    version: int
    seq: int
    digest: str
    root: str
    signed_at: str
    key: str  # sha256 of the public key, in hex
    next_key: str  # empty: the same key goes on
    signature: str  # base64

    @property
    def signed_on(self) -> str:
        """The key that must sign the head behind this one."""
        return self.next_key or self.key

    def fields(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name in FIELDS[self.version]}


class Signer:
    """Holds a signing key for as long as the witness needs it."""

    def __init__(self, seed_hex: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed_hex))
        self.public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = key_id(self.public)

    def sign(self, *, seq: int, digest: bytes, root: bytes, signed_at: str, next_key: str) -> Head:
        """A head of the newest version."""
        unsigned = Head(VERSION, seq, digest.hex(), root.hex(), signed_at, self.id, next_key, "")
        return replace(unsigned, signature=base64.b64encode(self._key.sign(said(unsigned))).decode())


def key_id(public: bytes) -> str:
    return sha256(public).hexdigest()


def said(head: Head) -> bytes:
    """What the signature covers."""
    return rfc8785.dumps({name: value for name, value in head.fields().items() if name != "signature"})


def line_of(head: Head) -> bytes:
    """The one line that this head has."""
    return json.dumps(head.fields(), sort_keys=True).encode() + b"\n"


def head_of(line: bytes) -> Head:
    """The head of a whole line.

    Raises:
        IntegrityLost: the line is not what a head is written as.
    """
    try:
        found = json.loads(line.decode("ascii"))
        if FIELDS.get(found["version"]) != found.keys():
            raise ValueError("its fields are not those of its version")
        head = Head(**{"root": "", "next_key": "", **found})
        _check_form(head)
        if line_of(head) != line:
            raise ValueError("it is written in another way")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as bad:
        raise IntegrityLost(f"it is no head: {bad}", fix="a person must look at the heads") from bad
    return head


def check(head: Head, public: bytes) -> None:
    """Raises IntegrityLost where the signature is not this key's over exactly this head."""
    try:
        check_signature(public, base64.b64decode(head.signature, validate=True), said(head))
    except (IntegrityLost, binascii.Error) as bad:
        raise IntegrityLost(
            f"the signature of the head at entry {head.seq} does not hold",
            fix="a person must look at the heads file",
        ) from bad


def check_signature(public: bytes, signature: bytes, message: bytes) -> None:
    """Raises IntegrityLost where it is not that key's Ed25519 signature over exactly that message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as bad:
        raise IntegrityLost("the signature does not hold", fix="a person must look") from bad


class HeadsFile:
    """`<folder>/heads.jsonl`, with the public keys beside it as `<key id>.pub`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "heads.jsonl"

    def keep_key(self, public: bytes) -> None:
        """Write the public key once; durable when this returns."""
        path = self.folder / f"{key_id(public)}.pub"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            text = public.hex() + "\n"
            if not path.exists() or path.read_text(encoding="ascii") != text:
                fresh = path.with_suffix(".new")
                write_through(fresh, text.encode(), os.O_TRUNC)
                fresh.replace(path)
                flush_folder(self.folder)
        except OSError as bad:
            raise unwritable(bad) from bad

    def append(self, head: Head) -> None:
        """Durable when this returns. What an earlier try left of a line is cut off first."""
        self.mend()
        try:
            new = not self.path.exists()
            write_through(self.path, line_of(head), os.O_APPEND)
            if new:
                flush_folder(self.folder)
        except OSError as bad:
            raise unwritable(bad) from bad

    def mend(self) -> None:
        """Cut off a torn last line, so that the next head begins a line of its own."""
        try:
            whole = self.whole_bytes()
            if self.path.exists() and self.path.stat().st_size != whole:
                os.truncate(self.path, whole)
        except OSError as bad:
            raise unwritable(bad) from bad

    def whole_bytes(self) -> int:
        """How long the file is without a torn last line. 0 of none."""
        try:
            with self.path.open("rb") as file:
                at = file.seek(0, os.SEEK_END)
                while at > 0:
                    begin = max(at - LINE_BYTES, 0)
                    file.seek(begin)
                    end = file.read(at - begin).rfind(b"\n")
                    if end >= 0:
                        return begin + end + 1
                    at = begin
        except FileNotFoundError:
            return 0
        return 0

    def lines(self) -> Iterator[bytes]:
        """Every whole line that stands there now, oldest first, each with its end.

        Raises:
            WorldFailed: the file is there and cannot be read.
        """
        try:
            left = self.whole_bytes()
            if not left:
                return
            with self.path.open("rb") as file:
                while left > 0 and (line := file.readline(min(left, LINE_BYTES))):
                    left -= len(line)
                    yield line
        except OSError as bad:
            raise WorldFailed(
                f"the heads in {str(self.folder)!r} cannot be read: {bad.strerror}",
                fix="mend the mount or the folder's rights",
            ) from bad

    def heads(self) -> Iterator[Head]:
        """Every head, oldest first. A torn last line is left out.

        Raises:
            IntegrityLost: a whole line is not a head.
        """
        for number, line in enumerate(self.lines(), start=1):
            try:
                yield head_of(line)
            except IntegrityLost as bad:
                raise IntegrityLost(f"line {number} of the heads file: {bad.says}", fix=bad.fix) from bad

    def public_key(self, of_key: str) -> bytes:
        """Raises IntegrityLost where no such key is kept, or the file holds another one."""
        try:
            public = bytes.fromhex((self.folder / f"{of_key}.pub").read_text(encoding="ascii"))
        except (OSError, ValueError) as bad:
            raise IntegrityLost(
                f"the public key {of_key[:12]} is not kept", fix="restore the heads folder"
            ) from bad
        if key_id(public) != of_key:
            raise IntegrityLost(
                f"the file of public key {of_key[:12]} holds another key", fix="a person must look"
            )
        return public


def write_through(path: Path, raw: bytes, how: int) -> None:
    """Write all of it, onto the disk. Raises OSError; what was written of it by then may be torn."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o644)
    try:
        rest = memoryview(raw)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """The names in it, onto the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(bad: OSError) -> WorldFailed:
    return WorldFailed(f"the heads cannot be written: {bad}", fix="free space or mend the folder's rights")


def _check_form(head: Head) -> None:
    if type(head.version) is not int or type(head.seq) is not int or not 1 <= head.seq <= SEQ_MOST:
        raise ValueError("its numbers are none")
    for name, form in FORMS.items():
        value = getattr(head, name)
        if name in FIELDS[head.version] and not (isinstance(value, str) and form.fullmatch(value)):
            raise ValueError(f"its {name} is not of the right form")
