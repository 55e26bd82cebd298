"""The published contract of events: drawn from the code, valid AsyncAPI 3.0, and true of what is stored.

Source: AsyncAPI 3.0.0, the fixed fields of each object that the document has, "AsyncAPI Object" to "Message
Object". `FIXED_FIELDS` says them as a JSON schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import validator_for

from core.ledger.events import KINDS
from tests.core.ledger.test_stored_events import LINES, Line
from tests.core.orders.test_external import DENIED, FILLED, RELEASED, told
from ui.asyncapi import VERSION, document, written
from ui.reference import rights

ROOT: Final = Path(__file__).resolve().parents[2]
WORDS: Final = {"type": "string"}
OBJECT: Final = {"type": "object"}
REFERENCE: Final = {
    "type": "object",
    "required": ["$ref"],
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
    "additionalProperties": False,
}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object with these fixed fields and no other, specification extensions aside."""
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def by_name(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": "^[\\w.\\-]+$"}, "additionalProperties": of}


PARAMETER: Final = closed(
    [], description=WORDS, enum={"type": "array"}, default=WORDS, examples={"type": "array"}, location=WORDS
)
MESSAGE: Final = closed(
    [],
    **dict.fromkeys(("name", "title", "summary", "description", "contentType"), WORDS),
    **dict.fromkeys(("headers", "payload", "correlationId"), OBJECT),
    tags={"type": "array"},
    examples={"type": "array"},
)
CHANNEL: Final = closed(
    [],
    address={"type": ["string", "null"]},
    messages=by_name({"anyOf": [REFERENCE, MESSAGE]}),
    parameters=by_name({"anyOf": [REFERENCE, PARAMETER]}),
    servers={"type": "array", "items": REFERENCE},
    bindings={"type": "object"},
    tags={"type": "array"},
    **dict.fromkeys(("title", "summary", "description"), WORDS),
)
OPERATION: Final = closed(
    ["action", "channel"],
    action={"enum": ["send", "receive"]},
    channel=REFERENCE,
    messages={"type": "array", "items": REFERENCE},
    bindings={"type": "object"},
    tags={"type": "array"},
    **dict.fromkeys(("title", "summary", "description"), WORDS),
)
FIXED_FIELDS: Final = closed(
    ["asyncapi", "info"],
    asyncapi={"const": "3.0.0"},
    id=WORDS,
    info={"type": "object", "required": ["title", "version"]},
    defaultContentType=WORDS,
    servers=by_name({"type": "object", "required": ["host", "protocol"]}),
    channels=by_name(CHANNEL),
    operations=by_name(OPERATION),
    components={"type": "object", "properties": {"messages": by_name(MESSAGE)}},
)
DOCUMENT: Final[dict[str, Any]] = document()


def schema(name: str) -> Draft7Validator:
    """Of one schema of the document, its references with it."""
    return validator({"$ref": f"#/components/schemas/{name}"})


def message(name: str) -> Draft7Validator:
    return validator(DOCUMENT["components"]["messages"][name]["payload"])


def validator(of: dict[str, Any]) -> Draft7Validator:
    whole = {"components": DOCUMENT["components"], "allOf": [of]}
    return Draft7Validator(whole, format_checker=Draft7Validator.FORMAT_CHECKER)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = [*value.values()]
    for one in value if isinstance(value, list) else ():
        yield from references(one)


def test_the_file_is_what_the_code_says() -> None:
    drawn = (ROOT / "docs" / "events.asyncapi.json").read_text(encoding="utf-8")
    assert drawn == written(), "draw it again: python -m ui.asyncapi > docs/events.asyncapi.json"


def test_it_has_the_specifications_fixed_fields_and_no_other() -> None:
    Draft7Validator(FIXED_FIELDS).validate(DOCUMENT)


@pytest.mark.parametrize(
    "broken",
    [
        {"asyncapi": "2.6.0"},
        {"info": {"title": "no version"}},
        {"operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/orders"}}}},
        {"channels": {"x": {"adress": "y"}}},
    ],
    ids=str,
)
def test_a_field_that_the_specification_does_not_have_is_found(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Draft7Validator(FIXED_FIELDS).validate({**DOCUMENT, **broken})


def test_every_reference_leads_somewhere() -> None:
    for reference in {*references(DOCUMENT)}:
        at: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]
        assert at, reference


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_every_schema_is_a_json_schema(name: str) -> None:
    of = DOCUMENT["components"]["schemas"][name]
    validator_for(of, default=Draft7Validator).check_schema(of)


