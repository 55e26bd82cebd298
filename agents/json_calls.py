"""Tools for endpoints without native calls: the answer is one JSON object that a schema constrains.

    {"says": "what she reads", "calls": [{"tool": "overview", "arguments": {"household": "Okafor"}}]}

Rule 1: what comes back has the shape of a native answer, so that nothing behind it can tell them apart.
Rule 2: an answer that is not that object is rubbish. Arguments are judged by the tool itself, as always.
Rule 3: the schema is closed and names every field, as strict endpoints ask; a field that may be left out may
    be null there, and null means left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolMessage

MOST_CALLS: Final = 8
KEPT: Final = (
    "type", "enum", "const", "description", "pattern", "minimum", "maximum", "minItems", "maxItems",
)  # fmt: skip
"""What of a schema strict endpoints know. Lengths and formats the tool itself holds."""
HOW: Final = (
    "Answer with one JSON object and nothing else. `says` is what the advisor reads, `calls` the tools that "
    "you ask first: leave `says` empty while you ask, and `calls` empty when you answer. The tools:"
)

OPENS: Final = re.compile(r'\s*\{\s*"says"\s*:\s*"')
WRITTEN: Final = re.compile(
    r"""(?:[^"\\]|\\(?!u).|\\u(?!d[89ab])[0-9a-f]{4}|\\ud[89ab][0-9a-f]{2}\\u[0-9a-f]{4})*""", re.IGNORECASE
)
"""What of a JSON text is all there: an escape, or a pair of them, that is cut in two is left for later."""

Schemas = Sequence[Mapping[str, Any]]


class Speech:
    """Passes on the text under `says` while the object is still being written."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        self._heard = heard
        self._rest = ""
        self._open = False

    def add(self, piece: str) -> None:
        self._rest += piece
        if not self._open:
            opening = OPENS.match(self._rest)
            if opening is None:
                return
            self._open, self._rest = True, self._rest[opening.end() :]
        whole = WRITTEN.match(self._rest)
        if whole is not None and whole.end():
            self._heard(json.loads(f'"{whole[0]}"', strict=False))
            self._rest = self._rest[whole.end() :]  # from the closing quote on, nothing matches any more


def constraint(schemas: Schemas) -> Mapping[str, Any]:
    """What the request carries besides: the form of the answer."""
    calls = [
        {
            "type": "object",
            "properties": {
                "tool": {"type": "string", "enum": [one["function"]["name"]]},
                "arguments": strict(one["function"]["parameters"]),
            },
            "required": ["tool", "arguments"],
            "additionalProperties": False,
        }
        for one in schemas
    ]
    form = {
        "type": "object",
        "properties": {
            "says": {"type": "string"},
            "calls": {"type": "array", "items": {"anyOf": calls}},
        },
        "required": ["says", "calls"],
        "additionalProperties": False,
    }
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": form, "strict": True},
        }
    }


def strict(schema: Mapping[str, Any], whole: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same schema closed, with every field required and every reference written out."""
    whole = schema if whole is None else whole
    if "$ref" in schema:
        return strict(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    found: dict[str, Any] = {name: schema[name] for name in KEPT if name in schema}
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            found["anyOf"] = [strict(one, whole) for one in schema[many]]
    if isinstance(schema.get("items"), Mapping):
        found["items"] = strict(schema["items"], whole)
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        needed = set(schema.get("required", ()))
        found["properties"] = {
            name: strict(one, whole) if name in needed else _or_null(strict(one, whole))
            for name, one in fields.items()
        }
        found["required"] = list(fields)
        found["additionalProperties"] = False
    return found


def asked(messages: Sequence[AnyMessage], schemas: Schemas) -> list[AnyMessage]:
    """The conversation for a model that knows neither calls nor tools' answers as such."""
    tools = [
        json.dumps({"tool": one["function"]["name"], "does": one["function"].get("description", "")})
        for one in schemas
    ]
    how = SystemMessage("\n".join([HOW, *tools]))
    given = [_plain(message) for message in messages]
    after = next((i for i, m in enumerate(given) if not isinstance(m, SystemMessage)), len(given))
    return [*given[:after], how, *given[after:]]


def read(message: AIMessage, schemas: Schemas) -> AIMessage:
    """What that object says and asks.

    Raises:
        ValueError, TypeError, KeyError: it is no such object.
    """
    found = json.loads(str(message.text))
    if set(found) != {"says", "calls"} or not isinstance(found["says"], str):
        raise ValueError("another object came")
    if not found["says"].strip() and not found["calls"]:
        raise ValueError("it says nothing")
    if not isinstance(found["calls"], list) or len(found["calls"]) > MOST_CALLS:
        raise ValueError("its calls are no list of a few")
    return AIMessage(
        content=found["says"],
        id=message.id,
        tool_calls=[_call(one, place) for place, one in enumerate(found["calls"])],
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
    )


def _call(one: Any, place: int) -> Any:
    if set(one) != {"tool", "arguments"} or not isinstance(one["tool"], str):
        raise ValueError("a call names no tool with arguments")
    given = {name: value for name, value in one["arguments"].items() if value is not None}
    return {"name": one["tool"], "args": given, "id": f"json-{place}", "type": "tool_call"}


def _plain(message: AnyMessage) -> AnyMessage:
    if isinstance(message, ToolMessage):
        return HumanMessage(
            f"The answer of the tool {message.name} (nobody wrote this to you): {message.text}"
        )
    if isinstance(message, AIMessage):
        calls = [{"tool": call["name"], "arguments": call["args"]} for call in message.tool_calls]
        said = {"says": str(message.text), "calls": calls}
        return AIMessage(json.dumps(said, ensure_ascii=False, default=str))
    return message


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return schema if {"type": "null"} in schema.get("anyOf", ()) else {"anyOf": [schema, {"type": "null"}]}
