"""The worker's turn at standing approvals: draw what is covered, and give back what holds no more.

Rule 1: a draw is an offer: the append asks every bound again, with the counts as they are at that moment.
Rule 2: every step is derived from the record and has its key: after a kill the next turn goes on there.
Rule 3: what the append refuses is not offered again until the proposal changes: the refusal is in the record
    once. (It refuses what was covered a moment before: another draw took what was left.)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import structlog

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.database.statements import statements
from core.errors import Conflict, Refused
from core.fact import Entry
from core.ids import Digest, OrderId, ProposalId, TraceId
from core.ledger.journal import Journal
from core.orders.events import Finding, OrderDenied, StandingApprovalDrawn, StandingDrawVoided

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
REVOKED: Final = "the standing approval that was drawn on holds no more: a principal decides on what is left"

log = structlog.get_logger(__name__)


class Drawing:
    """One for each worker."""

    def __init__(self, pool: AsyncPool, journal: Journal) -> None:
        self._pool = pool
        self._journal = journal
        self._refused_at: dict[ProposalId, tuple[int, str]] = {}  # its newest entry, and the approval offered
        self._kept: set[str | None] = set()  # keys of what the append did not let us give back

    async def turn(self) -> bool:
        """Draw and give back what can be now. Whether anything was recorded."""
        async with lend(self._pool) as connection:
            undone = await rows(connection, SQL["undone"])
            covered = await rows(connection, SQL["candidates"])
        moved = False
        for key, entry in {one.key: one for one in map(_given_back, undone)}.items():
            if key not in self._kept:
                taken = await self._record(entry)
                self._kept |= set() if taken else {key}
                moved = taken or moved
        for row in covered:
            proposal, offered = ProposalId(row["proposal"]), (row["last_seq"], row["standing"])
            if self._refused_at.get(proposal) == offered:
                continue
            fact = StandingApprovalDrawn(
                standing=row["standing"],
                terms_digest=Digest(row["terms_digest"]),
                proposal=proposal,
                digest=Digest(row["digest"]),
                session=row["session"].isoformat(),
                dollars=row["dollars"],
            )
            key = f"draw/{proposal}"
            if await self._record(Entry(f"proposal/{proposal}", fact, TraceId(row["trace"]), key=key)):
                moved = True
            else:
                self._refused_at[proposal] = offered
        return moved

    async def _record(self, entry: Entry) -> bool:
        try:
            await self._journal.record(entry)
        except (Refused, Conflict) as no:
            log.info("standing_step_not_recorded", stream=entry.stream, says=no.says)
            return False
        return True


def _given_back(row: Mapping[str, Any]) -> Entry:
    """A proposal of which nothing is out comes back whole; of another, the orders that are not out end."""
    proposal, trace = ProposalId(row["proposal"]), TraceId(row["trace"])
    if row["status"] == "APPROVED":
        voided = StandingDrawVoided(standing=row["standing"], proposal=proposal)
        return Entry(f"proposal/{proposal}", voided, trace, key=f"draw-voided/{proposal}")
    order, leg = OrderId(row["order_id"]), row["leg"]
    against = Finding(policy="standing_bounds", result="breach", says=REVOKED, leg=leg)
    denied = OrderDenied(order=order, proposal=proposal, leg=leg, findings=(against,), differences=(REVOKED,))
    return Entry(f"order/{order}", denied, trace, key=f"denied/{order}")