def test_every_kind_stands_in_the_channel_of_its_stream_and_nowhere_else() -> None:
    streams, _ = rights()
    found = {
        name: channel.removeprefix("stream-")
        for channel, told in DOCUMENT["channels"].items()
        if channel.startswith("stream-")
        for name in told["messages"]
    }
    assert found == {name: prefix.rstrip("/") for name, prefix in streams.items()}
    assert {*found} == {*KINDS}


NOW: Final = [line for line in LINES if line.event_version == KINDS[line.event_type].VERSION]


def entry(line: Line) -> dict[str, Any]:
    streams, _ = rights()
    prefix = streams[line.event_type]
    return {
        "event_id": str(uuid4()),
        "event_type": line.event_type,
        "event_version": line.event_version,
        "stream": f"{prefix}x" if prefix.endswith("/") else prefix,
        "stream_version": 1,
        "trace_id": "0" * 32,
        "occurred_at": "2022-12-29T15:00:00.000000Z",
        "mono_ns": "1",
        "policy_decisions": [],
        "payload": json.loads(line.payload),
    }


@pytest.mark.parametrize("line", NOW, ids=str)
def test_what_the_journal_stored_is_what_the_contract_says(line: Line) -> None:
    message(line.event_type).validate(entry(line))


@pytest.mark.parametrize(
    "broken",
    [{"event_version": 9}, {"event_type": "OrderSent"}, {"payload": {}}, {"mono_ns": 1}, {"more": 1}],
)
def test_what_the_contract_does_not_say_is_found(broken: dict[str, Any]) -> None:
    line = next(line for line in NOW if line.event_type == "OrderFilled")
    with pytest.raises(ValidationError):
        message("OrderFilled").validate({**entry(line), **broken})


@pytest.mark.parametrize("fact", [RELEASED, FILLED, DENIED], ids=lambda fact: fact.event_type())
def test_an_order_as_others_read_it_is_what_the_contract_says(fact: Any) -> None:
    message("OrderEvent").validate(told(fact))


def test_the_external_form_has_the_fields_that_were_promised() -> None:
    found = DOCUMENT["components"]["schemas"]["ExternalOrderEvent"]
    promised = [
        *("event_type", "event_version", "event_id", "trace_id", "timestamp_utc", "order_id", "account_id"),
        *("symbol", "side", "quantity", "order_type", "limit_price", "policy_decisions", "actor"),
    ]
    assert {*promised} <= {*found["properties"]}
    assert {*promised} <= {*found["required"]}


def test_the_feeds_are_where_the_front_answers_them() -> None:
    from ui.api.front import create_app

    paths = {*create_app().openapi()["paths"]}
    feeds = {name: DOCUMENT["channels"][name]["address"] for name in ("orders", "audit")}
    assert feeds == {"orders": "/v1/feed/orders", "audit": "/v1/audit/feed"}
    assert {*feeds.values()} <= paths


def test_a_version_that_ended_is_named() -> None:
    ended = {
        name: told.get("x-earlier-versions")
        for name, told in DOCUMENT["components"]["messages"].items()
        if "x-earlier-versions" in told
    }
    assert ended == {
        "CorrectionDrafted": [1],
        "DecisionTaken": [1],
        "ModelPublished": [1],
        "OrderFilled": [1],
        "OrderReleased": [1],
        "ProposalApproved": [1],
        "ProposalDrafted": [1, 2],
        "ProposalReturned": [1],
        "ProposalSubmitted": [1],
        "RegistrationRecorded": [1],
        "RemainderDrafted": [1],
        "StepTaken": [1],
        "ToolCalled": [1],
        "TradeBusted": [1],
        "TradeCorrected": [1],
    }
    assert DOCUMENT["info"]["version"] == VERSION
