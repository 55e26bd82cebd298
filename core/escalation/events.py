"""The events of principals' deputies. Stream: `person/<principal>`. A rung stands in its proposal's stream.

Rule 1: a deputy is a registered principal in his own right: this says who is told, and gives nobody a right.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.fact import Fact
from core.ids import PersonId

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class DeputyNamed(Fact):
    """While a principal is away, what waits for her is passed to this one first. A newer word replaces it."""

    principal: PersonId
    deputy: PersonId
    valid_from: Day  # business days, both included
    valid_until: Day


class DeputyEnded(Fact):
    """She is back."""

    principal: PersonId
