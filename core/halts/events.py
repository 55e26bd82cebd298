"""The events of halts and alerts. Streams: `halt/<scope>`, `alert/<alert>`.

Rule 1: a halt is a person's, or came another way and says which: the machine's own command, an alert that
    nobody acknowledged, or a halt file that could not be read.
Rule 2: a reason is sealed under the person who wrote it; under `machine` where the machine's command did.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from core.fact import Fact, Sealed
from core.ids import OrderId, PersonId, VenueName

Cause = Literal["person", "machine", "alert", "file"]
AlertKind = Literal["order_in_trouble", "venue_contradicts"]


class TradingHalted(Fact):
    """Nothing new leaves in that scope until another person resumes it.

    `halted_at` is when it happened, where that was before this entry. `named` is who was signed in at the
    machine: a claim, which bars that person from resuming and gives nobody anything.
    """

    halt: str
    scope: str
    cause: Cause
    reason: Sealed | None = None
    halted_at: AwareDatetime | None = None
    named: PersonId | None = None
    alert: str | None = None


class TradingResumed(Fact):
    """Another person lets orders leave again. `halts` are those that she saw, and all that there were."""

    scope: str
    halts: tuple[str, ...]


class AlertRaised(Fact):
    """The worker needs a person. A critical one that nobody acknowledges halts the scope that it names."""

    alert: str
    severity: Literal["warning", "critical"]
    scope: str
    kind: AlertKind
    order: OrderId | None = None
    venue: VenueName | None = None


class AlertAcknowledged(Fact):
    """A person has seen it and answers for it."""

    alert: str
