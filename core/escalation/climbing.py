"""The worker's turn at what waits: tell the next people. It approves nothing, and ends nothing.

Rule 1: how long a proposal has waited is computed from the record each time: a restart forgets nothing, and a
    rung has a key, so it is climbed once.
Rule 2: one rung a turn: whoever was away for long is not passed over.
Rule 3: it is asked by the record's own clock: a worker whose clock is ahead would only be refused.
Rule 4: a submission that nobody decided on is no submission of ours: it is said so, and the others go on.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.database.statements import statements
from core.errors import Conflict, Refused
from core.escalation.ladder import LADDER_DIGEST, FirmClock, business_time, due
from core.fact import Entry
from core.ids import Digest, ProposalId, TraceId
from core.ledger.journal import Journal
from core.orders.events import ProposalEscalated

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
MINUTE: Final = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class Climbing:
    """One for each worker."""

    def __init__(self, pool: AsyncPool, journal: Journal) -> None:
        self._pool = pool
        self._journal = journal
        self.troubles: dict[ProposalId, str] = {}

    async def turn(self) -> bool:
        """Tell whoever is to be told now. Whether anybody was."""
        async with lend(self._pool) as connection:
            waiting = await rows(connection, SQL["waiting"])
        told = False
        for row in waiting:
            if row["since"] is None:
                self._in_trouble(ProposalId(row["proposal"]))
                continue
            clock = FirmClock(row["opened_at"], row["opened_on_the_wall"])
            waited = business_time(clock.at(row["since"]), clock.at(row["now"]))
            rung = due(waited, row["climbed"])
            if rung is None:
                continue
            fact = ProposalEscalated(
                proposal=ProposalId(row["proposal"]),
                digest=Digest(row["digest"]),
                rung=rung.number,
                addressed=rung.addressed,
                people=tuple(row["people"]),
                waited_minutes=waited // MINUTE,
                ladder=LADDER_DIGEST,
            )
            told = await self._tell(fact, TraceId(row["trace"])) or told
        return told

    def _in_trouble(self, proposal: ProposalId) -> None:
        """Once for each: it is looked at every few seconds."""
        if proposal not in self.troubles:
            says = (
                "it stands as submitted, and the record has no submission of it; run `gatehouse audit verify`"
            )
            self.troubles[proposal] = says
            log.error("submission_without_decision", proposal=proposal, says=says)

    async def _tell(self, fact: ProposalEscalated, trace: TraceId) -> bool:
        key = f"escalate/{fact.proposal}/{fact.rung}"
        try:
            await self._journal.record(Entry(f"proposal/{fact.proposal}", fact, trace, key=key))
        except (Refused, Conflict) as no:  # it was decided on in this moment
            log.info("not_escalated", proposal=fact.proposal, says=no.says)
            return False
        return True
