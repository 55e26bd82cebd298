"""The worker's turn at proposals: assess what is drafted, let out what people decided on, give back the rest.

Rule 1: what the append refuses is not offered again until the proposal changes: a missing consent waits, and
    the refusal is in the record once. What is halted is offered again when it is resumed, and what was asked
    under limits that changed meanwhile is asked again under the new ones.
Rule 2: a release is assessed on quotes asked for now, never on kept ones.
Rule 3: a proposal that cannot be priced now is asked again; nothing of it leaves meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.errors import Conflict, IntegrityLost, Refused, WorldFailed
from core.fact import Entry
from core.gate.assessment import assess_draft
from core.gate.offering import Waiting
from core.gate.release import SQL, offer, waiting
from core.ids import OrderId, ProposalId, TraceId
from core.ledger.envelope import stored
from core.ledger.journal import Journal
from core.orders.events import CancelRequested, ProposalDrafted, Request
from core.orders.remainders import remainder
from core.people.keystore import KeyStore
from core.projections.proposals import read_proposal
from core.risk.findings import policy_decisions
from core.standing.drawing import Drawing

log = structlog.get_logger(__name__)

AT_ONCE: Final = 20  # drafts in one turn
ASKED_AGAIN: Final = frozenset({"halted", "limits_changed", "part_not_due", "schedule_over"})


class Deciding:
    """One for each worker."""

    def __init__(
        self, pool: AsyncPool, journal: Journal, keys: KeyStore, fresh_quotes: Callable[[], Awaitable[None]]
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._fresh_quotes = fresh_quotes
        self._drawing = Drawing(pool, journal)
        self._refused: set[ProposalId] = set()  # drafts whose assessment the append did not take
        self._later: set[ProposalId] = set()  # drafts that cannot be priced now
        self._refused_at: dict[ProposalId, int] = {}

    async def assess(self) -> bool:
        """Assess what is drafted, oldest first. Whether anything was recorded."""
        asked = {"limit": AT_ONCE, "without": sorted(self._refused | self._later)}
        async with lend(self._pool) as connection:
            drafts = await rows(connection, SQL["drafts"], asked)
        if not drafts:
            self._later.clear()  # everybody else has had a turn
        recorded = False
        for row in drafts:
            entry = stored(row)
            if not isinstance(entry.fact, ProposalDrafted):
                raise IntegrityLost(f"entry {entry.seq} is no draft", fix="run `gatehouse audit verify`")
            recorded = await self._assess(entry.fact) or recorded
        return recorded

    async def draw(self) -> bool:
        """Draw on standing approvals for what advisors submitted. Whether anything was recorded."""
        return await self._drawing.turn()

    async def release(self) -> bool:
        """Offer every approved leg that may go now. Whether anything was recorded."""
        async with lend(self._pool) as connection:
            wanted = [one for one in await waiting(connection) if self._may_go(one)]
        moved = any([await self._offer(one) for one in wanted if one.over])  # no price is asked for them
        timely = [one for one in wanted if not one.over]
        if not timely:
            return moved
        try:
            await self._fresh_quotes()
        except WorldFailed as later:
            log.warning("release_waits", says=later.says)
            return moved
        return any([await self._offer(one) for one in timely]) or moved

    async def give_back(self) -> bool:
        """Draft what sales did not fund, for the advisor to decide. Whether anything was recorded."""
        async with lend(self._pool) as connection:
            left = await rows(connection, SQL["remainders"])
        recorded = False
        for row in left:
            request = Request.model_validate(row["request"])
            try:
                await self._journal.record(
                    remainder(
                        row["proposal"],
                        row["account"],
                        request,
                        agent=row["agent"],
                        thread=row["thread"],
                        trace=TraceId(row["trace"]),
                        shares=row["shares"],
                    )
                )
                recorded = True
            except (Refused, Conflict) as no:
                log.info("remainder_not_drafted", proposal=row["proposal"], says=no.says)
        return recorded

    async def end_schedules(self) -> bool:
        """Ask to cancel what is out of orders whose time is over. Whether anything was recorded."""
        async with lend(self._pool) as connection:
            overdue = await rows(connection, SQL["overdue"])
        recorded = False
        for row in overdue:
            fact = CancelRequested(order=OrderId(row["order_id"]))
            key = f"cancel/{fact.order}"
            try:
                await self._journal.record(Entry(f"order/{fact.order}", fact, TraceId(row["trace"]), key=key))
                recorded = True
            except (Refused, Conflict) as no:  # it ended in this moment
                log.info("part_not_cancelled", order=fact.order, says=no.says)
        return recorded

    def _may_go(self, one: Waiting) -> bool:
        """Not refused as it stands, and not every leg waits for the sells that fund it."""
        funded = any(most is not None for most in one.most.values())
        return funded and self._refused_at.get(one.proposal) != one.last_seq

    async def _assess(self, drafted: ProposalDrafted) -> bool:
        proposal = drafted.proposal
        try:
            async with lend(self._pool) as connection, connection.transaction():
                view = await read_proposal(connection, proposal)
                fact = await assess_draft(connection, self._keys, view, drafted)
            decisions = policy_decisions(fact.findings)
            await self._journal.record(
                Entry(
                    f"proposal/{proposal}",
                    fact,
                    view.trace,
                    key=f"assess/{proposal}",
                    policy_decisions=decisions,
                )
            )
        except WorldFailed as later:
            log.warning("assessment_waits", proposal=proposal, says=later.says)
            self._later.add(proposal)
            return False
        except (Refused, Conflict) as no:
            log.warning("assessment_not_recorded", proposal=proposal, says=no.says)
            self._refused.add(proposal)
            return False
        return True

    async def _offer(self, one: Waiting) -> bool:
        try:
            async with lend(self._pool) as connection, connection.transaction():
                entries = await offer(connection, one)
        except WorldFailed as later:
            log.warning("release_waits", proposal=one.proposal, says=later.says)
            return False
        moved = False
        for entry in entries:
            try:
                await self._journal.record(entry)
                moved = True
            except (Refused, Conflict) as no:
                log.info("release_refused", proposal=one.proposal, says=no.says)
                if not _is_asked_again(no):
                    self._refused_at[one.proposal] = one.last_seq
                break
        return moved


def _is_asked_again(no: Refused | Conflict) -> bool:
    """Whether it may go as it stands: when it is resumed, at its time, or under newer limits."""
    return isinstance(no, Refused) and no.code in ASKED_AGAIN
