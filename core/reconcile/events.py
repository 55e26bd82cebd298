"""The events of reconciliation. Streams: `reconciliation/<run>`, `difference/<difference>`.

Rule 1: a difference is a fact of its own. It corrects nothing: what mends it is another fact, a venue's or a
    person's, and the comparison that finds both sides equal clears it.
Rule 2: a run says how many items it compared with whom, and who gave no answer: no answer is no agreement.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.fact import Fact
from core.ids import AccountId, OrderId, PersonId
from core.orders.events import Part

Why = Literal["start", "day", "close", "asked"]
Kind = Literal["order", "execution", "position", "cash", "settled_cash"]


class ComparedWith(Part):
    """How many items of one kind were compared with one venue or custodian."""

    party: str  # as venue:ARCADIA, custodian:CUS-1
    kind: Kind
    items: int = Field(ge=0)


class ReconciliationRequested(Fact):
    """A person asks for a comparison now."""

    run: str


class ReconciliationFinished(Fact):
    """What was compared, on which business day. `differences` is how many stand open after it."""

    run: str
    why: Why
    session: str  # ISO date
    compared: tuple[ComparedWith, ...]
    unread: tuple[str, ...]  # parties that gave no answer
    differences: int = Field(ge=0)


class DifferenceFound(Fact):
    """The record and a party say different things of one item, and went on saying so."""

    difference: str
    party: str
    kind: Kind
    key: str
    ours: str
    theirs: str
    account: AccountId | None = None
    order: OrderId | None = None
    owner: str  # the role whose work it is until a person takes it


class DifferenceTaken(Fact):
    """A person makes it hers to clear up."""

    difference: str
    person: PersonId


class DifferenceCleared(Fact):
    """A later comparison found both sides equal, or saying something else."""

    difference: str
    run: str
