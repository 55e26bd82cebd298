"""Reading the standing approvals that may stand in for a principal on one proposal: the worker's.

Rule 1: one that was drawn and does not hold any more is not here: then people decide, and the append says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.approvals import Approvals, StandingApproval
from core.database.rows import rows
from core.database.statements import statements
from core.ids import ProposalId
from core.standing.events import StandingTerms

SQL: Final = statements(Path(__file__).with_name("approvals.sql"))


async def read_approvals(connection: AsyncConnection[DictRow], proposal: ProposalId, kind: str) -> Approvals:
    """Those in force for that proposal, of that kind, and the one that it was drawn on, if it was."""
    found = await rows(connection, SQL["in_force"], {"proposal": proposal})
    in_force = tuple(_read(row) for row in found)
    drawn = [one for one, row in zip(in_force, found, strict=True) if row["drawn"]]
    return Approvals(kind, in_force, drawn[0] if drawn else None)


def _read(row: dict[str, Any]) -> StandingApproval:
    terms = StandingTerms.model_validate(row["terms"])
    return StandingApproval(
        id=row["standing"],
        kind=terms.kind,
        advisors=frozenset(terms.advisors),
        households=frozenset(terms.households),
        symbols=frozenset(terms.symbols),
        dollars_each=terms.dollars_each,
        dollars_a_day=terms.dollars_a_day,
        dollars_in_all=terms.dollars_in_all,
        proposals_a_day=terms.proposals_a_day,
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        used_today=row["used_today"],
        used_in_all=row["used_in_all"],
        drawn_today=row["drawn_today"],
    )
