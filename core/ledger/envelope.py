"""From a fact to the exact text that the journal hashes, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

from core.errors import BadInput, IntegrityLost
from core.fact import Entry, Fact, PolicyDecision
from core.ids import TraceId
from core.ledger.events import fact_read

NUL: Final = b"\\u0000"  # as JSON writes it
TWO_BACKSLASHES: Final = b"\\\\"  # one, as JSON writes it


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """Where an entry stands in the journal. `duplicate`: it stood there before this call."""

    seq: int
    duplicate: bool = False


class Stored(msgspec.Struct, frozen=True):
    """One entry read back."""

    seq: int
    recorded_at: datetime
    role: str
    actor: str
    stream: str
    trace: TraceId
    occurred_at: datetime
    fact: Fact


class Opened(msgspec.Struct, frozen=True, gc=False):
    """What of an entry's text says which fact it holds, and why. The payload is left as it is written."""

    event_type: str
    event_version: int
    stream: str
    trace_id: TraceId
    occurred_at: str
    payload: msgspec.Raw

    @property
    def fact(self) -> Fact:
        """The typed fact, read at each call.

        Raises:
            IntegrityLost: its kind is unknown, or the payload does not fit it.
        """
        return fact_read(self.event_type, self.event_version, bytes(self.payload))


def written(moment: datetime) -> str:
    """RFC 3339 in UTC with six decimals: one form, so that equal times are equal texts."""
    there = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    said = str(_plainly(there)[1:-1], "ascii")
    return said if there.microsecond else f"{said[:-1]}.000000Z"


def payload_of(entry: Entry) -> str:
    """RFC 8785 text of the entry's own fact: what of an envelope does not depend on where it will stand.

    Raises:
        BadInput: a text in it, its decisions, its stream, its ticket or its key holds what no journal can:
            NUL, or half of a surrogate pair.
    """
    if entry.written is not None:
        return entry.written
    try:
        # As `model_dump` does it, without what that asks on the way.
        payload = _sorted(entry.fact.__pydantic_serializer__.to_python(entry.fact, mode="json"))
        around = _sorted([entry.stream, entry.trace, entry.ticket, entry.key, _said(entry.policy_decisions)])
    except (ValueError, TypeError) as bad:  # as pydantic and the codec say it
        raise _unwritable(entry) from bad
    if (NUL in payload and _holds_nul(payload)) or (NUL in around and _holds_nul(around)):
        raise _unwritable(entry)
    return payload.decode()


def text_of(
    entry: Entry, payload: str, *, event_id: UUID | str, stream_version: int, occurred_at: str, mono_ns: int
) -> str:
    """RFC 8785 text of the envelope around `payload_of(entry)`. `occurred_at` as `written` gives it."""
    kind = type(entry.fact)
    return (
        f'{{"event_id":"{event_id}","event_type":"{kind.event_type()}"'
        f',"event_version":{kind.VERSION},"mono_ns":"{mono_ns}","occurred_at":"{occurred_at}"'
        f',"payload":{payload},"policy_decisions":{_decisions(entry.policy_decisions)}'
        f',"stream":{_sorted(entry.stream).decode()},"stream_version":{stream_version}'
        f',"trace_id":{_sorted(entry.trace).decode()}}}'
    )


def opened(text: str) -> Opened:
    """The envelope of an entry's text.

    Raises:
        IntegrityLost: it is no envelope.
    """
    try:
        return _OPENED.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as bad:
        raise IntegrityLost(
            f"the journal holds a text that is no envelope ({bad})",
            fix="run `gatehouse audit verify`; a person must look",
        ) from bad


def stored(row: dict[str, Any]) -> Stored:
    """A journal row (`seq, recorded_at, role, actor, text`) as a typed entry.

    Raises:
        IntegrityLost: the text is no envelope, its kind is unknown or its payload does not fit.
    """
    envelope = opened(row["text"])
    return Stored(
        seq=row["seq"],
        recorded_at=row["recorded_at"],
        role=row["role"],
        actor=row["actor"],
        stream=envelope.stream,
        trace=envelope.trace_id,
        occurred_at=datetime.fromisoformat(envelope.occurred_at),
        fact=envelope.fact,
    )


_OPENED: Final = msgspec.json.Decoder(Opened)

# RFC 8785 for what facts are made of: text, whole numbers, yes and no, null, and names in plain ASCII. A test
# holds it equal to `rfc8785`; the append's own check does so for every entry.
_sorted: Final = msgspec.json.Encoder(order="sorted").encode
# A moment as RFC 3339 has it, six decimals or none: in a fifth of the time of `isoformat`.
_plainly: Final = msgspec.json.Encoder().encode


@lru_cache(maxsize=1 << 10)
def _decisions(decisions: tuple[PolicyDecision, ...]) -> str:
    """Their text: the same ones come again."""
    return _sorted(_said(decisions)).decode()


def _said(decisions: tuple[PolicyDecision, ...]) -> Sequence[Mapping[str, str]]:
    return [{"policy": d.policy, "result": d.result} for d in decisions]


def _holds_nul(text: bytes) -> bool:
    return NUL in text.replace(TWO_BACKSLASHES, b"")


def _unwritable(entry: Entry) -> BadInput:
    return BadInput(
        f"a text of this {entry.fact.event_type()} cannot be written: it is not whole Unicode, or holds NUL",
        fix="leave that character out",
    )
