"""A version of the limits as the rules read it. Pure.

Rule 1: one version is one object for this process: what is prepared for it is prepared once.
Rule 2: between a set of the journal and the numbers of a rule nothing is added or lost.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from core.ids import Digest
from core.limits.events import LimitSet
from core.risk.limits import DEFAULT_LIMITS, Limits

UNITS: Final = {
    "order_window": ("order_window_seconds", timedelta(seconds=1)),
    "duplicate_window": ("duplicate_window_seconds", timedelta(seconds=1)),
    "outflow_horizon": ("outflow_horizon_days", timedelta(days=1)),
}
"""Durations: their name in a set, and what is counted."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The version that holds now. `seq` is the entry that confirmed it; 0 of version 0."""

    version: int
    digest: Digest
    seq: int
    effective_on: date | None  # None: always did
    limits: Limits


@lru_cache(maxsize=64)
def limits_of(text: str) -> Limits:
    """The numbers of a set's JSON text."""
    told = LimitSet.model_validate_json(text)
    numbers: dict[str, Any] = {}
    for field in fields(Limits):
        named, unit = UNITS.get(field.name, (field.name, None))
        value = getattr(told, named)
        numbers[field.name] = value if unit is None else value * unit
    return Limits(**numbers)


def set_of(limits: Limits) -> LimitSet:
    """The set that says these numbers."""
    told: dict[str, Any] = {}
    for field in fields(Limits):
        named, unit = UNITS.get(field.name, (field.name, None))
        value = getattr(limits, field.name)
        told[named] = value if unit is None else value // unit
    return LimitSet(**told)


BUILT_IN: Final = set_of(DEFAULT_LIMITS)
