"""An order as a release would have made it, without one: for worlds in which it can reach nobody's venue.

Rule 1: only the journal's own reader makes those that go out; what is made here is for benches and the like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from core.orders.released import ReleasedOrder


def as_if_released(said: Mapping[str, Any]) -> ReleasedOrder:
    """The order of these fields; what is not said is as it mostly is.

    Raises:
        TypeError: a field is missing that has no usual value, or there is no such field.
    """
    usual = {field.name: field.default for field in fields(ReleasedOrder)}
    whole = {**usual, **said}
    wrong = [name for name, value in whole.items() if value is MISSING or name not in usual]
    if wrong:
        raise TypeError(f"an order cannot be made with or without {', '.join(wrong)}")
    order: ReleasedOrder = object.__new__(ReleasedOrder)
    for name, value in whole.items():
        object.__setattr__(order, name, value)
    return order
