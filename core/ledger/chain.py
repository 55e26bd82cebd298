"""The hash chain over the journal: pure functions, twins of those in the database.

Rule 1: `leaf` covers everything that an entry is: place, time, role, actor and text.
Rule 2: `link` ties a leaf to its place and to everything earlier.
A test holds these and `gatehouse.leaf` equal with vectors of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import Final

GENESIS: Final = bytes(32)  # the digest before the first entry
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NUMBERS: Final = Struct(">qq")
LENGTH: Final = Struct(">I")


@dataclass(frozen=True, slots=True)
class Sealing:
    """What of an entry is hashed. `recorded_at` has microseconds and no more."""

    seq: int
    recorded_at: datetime
    role: str
    actor: str
    text: str


def leaf(entry: Sealing) -> bytes:
    """sha256(0x00, u64 seq, u64 recorded_us, then role, actor and text, each behind its u32 length in bytes).

    Numbers are big-endian; below zero, where nothing honest is, they wrap around as the database's do.
    The 0x00 keeps a leaf from being read as a node (RFC 6962 section 2.1).
    """
    recorded_us = (entry.recorded_at - EPOCH) // timedelta(microseconds=1)
    return leaf_of(entry.seq, recorded_us, who_of(entry.role, entry.actor), entry.text.encode())


def leaf_of(seq: int, recorded_us: int, who: bytes, text: bytes) -> bytes:
    """As `leaf`, for a reader of many entries: `who` is `who_of` its role and actor."""
    return sha256(b"\x00" + NUMBERS.pack(seq, recorded_us) + who + LENGTH.pack(len(text)) + text).digest()


def who_of(role: str, actor: str) -> bytes:
    """Role and actor, each behind its length: that part of the hashed bytes."""
    return _counted(role.encode()) + _counted(actor.encode())


def link(before: bytes, of_leaf: bytes) -> bytes:
    """The digest of an entry, from the digest before it and its leaf."""
    return sha256(before + of_leaf).digest()


def _counted(raw: bytes) -> bytes:
    return LENGTH.pack(len(raw)) + raw
