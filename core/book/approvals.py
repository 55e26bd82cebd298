"""Standing approvals as the rules see them: what each covers, and how much of it is used.

Rule 1: these are values: `core.projections.standing` reads them. What counts is counted in the append.
Rule 2: what the proposal that is being asked about has drawn itself is not in `used_*`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.ids import HouseholdId, PersonId, Symbol


@dataclass(frozen=True, slots=True)
class StandingApproval:
    """One that two people adopted. `symbols` empty: purchases are in the account's model portfolio.

    Dollars are of all orders of a proposal together, each at its worst price or at its reference price.
    """

    id: str
    kind: str
    advisors: frozenset[PersonId]
    households: frozenset[HouseholdId]
    symbols: frozenset[Symbol]
    dollars_each: Decimal
    dollars_a_day: Decimal
    dollars_in_all: Decimal
    proposals_a_day: int
    valid_from: date
    valid_until: date  # both included
    used_today: Decimal  # dollars
    used_in_all: Decimal  # dollars
    drawn_today: int  # proposals


@dataclass(frozen=True, slots=True)
class Approvals:
    """Those in force on the business day that name the household or its advisor, the first to end first.

    `drawn` is the one that stands in for a principal on the proposal that is asked about; None: people
    decide. `kind` is that proposal's.
    """

    kind: str
    in_force: tuple[StandingApproval, ...]
    drawn: StandingApproval | None


NO_APPROVALS = Approvals("", (), None)
