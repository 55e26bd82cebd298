"""Shapes say yes only where the fact itself would, with the same values, for every kind there is."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field, ValidationError, field_validator

from core.errors import GatehouseError, IntegrityLost
from core.fact import Amount, Fact
from core.ledger.events import KINDS
from core.market.events import BusinessDayOpened
from core.orders.content import Content
from core.orders.events import Finding, OrderFilled, OrderRouted, Part
from core.shapes import NOT_TAKEN, reader_of, shape_of, worked_out
from tests.fixtures.counts import count

STORED: Final = Path(__file__).parent / "ledger" / "stored_events.jsonl"
ODD: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", " 1", "1_0", "NaN", "1e3", "-0", "1" * 41, "٣", [], [1], {},
    {"a": 1},
    "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00+05:30", "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-W01-1T00:00:00Z", "20260102T030405Z", "0001-01-01T00:00:00+23:00", "\ud800", "\u0000",
)  # fmt: skip


def stored() -> list[tuple[type[Fact], str]]:
    """Every stored payload that is of its kind's present version."""
    told = [json.loads(line) for line in STORED.read_text(encoding="utf-8").splitlines()]
    return [
        (KINDS[t["event_type"]], t["payload"])
        for t in told
        if t["event_version"] == KINDS[t["event_type"]].VERSION
    ]


EXAMPLES: Final = stored()
SHAPED: Final = [(kind, payload) for kind, payload in EXAMPLES if shape_of(kind) is not None]


def taken(model: type[BaseModel], text: bytes | str) -> BaseModel | None:
    """What the shape makes of a text; None: it does not take it."""
    shape = shape_of(model)
    assert shape is not None
    try:
        return shape.made(msgspec.json.decode(text, type=shape.struct))
    except NOT_TAKEN:
        return None


def by_itself(model: type[BaseModel], text: bytes | str) -> BaseModel | None:
    try:
        return model.model_validate_json(text)
    except (ValidationError, GatehouseError):
        return None


def holds_rule_1(model: type[BaseModel], text: bytes | str) -> None:
    fact = taken(model, text)
    if fact is not None:
        itself = by_itself(model, text)
        assert itself is not None, text
        assert_same(fact, itself)


def assert_same(fact: BaseModel, itself: BaseModel) -> None:
    assert type(fact) is type(itself)
    assert fact == itself
    assert fact.model_dump_json() == itself.model_dump_json()
    assert fact.model_dump() == itself.model_dump()
    assert fact.model_fields_set == itself.model_fields_set


@pytest.mark.parametrize(("kind", "payload"), SHAPED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_stored_event_is_taken_and_is_what_the_fact_reads(kind: type[Fact], payload: str) -> None:
    fact = taken(kind, payload)
    if fact is not None:
        assert_same(fact, kind.model_validate_json(payload))
    else:
        assert {*json.loads(payload)} < {*kind.model_fields}, "only what lacks a field is not taken"


def test_what_the_fold_reads_most_is_taken_whole() -> None:
    """Else all of this would be for nothing."""
    names = {
        "OrderReleased", "OrderRouted", "OrderSent", "OrderAccepted", "OrderFilled", "TradeAllocated",
        "TradeConfirmed", "TradeSettled", "ProposalAssessed", "LotReceived", "CashDeposited",
    }  # fmt: skip
    found = {kind.event_type() for kind, payload in SHAPED if taken(kind, payload) is not None}
    assert names <= found


@pytest.mark.parametrize(("kind", "payload"), SHAPED, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_odd_in_any_one_field_is_taken_only_where_the_fact_takes_it(
    kind: type[Fact], payload: str
) -> None:
    told = json.loads(payload)
    for at in places(told):
        for odd in ODD:
            holds_rule_1(kind, json.dumps(put(told, at, odd)))
        holds_rule_1(kind, json.dumps(left_out(told, at)))
    holds_rule_1(kind, json.dumps({**told, "more": 1}))
    for wrapped in (
        f"[{payload}]",
        f" {payload} ",
        payload[:-1],
        payload + "x",
        f'{payload[:-1]},"more":1}}',
    ):
        holds_rule_1(kind, wrapped)


def places(told: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    return [place for key, value in inner for place in ((*before, key), *places(value, (*before, key)))]


def put(told: Any, at: tuple[Any, ...], value: Any) -> Any:
    copied = told.copy()
    copied[at[0]] = value if len(at) == 1 else put(told[at[0]], at[1:], value)
    return copied


def left_out(told: Any, at: tuple[Any, ...]) -> Any:
    copied = told.copy()
    if len(at) == 1:
        del copied[at[0]]
    else:
        copied[at[0]] = left_out(told[at[0]], at[1:])
    return copied


AMOUNTS: Final = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.from_regex(r"[-+ ]?[0-9_]{0,44}(\.[0-9]{0,44})?([eE][-+]?[0-9]{1,3})?", fullmatch=True),
    st.integers().map(str),
    st.text(max_size=5),
)
MOMENTS: Final = st.one_of(
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9][T t][0-2][0-9]:[0-6][0-9]"
        r"(:[0-6][0-9])?([.,][0-9]{0,9})?(Z|z|[-+][0-2][0-9]:?[0-6][0-9])?",
        fullmatch=True,
    ),
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
)


