"""From a fact to the exact text that the journal hashes, and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785

from core.fact import Entry, Fact
from core.ids import TraceId
from core.ledger.events import fact_of


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an entry stands in the journal. `duplicate`: it stood there before this call."""

    seq: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry read back."""

    seq: int
    recorded_at: datetime
    role: str
    actor: str
    stream: str
    trace: TraceId
    occurred_at: datetime
    fact: Fact


def written(moment: datetime) -> str:
    """RFC 3339 in UTC with six decimals: one form, so that equal times are equal texts."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text_of(entry: Entry, *, event_id: UUID, stream_version: int, occurred_at: datetime, mono_ns: int) -> str:
    """RFC 8785 text of the envelope. Integers beyond 2^53 are strings."""
    envelope: dict[str, Any] = {
        "event_id": str(event_id),
        "event_type": entry.fact.event_type(),
        "event_version": entry.fact.VERSION,
        "stream": entry.stream,
        "stream_version": stream_version,
        "trace_id": entry.trace,
        "occurred_at": written(occurred_at),
        "mono_ns": str(mono_ns),
        "policy_decisions": [{"policy": d.policy, "result": d.result} for d in entry.policy_decisions],
        "payload": entry.fact.model_dump(mode="json"),
    }
    return rfc8785.dumps(envelope).decode()


def stored(row: dict[str, Any]) -> Stored:
    """A journal row (`seq, recorded_at, role, actor, text`) as a typed entry.

    Raises:
        IntegrityLost: the text's kind is unknown or its payload does not fit.
    """
    envelope = json.loads(row["text"])
    return Stored(
        seq=row["seq"],
        recorded_at=row["recorded_at"],
        role=row["role"],
        actor=row["actor"],
        stream=envelope["stream"],
        trace=TraceId(envelope["trace_id"]),
        occurred_at=datetime.fromisoformat(envelope["occurred_at"]),
        fact=fact_of(envelope["event_type"], envelope["event_version"], envelope["payload"]),
    )
