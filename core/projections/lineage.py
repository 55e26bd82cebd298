"""What a proposal replaces and what replaces it, and why whoever asks cannot approve it."""

from __future__ import annotations

from dataclasses import dataclass

from core.database.pools import AsyncPool
from core.database.rows import one
from core.ids import ProposalId
from core.people.asker import asking
from core.projections.proposals import SQL


@dataclass(frozen=True, slots=True)
class Lineage:
    """`bar` is a code of the append's, or None: nothing speaks against the asker, in her role, approving
    it."""

    supersedes: ProposalId | None
    successor: ProposalId | None
    bar: str | None
    role: str


class Lineages:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def of(self, ticket: str, proposal: ProposalId) -> Lineage:
        """That of a proposal in the asker's book; of any other nothing is told."""
        async with asking(self._pool, ticket) as connection:
            row = await one(connection, SQL["lineage"], {"proposal": proposal})
        return Lineage(row["supersedes"], row["successor"], row["bar"], row["role"])
