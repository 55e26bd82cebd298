"""What a fact's text is decoded into before it is a fact: a shape, drawn from the fact's own fields.

Rule 1: a shape only says yes. What it takes, the fact itself would take, with the same values; whatever it
    does not take is read by the fact itself, which alone says no. Tests hold this for every kind.
Rule 2: nobody writes a shape. A kind with a field that none is drawn of has no shape, and reads itself.
Rule 3: every field is there, as writers leave it: what is left out is filled in by the fact itself.
It is why a journal is folded several times as fast as its facts read themselves.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from types import GenericAlias, NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    Literal,
    NewType,
    ParamSpec,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

import annotated_types
import msgspec
from msgspec.structs import asdict
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from core.errors import BadInput, IntegrityLost
from core.fact import Amount
from core.money import MOST_DIGITS, exact

KEPT: Final = 1 << 15  # amounts come again: a fee, a round number of shares, a price of the day
AMOUNT: Final = get_args(Amount)[1:]
LONGEST_MOMENT: Final = len('"2026-01-02T03:04:05.123456Z"')  # of more digits, one reader rounds and one cuts
BOUNDS: Final[Mapping[type[Any], str]] = {
    annotated_types.Gt: "gt",
    annotated_types.Ge: "ge",
    annotated_types.Lt: "lt",
    annotated_types.Le: "le",
}
RULES: Final = ("validators", "field_validators", "root_validators", "model_validators", "computed_fields")
NOT_TAKEN: Final = (msgspec.MsgspecError, UnicodeError, RecursionError, BadInput)
"""What decoding into a shape, and making the fact of it, may raise where the shape does not take a text."""

M = TypeVar("M", bound=BaseModel)
P = ParamSpec("P")
Convert = Callable[[Any], Any]
Bounds = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Shape(Generic[M]):
    """`made` makes the fact of what was decoded into `struct`."""

    struct: type[msgspec.Struct]
    made: Callable[[Any], M]


class NoShape(Exception):
    """No shape is drawn of that field. It never leaves this file."""


def shape_of(model: type[M]) -> Shape[M] | None:
    """The shape of that model; None where it has none."""
    try:
        return _drawn(model)
    except NoShape:
        return None


def reader_of(model: type[M]) -> Callable[[bytes | str], M]:
    """Reads JSON texts as that model. Raises as the model itself does."""
    by_itself: Callable[[bytes | str], M] = model.__pydantic_validator__.validate_json
    shape = shape_of(model)
    if shape is None:
        return by_itself
    decoded, made = msgspec.json.Decoder(shape.struct).decode, shape.made

    def read(text: bytes | str) -> M:
        try:
            return made(decoded(text))
        except NOT_TAKEN:
            return by_itself(text)

    return read


def worked_out(model: Callable[P, M]) -> Callable[P, M]:
    """Makes a part of what the core itself worked out, by names: values that are of their types already, as
    the type checker sees. To check them once more takes most of what such a part takes.

    Raises (when called): IntegrityLost: a field is missing.
    """
    part = cast(type[M], model)
    empty = {name: field.get_default() for name, field in part.model_fields.items()}
    needed = {name for name, field in part.model_fields.items() if field.is_required()}
    new, names = part.__new__, set(part.model_fields)

    def made(*_: P.args, **told: P.kwargs) -> M:
        if not told.keys() >= needed:
            missing = ", ".join(sorted(needed - told.keys()))
            raise IntegrityLost(
                f"a {part.__name__} was made without {missing}", fix="say it where it is made"
            )
        values = {**empty, **told}
        fact = new(part)
        _PUT_VALUES(fact, values)
        _PUT_NAMES(fact, names)
        _PUT_EXTRA(fact, None)
        _PUT_PRIVATE(fact, None)
        return fact

    return made


@dataclass(frozen=True, slots=True)
class _Field:
    """What the codec decodes, and what makes the fact's value of it; None: it is the value."""

    kind: Any
    convert: Convert | None = None


def _drawn(model: type[M]) -> Shape[M]:
    rules = (getattr(model.__pydantic_decorators__, rule) for rule in RULES)
    if any(rules) or model.__pydantic_post_init__ or model.model_config.get("extra") != "forbid":
        raise NoShape
    fields = {name: _of_field(field) for name, field in model.model_fields.items()}
    struct = msgspec.defstruct(
        f"{model.__name__}Shape",
        [(name, field.kind) for name, field in fields.items()],
        forbid_unknown_fields=True,
        gc=False,
    )
    converts = [(name, field.convert) for name, field in fields.items() if field.convert is not None]
    return Shape(struct, _making(model, converts))


