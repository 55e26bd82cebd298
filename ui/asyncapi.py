"""The contract of events as AsyncAPI 3.0: `python -m ui.asyncapi > docs/events.asyncapi.json`.

Rule 1: it is drawn from the code: the facts, their streams and writers, and the models that the feeds answer
    with. A test keeps the file equal.
Rule 2: a channel is a stream of the journal, or a feed that carries entries out of the house.
Rule 3: a schema is of what is written now. An older version reads as today's (`core.ledger.upcasts`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from core.fact import Fact
from core.ledger.events import KINDS
from core.orders.external import External
from ui.api.audit import Entry
from ui.reference import first_line, rights

VERSION: Final = "1.0.0"  # of the contract: the first number when what somebody reads would break
SCHEMAS: Final = "#/components/schemas/"
JSON: Final = "application/json"
SAYS: Final = (
    "Every entry of the journal is one envelope around one payload; both are RFC 8785 text. Decimals, and "
    "integers beyond 2^53, are strings; times are RFC 3339 in UTC. The journal's own channels are its "
    "streams. Two feeds carry entries out of the house as server-sent events: `orders` in a form that stays, "
    "and `audit`, the record itself, for those who may see it."
)
ENVELOPE: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "What stands around every payload. The leaf of the chain covers its whole text.",
    "properties": {
        "event_id": {"type": "string", "format": "uuid", "description": "UUIDv7"},
        "event_type": {"type": "string", "pattern": "^[A-Z][A-Za-z]{1,60}$"},
        "event_version": {"type": "integer", "minimum": 1, "maximum": 9999},
        "stream": {"type": "string", "pattern": "^[a-z]+(/[A-Za-z0-9_.:-]+){0,2}$", "maxLength": 180},
        "stream_version": {"type": "integer", "minimum": 1},
        "trace_id": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "of the cause"},
        "occurred_at": {"type": "string", "format": "date-time", "description": "when the world did it"},
        "mono_ns": {"type": "string", "pattern": "^[0-9]{1,20}$", "description": "the writer's steady clock"},
        "policy_decisions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "policy": {"type": "string"},
                    "result": {"type": "string", "enum": ["pass", "finding", "breach"]},
                },
                "required": ["policy", "result"],
                "additionalProperties": False,
            },
        },
        "payload": {"type": "object"},
    },
    "required": [
        *("event_id", "event_type", "event_version", "mono_ns", "occurred_at", "payload"),
        *("policy_decisions", "stream", "stream_version", "trace_id"),
    ],
    "additionalProperties": False,
}


def document() -> dict[str, Any]:
    """The whole contract."""
    streams, writers = rights()
    channels = {**_streams(streams), **_feeds()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Gatehouse events", "version": VERSION, "description": SAYS},
        "defaultContentType": JSON,
        "servers": {
            "front": {
                "host": "127.0.0.1:8080",
                "protocol": "http",
                "description": "The front, where it listens unless it is told otherwise.",
                "security": [{"$ref": "#/components/securitySchemes/ticket"}],
            },
            "journal": {
                "host": "localhost",
                "protocol": "postgresql",
                "description": "The record itself. It is read by an export or a feed, never by connecting.",
            },
        },
        "channels": channels,
        "operations": {
            name: {"action": "send", "channel": {"$ref": f"#/channels/{name}"}, "summary": one["summary"]}
            for name, one in channels.items()
        },
        "components": {
            "messages": {
                **{name: _entry(name, kind, writers[name]) for name, kind in sorted(KINDS.items())},
                "OrderEvent": _order_event(),
                "JournalEntry": _journal_entry(),
            },
            "schemas": {"Envelope": ENVELOPE, **_schemas()},
            "securitySchemes": {
                "ticket": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The ticket of a person's session. It decides what the feed shows.",
                }
            },
        },
    }


def written() -> str:
    """The document as its file has it."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _streams(streams: Mapping[str, str]) -> dict[str, Any]:
    """A channel for each kind of stream, with the events that stand there."""
    found: dict[str, Any] = {}
    for prefix in sorted({*streams.values()}):
        name = prefix.rstrip("/")
        names = sorted(kind for kind, of in streams.items() if of == prefix)
        channel: dict[str, Any] = {
            "address": f"{name}/{{id}}" if prefix.endswith("/") else name,
            "summary": f"Entries of the journal's stream{'s' if prefix.endswith('/') else ''} `{prefix}`.",
            "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in names},
            "servers": [{"$ref": "#/servers/journal"}],
        }
        if prefix.endswith("/"):
            channel["parameters"] = {"id": {"description": f"What of `{prefix}` it is about."}}
        found[f"stream-{name}"] = channel
    return found


def _feeds() -> dict[str, Any]:
    to_front = [{"$ref": "#/servers/front"}]
    return {
        "orders": {
            "address": "/v1/feed/orders",
            "summary": "Orders as they move, in their external form: server-sent events `order`.",
            "messages": {"OrderEvent": {"$ref": "#/components/messages/OrderEvent"}},
            "servers": to_front,
        },
        "audit": {
            "address": "/v1/audit/feed",
            "summary": "The record as it grows: server-sent events `entry`.",
            "messages": {"JournalEntry": {"$ref": "#/components/messages/JournalEntry"}},
            "servers": to_front,
        },
    }


def _entry(name: str, kind: type[Fact], writers: str) -> dict[str, Any]:
    own = {
        "event_type": {"const": name},
        "event_version": {"const": kind.VERSION},
        "payload": {"$ref": f"{SCHEMAS}{name}"},
    }
    told: dict[str, Any] = {
        "name": name,
        "title": name,
        "summary": first_line(kind),
        "contentType": JSON,
        "payload": {"allOf": [{"$ref": f"{SCHEMAS}Envelope"}, {"type": "object", "properties": own}]},
        "x-written-by": writers,
    }
    if kind.VERSION > 1:
        told["x-earlier-versions"] = list(range(1, kind.VERSION))
    return told


def _order_event() -> dict[str, Any]:
    return {
        "name": "order",
        "title": "An order's event, in its external form",
        "summary": "A field is never taken out and never changes its meaning; a new one may come.",
        "contentType": JSON,
        "payload": {"anyOf": [{"$ref": f"{SCHEMAS}{one.__name__}"} for one in get_args(External)]},
    }


def _journal_entry() -> dict[str, Any]:
    return {
        "name": "entry",
        "title": "An entry of the journal, as its feed tells it",
        "summary": "`payload` is that of `event_type` at `event_version`; names and free text are sealed.",
        "contentType": JSON,
        "payload": {"$ref": f"{SCHEMAS}JournalEntry"},
    }


def _schemas() -> dict[str, Any]:
    """Of every payload and of what the feeds answer with, as they are written."""
    models: list[type[BaseModel]] = [*KINDS.values(), *get_args(External)]
    _, found = models_json_schema(
        [(model, "serialization") for model in models], ref_template=SCHEMAS + "{model}"
    )
    entry = Entry.model_json_schema(mode="serialization", ref_template=SCHEMAS + "{model}")
    return {**dict(sorted(found["$defs"].items())), "JournalEntry": entry}


if __name__ == "__main__":
    sys.stdout.write(written())
