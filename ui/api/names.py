"""Names of people and households for the eyes of somebody who may see them.

Rule 1: a name leaves its seal for one answer and is kept nowhere.
Rule 2: whether the asker may see it is the intake's to say; a name that she may not see is its pseudonym.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.book.views import HouseholdLine
from core.ids import HouseholdId, SubjectId
from ui.api.doors import Doors


async def household_names(
    at: Doors, ticket: str, lines: Sequence[HouseholdLine]
) -> Mapping[HouseholdId, str]:
    """Clear name by household."""
    clear = await at.intake.clear(ticket, "name", [line.name for line in lines])
    return {line.household: name for line, name in zip(lines, clear, strict=True)}


async def client_names(at: Doors, ticket: str, lines: Sequence[HouseholdLine]) -> Mapping[SubjectId, str]:
    """Clear name by client of these households."""
    clients = [client for line in lines for client in line.clients]
    clear = await at.intake.clear(ticket, "name", [sealed for _, sealed in clients])
    return {subject: name for (subject, _), name in zip(clients, clear, strict=True)}
