"""The form of every kind, in the database, says neither more nor less than the fact does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import GatehouseError
from core.fact import Fact
from core.ledger.events import KINDS, fact_of
from core.ledger.forms import forms_sql
from tests.fixtures.firm import Firm

MIGRATIONS: Final = Path(__file__).resolve().parents[3] / "core" / "ledger" / "migrations"
KIND_NAMES: Final = sorted(KINDS)
WORDS: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
ODD: Final[st.SearchStrategy[Any]] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from((0, -1, 7, 2**53, -(2**63), 10**30, 1.5, [], {}, [None], [["a"]], {"a": None})),
    st.sampled_from(("", "1", "-0", "1e5", "NaN", "0", "-1.5", "buy", "2022-02-30T00:00:00Z", "1" * 41)),
    st.sampled_from(("2022-12-29T24:00:00Z", "2022-12-29T15:00:60Z", "2022-12-29", "0000-01-01T00:00:00Z")),
)
few: Final = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def test_the_newest_forms_are_drawn_from_the_facts() -> None:
    """Run `python -m core.ledger.forms` into a new migration `<time>_forms.sql` where this is red."""
    newest = sorted(MIGRATIONS.glob("*_forms.sql"))[-1]
    assert newest.read_text(encoding="utf-8") == forms_sql(KINDS)


def test_every_kind_has_a_form(shared_firm: Firm) -> None:
    kinds = shared_firm.ask("superuser", "select event_type, version from gatehouse.event_kind")
    assert {row["event_type"]: row["version"] for row in kinds} == {
        name: kind.VERSION for name, kind in KINDS.items()
    }
    drawn = forms_sql(KINDS)
    assert all(f"if event_type = '{name}' then" in drawn for name in KINDS)


def values(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What a field of that JSON schema can hold."""
    if "$ref" in schema:
        return values(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in schema:
        amount = {option.get("type") for option in schema["anyOf"]} >= {"number", "string"}
        options = [o for o in schema["anyOf"] if not (amount and o.get("type") == "string")]
        return st.one_of(*(values(option, defs) for option in options))
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            low, high = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1), schema.get("maximum")
            return st.integers(low, high if high is not None else 2**53 - 1)
        case "number":
            low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
            high = schema.get("maximum", 10**12)
            places = st.integers(0, 8)
            numbers = places.flatmap(lambda n: st.decimals(low, high, places=n, allow_nan=False))
            return numbers.filter(lambda d: d != schema.get("exclusiveMinimum")).map(_as_text)
        case "array":
            return st.lists(values(schema["items"], defs), max_size=3)
        case "object":
            return st.fixed_dictionaries({k: values(v, defs) for k, v in schema["properties"].items()})
    if schema.get("format") == "date-time":
        moments = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
        return moments.map(lambda m: m.isoformat().replace("+00:00", "Z"))
    if "pattern" in schema:
        return st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
    return WORDS


def _as_text(number: Decimal) -> str:
    return format(number, "f")


def payloads(name: str) -> st.SearchStrategy[dict[str, Any]]:
    schema = KINDS[name].model_json_schema(mode="validation")
    return values(schema, schema.get("$defs", {}))


def as_written(name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as the fact itself writes it."""
    fact: Fact = KINDS[name].model_validate(payload)
    return fact.model_dump(mode="json")


def formed(firm: Firm, name: str, text: str) -> str | None:
    """What the database makes of that payload; None where it cannot read it as its kind."""
    try:
        return str(firm.value("superuser", "select gatehouse.form_text(%s, %s::jsonb)", name, text))
    except (psycopg.errors.DataError, psycopg.errors.IntegrityError):
        return None


@pytest.mark.parametrize("name", KIND_NAMES)
def test_what_a_fact_writes_is_in_its_form(shared_firm: Firm, name: str) -> None:
    @settings(few, max_examples=12)
    @given(payloads(name))
    def tried(payload: dict[str, Any]) -> None:
        text = rfc8785.dumps(as_written(name, payload)).decode()
        assert formed(shared_firm, name, text) == text

    tried()


@few
@given(data=st.data(), name=st.sampled_from(KIND_NAMES))
def test_what_is_in_a_form_the_fact_can_read(shared_firm: Firm, data: st.DataObject, name: str) -> None:
    """However a payload is bent, either the database does not take it, or everybody can read it."""
    payload = as_written(name, data.draw(payloads(name)))
    _bend(payload, data)
    try:
        text = rfc8785.dumps(payload).decode()
    except (
        ValueError
    ):  # a number that RFC 8785 does not write; the server is asked with its text all the same
        return
    if formed(shared_firm, name, text) == text:
        try:
            fact_of(name, KINDS[name].VERSION, payload)
        except GatehouseError as lost:
            pytest.fail(f"{name} was taken and cannot be read: {text}: {lost}")


def _bend(payload: dict[str, Any], data: st.DataObject) -> None:
    """Change, drop or add one field, at any depth."""
    at: Any = payload
    while True:
        keys = sorted(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys or data.draw(st.integers(0, 9)) == 0:
            if isinstance(at, dict):
                at[data.draw(st.sampled_from(("zebra", "a", "é")))] = data.draw(ODD)
            else:
                at.append(data.draw(ODD))
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and data.draw(st.booleans()):
            at = at[key]
            continue
        if data.draw(st.integers(0, 4)) == 0:
            del at[key]
        else:
            at[key] = data.draw(ODD)
        return
