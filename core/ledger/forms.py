"""The form of every kind of event, as PostgreSQL types drawn from the facts: `python -m core.ledger.forms`.

Rule 1: a kind's type has its payload's fields in RFC 8785 order. A payload that went into the type and came
    out as JSON is its own canonical text, or no payload of that kind: one step of the server's checks both.
Rule 2: what a form lets in, the fact can read: types, closed sets, bounds, times and nulls are the fact's.
Rule 3: every field is written, also where it has its default. Readers may leave one out; writers may not.
Rule 4: a kind without lists is written field by field, each as what it must be: a word that was a number
    comes out in quotes, and is not the text that came in. A type's value takes the server long to make ready.
The newest migration `*_forms.sql` is what this draws, whole: a test holds the two equal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from core.fact import Fact
from core.ledger.events import KINDS
from core.money import MOST_DIGITS

WHOLE_AT_MOST: Final = 2**53 - 1  # RFC 8785: a number is a double; what is larger is a string
AMOUNT: Final = r"~ '^-?[0-9]+(\.[0-9]+)?$'"
MOMENT: Final = r"~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$'"
HEADING: Final = (
    "-- The form of every kind of event, drawn from its fact by `python -m core.ledger.forms`.",
    "drop schema if exists form cascade;",
    "create schema form;",
    "",
)
Schema = Mapping[str, Any]


@dataclass(slots=True)
class Drawn:
    """The statements so far; each type is made once, before it is used."""

    defs: Mapping[str, Schema]
    statements: dict[str, str] = field(default_factory=dict)

    def attribute(self, schema: Schema) -> str:
        """The name of the type that this field's values have."""
        schema, may_be_null = _without_null(schema)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.defs[name]
            if schema.get("type") == "object":
                return self._domain(f"a_{_snake(name)}", self.record(_snake(name), schema), "", may_be_null)
        if schema.get("type") == "array":
            element = self.attribute(schema["items"])
            one_level = "coalesce(array_ndims(value), 1) = 1"
            return self._domain(f"list_of_{element}", f"form.{element}[]", one_level, may_be_null)
        name, base, check = _scalar(schema, "value")
        return self._domain(name, base, check, may_be_null)

    def record(self, name: str, schema: Schema) -> str:
        """The composite type of an object, its fields in order."""
        if schema.get("additionalProperties") is not False:
            raise TypeError(f"{name} is an open object: give it a closed type")
        fields = [
            f'    "{key}" form.{self.attribute(of)}' for key, of in sorted(schema["properties"].items())
        ]
        made = f"form.of_{name}"
        self.statements.setdefault(made, f"create type {made} as (\n" + ",\n".join(fields) + "\n);")
        return made

    def _domain(self, name: str, base: str, check: str, may_be_null: bool) -> str:
        name = f"{name}_or_none" if may_be_null else name
        rules = ([] if may_be_null else ["not null"]) + ([f"check ({check})"] if check else [])
        words = " ".join(["create domain", f"form.{name}", "as", base, *rules])
        self.statements.setdefault(name, words + ";")
        return name


def forms_sql(kinds: Mapping[str, type[Fact]]) -> str:
    """Every type, and the function that writes a payload in its kind's form."""
    drawn = Drawn({})
    texts = {}
    for name, kind in sorted(kinds.items()):
        schema = kind.model_json_schema(mode="validation")
        drawn.defs = schema.get("$defs", {})
        made = drawn.record(_snake(name), schema)
        texts[name] = _by_fields(drawn, schema["properties"]) or f"{_of_type(made, 'payload')}::text"
    return "\n".join([*HEADING, *drawn.statements.values(), "", *_function(texts), ""])


def _of_type(made: str, value: str) -> str:
    return f"row_to_json(jsonb_populate_record(null::{made}, {value}))"


def _by_fields(drawn: Drawn, properties: Mapping[str, Schema]) -> str | None:
    """The text of a flat payload, made field by field; '' of one that breaks a rule. None: it has a list.

    What is missing leaves a gap, and a text with a gap is no JSON: it equals none that came in.
    """
    places, values, rules = [], [], []
    for key, of in sorted(properties.items()):
        schema, may_be_null = _without_null(of)
        name = schema.get("$ref", "").rpartition("/")[2]
        if schema.get("type") == "array":
            return None
        if drawn.defs.get(name, {}).get("type") == "object":
            written = _of_type(f"form.of_{_snake(name)}", f"payload->'{key}'")
            if may_be_null:
                written = f"case when payload->'{key}' <> 'null' then {written} else 'null' end"
        else:
            said = f"(payload->>'{key}')"
            _, base, rule = _scalar(drawn.defs.get(name, schema), said)
            written = {
                "text": f"to_json({said})",
                "bigint": f"{said}::bigint",
                "boolean": f"case {said} when 'true' then 'true' when 'false' then 'false' end",
            }[base]
            rules += [rule] if rule else []
            if may_be_null:
                written = f"coalesce({written}{'::text' if base == 'bigint' else ''}, 'null')"
        places.append(f'"{key}":%s')
        values.append(written)
    text = f"format('{{{','.join(places)}}}', {', '.join(values)})"
    return f"case when ({' and '.join(rules)}) is not false then {text} else '' end" if rules else text


