"""Whether texts are what RFC 8785 gives their envelopes, and repeat their columns: found fast where it is so.

Rule 1: `rfc8785` decides. What the fast way accepts it accepts too; what the fast way does not, it is asked.
Rule 2: the fast way writes the texts again, a page of them at once, from the columns and from what no column
    repeats. The same bytes mean that the form is right and every copy is. It need not be asked how the
    lines were read: a line is written as an entry's own, or differs.
Rule 3: writing with sorted keys is RFC 8785 for whole numbers that a double holds, and where no character
    takes four bytes: up to there, bytes sort as the UTF-16 that it sorts by.
Source: RFC 8785 sections 3.2.2 and 3.2.3.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec
import rfc8785

FOUR_BYTES: Final = bytes(range(0xF0, 0x100))  # what a character begins with that takes so many
MOST: Final = 2**53 - 1

Whole = Annotated[int, msgspec.Meta(ge=-MOST, le=MOST)]
Flat = Whole | str | bool | None
Of = TypeVar("Of")
Around = Flat | list[Of] | dict[str, Of]
Value = Around[Around[Around[Around[Around[Around[Flat]]]]]]
"""What a fact is made of. No kind of ours is as deep; a deeper one is read the slow way."""


class Copies(NamedTuple):
    """The columns that repeat what a text says, each as long as there are texts."""

    event_id: Sequence[str]
    event_type: Sequence[str]
    event_version: Sequence[int]
    occurred_at: Sequence[str]
    stream: Sequence[str]
    stream_version: Sequence[int]
    trace_id: Sequence[str]


class Inside(msgspec.Struct, gc=False):
    """What no column repeats. The two numbers are here for their bounds alone."""

    event_version: Whole
    mono_ns: str
    payload: dict[str, Value]
    policy_decisions: list[Value]
    stream_version: Whole


class Envelope(msgspec.Struct, gc=False):
    """What stands around a fact, each field of the one type that the append lets through."""

    event_id: str
    event_type: str
    event_version: int
    mono_ns: str
    occurred_at: str
    payload: dict[str, Value]
    policy_decisions: list[Value]
    stream: str
    stream_version: int
    trace_id: str


_read: Final = msgspec.json.Decoder(Inside).decode_lines
# Sorts what has no order of its own; the fields of an envelope stand in theirs already.
_write: Final = msgspec.json.Encoder(order="deterministic").encode_lines


def plainly(texts: Sequence[bytes], copies: Copies) -> bool:
    """Whether all are RFC 8785 texts of envelopes that say what the columns say. No: they may be or not."""
    lines = b"\n".join((*texts, b""))
    if not lines.isascii() and len(lines.translate(None, FOUR_BYTES)) < len(lines):
        return False
    try:
        again = [
            Envelope(id_, kind, version, it.mono_ns, at, it.payload, it.policy_decisions, stream, turn, trace)
            for it, id_, kind, version, at, stream, turn, trace in zip(_read(lines), *copies, strict=False)
        ]
        return _write(again) == lines
    except (ValueError, RecursionError):
        return False


def by_the_oracle(raw: bytes) -> tuple[dict[str, Any] | None, str | None]:
    """The object that `raw` says, or None; and what is wrong with the text, or None."""
    try:
        envelope = json.loads(raw.decode())
        canonical = rfc8785.dumps(envelope)
    except (ValueError, RecursionError):
        return None, "its text is not JSON that can be read back"
    if not isinstance(envelope, dict):
        return None, "its text is no envelope"
    return envelope, None if canonical == raw else "its text is not in RFC 8785 form"