@given(AMOUNTS, AMOUNTS, MOMENTS)
@settings(max_examples=count(200, whole=600), deadline=None)
def test_amounts_and_moments_are_what_the_fact_reads(quantity: str, fee: str, at: str) -> None:
    [payload] = [payload for kind, payload in EXAMPLES if kind is OrderFilled][:1]
    told = json.loads(payload)
    for changed in ({"quantity": quantity}, {"fee": fee}, {"executed_at": at}):
        holds_rule_1(OrderFilled, json.dumps({**told, **changed}))
    holds_rule_1(BusinessDayOpened, json.dumps({"session": "2022-12-29", "at": at}))


@given(st.binary(max_size=60))
def test_bytes_that_are_no_text_are_the_facts_to_refuse(text: bytes) -> None:
    holds_rule_1(BusinessDayOpened, b'{"session":"' + text + b'","at":"2022-12-29T15:00:00Z"}')


def test_a_name_that_comes_twice_counts_as_the_fact_counts_it() -> None:
    holds_rule_1(
        BusinessDayOpened,
        '{"session":"a","at":"2022-12-29T15:00:00Z","session":"b","at":"2022-12-30T15:00:00Z"}',
    )


def test_what_a_shape_does_not_take_the_fact_reads_or_refuses() -> None:
    [payload] = [payload for kind, payload in EXAMPLES if kind is OrderFilled][:1]
    read = reader_of(OrderFilled)
    told = json.loads(payload)
    assert read(json.dumps({**told, "executed_at": 0})) == OrderFilled.model_validate(
        {**told, "executed_at": 0}
    )
    with pytest.raises(ValidationError, match="more"):
        read(json.dumps({**told, "more": 1}))
    with pytest.raises(ValidationError, match="quantity"):
        read(json.dumps({**told, "quantity": "0"}))


def test_a_fact_of_a_shape_is_a_whole_fact() -> None:
    """It is frozen, can be copied, hashed, packed and shown as one that validated itself."""
    [payload] = [payload for kind, payload in EXAMPLES if kind is OrderRouted][:1]
    fact, itself = taken(OrderRouted, payload), OrderRouted.model_validate_json(payload)
    assert isinstance(fact, OrderRouted)
    with pytest.raises(ValidationError, match="frozen"):
        fact.order = itself.order  # type: ignore[misc]
    assert hash(fact) == hash(itself)
    assert repr(fact) == repr(itself)
    assert fact.model_copy(update={"venue": "X"}) == itself.model_copy(update={"venue": "X"})
    assert pickle.loads(pickle.dumps(fact)) == itself


def test_the_content_of_a_proposal_is_read_through_its_shape() -> None:
    assert shape_of(Content) is not None


class Own(Part):
    """A kind of somebody who has not read this file."""

    amount: Amount = Field(ge=0, lt=10)
    what: Literal["a", 1] | None
    inner: tuple[tuple[int, ...], ...]
    at: AwareDatetime | None = None


@given(
    st.fixed_dictionaries(
        {
            "amount": st.one_of(AMOUNTS, st.integers(-1, 11).map(str)),
            "what": st.sampled_from(["a", 1, "1", None, True]),
            "inner": st.lists(st.lists(st.sampled_from([0, 1, True, 1.0, "1"]), max_size=2), max_size=2),
            "at": st.one_of(st.none(), MOMENTS),
        }
    )
)
@settings(max_examples=count(100, whole=300), deadline=None)
def test_a_new_kind_has_its_shape_without_anybody_drawing_it(told: dict[str, Any]) -> None:
    holds_rule_1(Own, json.dumps(told))


def test_a_kind_with_a_rule_of_its_own_has_no_shape() -> None:
    class Ruled(Fact):
        amount: Amount

        @field_validator("amount")
        @classmethod
        def _even(cls, amount: Decimal) -> Decimal:
            if amount % 2:
                raise ValueError("odd")
            return amount

    class Patterned(Fact):
        word: str = Field(pattern="^a$")

    class Open(BaseModel):
        word: str

    assert shape_of(Ruled) is None
    assert shape_of(Patterned) is None
    assert shape_of(Open) is None
    with pytest.raises(ValidationError, match="odd"):
        reader_of(Ruled)('{"amount":"1"}')


def test_a_part_that_was_worked_out_is_the_one_that_checks_itself() -> None:
    told = {"policy": "cash", "result": "breach", "says": "too much", "observed": Decimal("1.50"), "leg": 0}
    ours, theirs = worked_out(Finding)(**told), Finding(**told)
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert ours.model_dump_json() == theirs.model_dump_json()
    assert ours.model_copy(update={"leg": 1}).leg == 1


def test_a_part_that_was_worked_out_has_all_its_fields() -> None:
    with pytest.raises(IntegrityLost, match="policy"):
        worked_out(Finding)(result="pass")  # type: ignore[call-arg]