def _function(texts: Mapping[str, str]) -> Iterator[str]:
    yield "-- The RFC 8785 text of a payload of that kind; null of a kind that has no form. A value that is"
    yield "-- not of its field's type raises. Found by halves: the server makes ready what it comes by alone."
    yield "create or replace function gatehouse.form_text(event_type text, payload jsonb) returns text"
    yield "    language plpgsql stable as $$"
    yield "begin"
    yield from _found(sorted(texts.items()), 1)
    yield "    return null;"
    yield "end $$;"
    yield "revoke all on all functions in schema gatehouse from public;"


def _found(texts: Sequence[tuple[str, str]], depth: int) -> Iterator[str]:
    ahead = "    " * depth
    if len(texts) == 1:
        ((name, text),) = texts
        yield f"{ahead}if event_type = '{name}' then return {text}; end if;"
        return
    half = len(texts) // 2
    yield f"{ahead}if event_type < '{texts[half][0]}' collate \"C\" then"
    yield from _found(texts[:half], depth + 1)
    yield f"{ahead}else"
    yield from _found(texts[half:], depth + 1)
    yield f"{ahead}end if;"


def _without_null(schema: Schema) -> tuple[Schema, bool]:
    options = schema.get("anyOf", [schema])
    left = [option for option in options if option.get("type") != "null"]
    if len(left) == 2 and {option.get("type") for option in left} == {"number", "string"}:
        left = [option for option in left if option["type"] == "number"]  # an amount
    if len(left) != 1:
        raise TypeError(f"no form is drawn of {schema}")
    return left[0], len(options) > 1 and any(option.get("type") == "null" for option in options)


def _scalar(schema: Schema, value: str) -> tuple[str, str, str]:
    """A name, the type below, and what `value`, which is of it, must be."""
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    match schema:
        case {"type": "string"} if allowed is not None:
            return _closed(allowed), "text", f"{value} in ({', '.join(_quoted(word) for word in allowed)})"
        case {"type": "integer"} if allowed is not None:
            return _closed(allowed), "bigint", f"{value}::bigint in ({', '.join(str(n) for n in allowed)})"
        case {"type": "string", "format": "date-time"}:
            return "moment", "text", f"{value} {MOMENT} and pg_input_is_valid({value}, 'timestamptz')"
        case {"type": "string", **rest} if not set(rest) & {"pattern", "minLength", "maxLength", "format"}:
            return "words", "text", ""
        case {"type": "string", "pattern": pattern}:
            return f"words_{_mark(pattern)}", "text", f"{value} ~ {_quoted(pattern)}"
        case {"type": "boolean"}:
            return "yes_or_no", "boolean", ""
        case {"type": "integer"}:
            name, bounds = _bounded("whole", schema, f"{value}::bigint")
            return name, "bigint", " and ".join([f"abs({value}::bigint) <= {WHOLE_AT_MOST}", *bounds])
        case {"type": "number"}:
            name, bounds = _bounded("amount", schema, f"{value}::numeric")
            few = f"length({value}) <= {MOST_DIGITS}"
            return name, "text", " and ".join([f"{value} {AMOUNT}", few, *bounds])
    raise TypeError(f"no form is drawn of {schema}")


def _bounded(name: str, schema: Schema, value: str) -> tuple[str, list[str]]:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    found = [(key, schema[key]) for key in signs if key in schema]
    if any(bound != int(bound) or bound < 0 for _, bound in found):
        raise TypeError(f"a bound of {schema} is no whole number")
    named = "".join(f"_{words[key]}_{int(bound)}" for key, bound in found)
    return name + named, [f"{value} {signs[key]} {int(bound)}" for key, bound in found]


def _closed(allowed: list[Any]) -> str:
    words = "_".join(_snake(str(one)) for one in allowed)
    plain = re.fullmatch(r"[a-z0-9_]{1,40}", words)
    return f"one_of_{words}" if plain else f"one_of_{len(allowed)}_{_mark(repr(allowed))}"


def _mark(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:8]


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    sys.stdout.write(forms_sql(KINDS))
