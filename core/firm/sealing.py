"""How a founding fact gets its sealed fields: the caller seals, this room never sees a key."""

from __future__ import annotations

from typing import Protocol

from core.fact import Sealed
from core.ids import SubjectId


class Seal(Protocol):
    """Seal `clear` under the key of `subject`. `field` names the field that it will stand in."""

    def __call__(self, subject: SubjectId, field: str, clear: str, /) -> Sealed: ...