def _making(model: type[M], converts: Iterable[tuple[str, Convert]]) -> Callable[[Any], M]:
    """Makes a fact as its own validator does when it is done: of values and the names that were there."""
    new, converts, names = model.__new__, tuple(converts), set(model.model_fields)

    def made(told: Any) -> M:
        values = asdict(told)
        for name, convert in converts:
            values[name] = convert(values[name])
        fact = new(model)
        _PUT_VALUES(fact, values)
        _PUT_NAMES(fact, names)
        _PUT_EXTRA(fact, None)
        _PUT_PRIVATE(fact, None)
        return fact

    return made


def _of_field(field: FieldInfo) -> _Field:
    if field.alias is not None or field.validation_alias is not None or field.discriminator is not None:
        raise NoShape
    return _of(field.annotation, tuple(field.metadata))


def _of(kind: Any, metadata: tuple[Any, ...] = ()) -> _Field:
    """Of a type and what is said beside it.

    Raises:
        NoShape: there is none.
    """
    if get_origin(kind) is Annotated:
        kind, *inner = get_args(kind)
        return _of(kind, (*inner, *metadata))
    if kind is Decimal and set(AMOUNT) <= set(metadata):
        bounds = _bounds(one for one in metadata if one not in AMOUNT)
        return _Field(Annotated[str, msgspec.Meta(max_length=MOST_DIGITS)], _amounts(bounds))
    if kind is int and metadata:
        return _Field(Annotated[int, msgspec.Meta(**dict(_bounds(metadata)))])
    if metadata:
        raise NoShape
    return _plain(kind)


def _plain(kind: Any) -> _Field:
    if isinstance(kind, NewType):
        return _plain(kind.__supertype__)
    if kind is AwareDatetime:
        return _Field(msgspec.Raw, _moment)
    if get_origin(kind) in (Union, UnionType):
        return _or_none(get_args(kind))
    if get_origin(kind) is tuple and get_args(kind)[1:] == (...,):
        return _several(_of(get_args(kind)[0]))
    if kind in (str, int, bool) or get_origin(kind) is Literal or _is_a(kind, StrEnum):
        return _Field(kind)
    if _is_a(kind, BaseModel):
        shape = _drawn(kind)
        return _Field(shape.struct, shape.made)
    raise NoShape


def _is_a(kind: Any, of: type[Any]) -> bool:
    return isinstance(kind, type) and issubclass(kind, of)


def _or_none(options: tuple[Any, ...]) -> _Field:
    [*others] = [option for option in options if option is not NoneType]
    if len(others) != 1 or len(options) != 2:
        raise NoShape
    field = _of(others[0])
    convert = field.convert
    if convert is None:
        return _Field(field.kind | None)
    if field.kind is msgspec.Raw:
        return _Field(msgspec.Raw, lambda text: None if bytes(text) == b"null" else convert(text))
    return _Field(field.kind | None, lambda value: None if value is None else convert(value))


def _several(field: _Field) -> _Field:
    convert = field.convert
    if convert is None:
        return _Field(GenericAlias(tuple, (field.kind, ...)))
    return _Field(GenericAlias(tuple, (field.kind, ...)), lambda values: tuple(map(convert, values)))


def _bounds(metadata: Iterable[Any]) -> Bounds:
    said = []
    for one in metadata:
        name = BOUNDS.get(type(one))
        if name is None:
            raise NoShape
        said.append((name, getattr(one, name)))
    return tuple(said)


@cache
def _amounts(bounds: Bounds) -> Convert:
    @lru_cache(maxsize=KEPT)
    def amount(written: str) -> Decimal:
        number = exact(written, field="amount")
        if not all(getattr(operator, name)(number, bound) for name, bound in bounds):
            raise BadInput(f"{written!r} is out of bounds", fix="let the fact say it", field="amount")
        return number

    return amount


def _moment(written: msgspec.Raw) -> datetime:
    text = bytes(written)
    if len(text) > LONGEST_MOMENT:
        raise BadInput("the moment is too long", fix="let the fact read it")
    moment: datetime = _AWARE(text)
    return moment


# What an instance of any model is made of; `model_construct` fills in the same four.
_PUT_VALUES: Final = vars(BaseModel)["__dict__"].__set__
_PUT_NAMES: Final = vars(BaseModel)["__pydantic_fields_set__"].__set__
_PUT_EXTRA: Final = vars(BaseModel)["__pydantic_extra__"].__set__
_PUT_PRIVATE: Final = vars(BaseModel)["__pydantic_private__"].__set__
_AWARE: Final = msgspec.json.Decoder(Annotated[datetime, msgspec.Meta(tz=True)]).decode
