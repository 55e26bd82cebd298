"""Which households `up` and `demo` tell of.

Rule 1: ids alone; each has the shape that its field says, whatever the seed. A test holds that.
Rule 2: all are Maria Alvarez's, are kept where all three venues may be used, and have nothing but drift:
small enough for one principal, in model, no finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.firm.people import CLEAN_PRINCIPAL, MARIA
from core.ids import HouseholdId, PersonId


@dataclass(frozen=True, slots=True)
class Story:
    advisor: PersonId
    principal: PersonId  # holds the registration, is related to nobody here
    rebalance_discretionary: HouseholdId
    rebalance_non_discretionary: HouseholdId  # needs the client's consent
    to_decline: HouseholdId
    to_leave_band: HouseholdId
    waiting_for_advisor: HouseholdId
    waiting_for_principal: HouseholdId


STORY: Final = Story(
    advisor=MARIA,
    principal=CLEAN_PRINCIPAL,
    rebalance_discretionary=HouseholdId("hh-101"),  # Okafor
    rebalance_non_discretionary=HouseholdId("hh-102"),  # Lindgren
    to_decline=HouseholdId("hh-103"),  # Delgado
    to_leave_band=HouseholdId("hh-104"),  # Whitfield
    waiting_for_advisor=HouseholdId("hh-105"),  # Kowalski
    waiting_for_principal=HouseholdId("hh-106"),  # Banerjee
)
