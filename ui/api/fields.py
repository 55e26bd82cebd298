"""The fields that requests and answers are made of.

Rule 1: an amount in a request is a string; a JSON number is refused, because it may have lost digits.
Rule 2: an unknown field is refused. Text has a length and holds no control character but tab and line end.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema

from core.fact import Amount

_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,8})?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _amount(value: Any) -> Decimal:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError("an amount is written as a string like '12.50'")
    return Decimal(value)


def clean(value: Any) -> Any:
    """The text as it came, or an error that names its control character."""
    if isinstance(value, str) and _CONTROL.search(value):
        raise ValueError("the text holds a control character")
    return value


AskedAmount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,15}(\\.[0-9]{1,8})?$"}),
]
ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
PathId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[
    str, BeforeValidator(clean), StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)
]
Line = Annotated[
    str, BeforeValidator(clean), StringConstraints(min_length=1, max_length=200, strip_whitespace=True)
]


class Ask(BaseModel):
    """The body of a request. Closed: an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(BaseModel):
    """The body of an answer. Amounts are strings, times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")


__all__ = ["Amount", "AskedAmount", "Id", "PathId", "Fingerprint", "Text", "Line", "Ask", "Told", "clean"]
