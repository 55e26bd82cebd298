"""Standing approvals at the approver's door: offering, confirming, revoking, and reviewing a day's list.

Rule 1: who acts is the session's person; whether she may is the append's answer.
Rule 2: what was seen is passed back as its digest: the terms', or the list's.
Rule 3: a list is reviewed whole, as it was shown: one more draw, and its digest is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import NotFound
from core.fact import Entry, Fact
from core.ids import Digest, HouseholdId, PersonId, ProposalId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import asking
from core.standing.drawing import SQL
from core.standing.events import (
    StandingApprovalConfirmed,
    StandingApprovalProposed,
    StandingApprovalRevoked,
    StandingReviewed,
    StandingTerms,
    review_digest,
)


@dataclass(frozen=True, slots=True)
class Adopted:
    """One standing approval, whatever became of it. Dollars and counts are of what was drawn."""

    standing: str
    terms: StandingTerms
    digest: Digest
    status: str  # PROPOSED, CONFIRMED, EXPIRED or REVOKED
    given_by: PersonId
    confirmed_by: PersonId | None
    revoked_by: PersonId | None
    drawn: int
    dollars: Decimal
    drawn_today: int
    dollars_today: Decimal
    overdue: bool  # a list waits for its review for too long: nothing more is drawn


@dataclass(frozen=True, slots=True)
class Drawn:
    """One trade of a day's list. `came_back`: it was given back to a principal before anything was out."""

    proposal: ProposalId
    digest: Digest
    household: HouseholdId
    advisor: PersonId
    dollars: Decimal
    status: str
    came_back: bool


@dataclass(frozen=True, slots=True)
class DayList:
    """What was drawn on one standing approval on one business day, in that order, and its fingerprint.

    `due`: the day is over, so that it can be reviewed; `overdue`: the next one is over, too.
    """

    standing: str
    session: date
    dollars: Decimal
    reviewed_by: PersonId | None
    due: bool
    overdue: bool
    digest: Digest
    draws: tuple[Drawn, ...]


class StandingApprovals:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def propose(self, ticket: str, terms: StandingTerms, *, key: str) -> tuple[str, Recorded]:
        """A principal offers one; its id, for the other person. The same key is the same offer.

        Raises:
            Refused: not a registered principal, it covers herself or her family, or the terms have no bound.
        """
        async with asking(self._pool, ticket) as connection:
            person = (await one(connection, "select gatehouse.asker_person() as person"))["person"]
        standing = f"std-{sha256(f'{person}/{key}'.encode()).hexdigest()[:32]}"
        fact = StandingApprovalProposed(standing=standing, terms=terms, digest=terms.digest())
        return standing, await self._record(ticket, standing, fact, f"propose/{standing}")

    async def confirm(self, ticket: str, standing: str, digest: Digest) -> Recorded:
        """Another independent person adopts exactly these terms.

        Raises:
            Refused: the same person, not independent, other terms, over, or decided before.
        """
        fact = StandingApprovalConfirmed(standing=standing, digest=digest)
        return await self._record(ticket, standing, fact, f"confirm/{standing}/{digest}")

    async def revoke(self, ticket: str, standing: str) -> Recorded:
        """Any principal or compliance, at once. What is not out comes back for a principal."""
        fact = StandingApprovalRevoked(standing=standing)
        return await self._record(ticket, standing, fact, f"revoke/{standing}")

    async def review(self, ticket: str, standing: str, session: date, digest: Digest) -> Recorded:
        """A principal has looked at each trade of that day.

        Raises:
            Refused: the day is not over, reviewed before, another list, or not independent of a trade.
        """
        day = session.isoformat()
        fact = StandingReviewed(standing=standing, session=day, digest=digest)
        return await self._record(ticket, standing, fact, f"review/{standing}/{day}/{digest}")

    async def all(self, ticket: str) -> tuple[Adopted, ...]:
        """Those that the asker may see, newest first: all, or an advisor those naming her."""
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["approvals"], {"standing": None})
        return tuple(_adopted(row) for row in found)

    async def one(self, ticket: str, standing: str) -> tuple[Adopted, tuple[DayList, ...]]:
        """That one with the list of every day on which something was drawn on it.

        Raises:
            NotFound: there is none that the asker may see.
        """
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["approvals"], {"standing": standing})
            if not found:
                raise NotFound(
                    f"there is no standing approval {standing!r}", fix="see `standing list`", field="standing"
                )
            return _adopted(found[0]), await _lists(connection, standing, reviewed=True)

    async def to_review(self, ticket: str) -> tuple[DayList, ...]:
        """Lists that nobody has reviewed yet, the oldest first. Empty to those who do not supervise."""
        async with asking(self._pool, ticket) as connection:
            return await _lists(connection, None, reviewed=False)

    async def _record(self, ticket: str, standing: str, fact: Fact, key: str) -> Recorded:
        entry = Entry(f"standing/{standing}", fact, fresh_trace_id(self._clock), ticket=ticket, key=key)
        return (await self._journal.record(entry))[0]


async def _lists(connection: Any, standing: str | None, *, reviewed: bool) -> tuple[DayList, ...]:
    found = await rows(connection, SQL["days"], {"standing": standing, "all": reviewed})
    return tuple([await _list(connection, row) for row in found])


async def _list(connection: Any, day: dict[str, Any]) -> DayList:
    named = {"standing": day["standing"], "session": day["session"].isoformat()}
    draws: Sequence[Drawn] = [Drawn(**row) for row in await rows(connection, SQL["draws"], named)]
    return DayList(
        standing=day["standing"],
        session=day["session"],
        dollars=day["dollars"],
        reviewed_by=day["reviewed_by"],
        due=day["due"],
        overdue=day["overdue"],
        digest=review_digest(tuple((draw.proposal, draw.digest) for draw in draws)),
        draws=tuple(draws),
    )


def _adopted(row: dict[str, Any]) -> Adopted:
    expired = row["status"] == "CONFIRMED" and row["expired"]
    return Adopted(
        standing=row["standing"],
        terms=StandingTerms.model_validate(row["terms"]),
        digest=row["digest"],
        status="EXPIRED" if expired else row["status"],
        given_by=row["given_by"],
        confirmed_by=row["confirmed_by"],
        revoked_by=row["revoked_by"],
        drawn=row["drawn"],
        dollars=row["dollars"],
        drawn_today=row["drawn_today"],
        dollars_today=row["dollars_today"],
        overdue=row["overdue"],
    )
