"""Policies are asked again when a person decides: a market that left the band is told before the decision."""

from __future__ import annotations

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.errors import RuleBroken
from core.gate.approval import Approval
from core.gate.deciding import Deciding
from core.ids import Digest, ProposalId
from tests.core.gate.deal import APPROVER, GATE, MARIA, ROBERT, Deal
from tests.fixtures.firm import Firm

MOVED = """
insert into gatehouse.quote
select distinct l.symbol, 'ARCADIA', l.band_high * 1.1, l.band_high * 1.1, p.session, now(), true
from gatehouse.leg l join gatehouse.proposal p using (proposal) where p.proposal = %s returning symbol
"""


async def no_quotes_needed() -> None:
    """Drafts are assessed on the book's own prices."""


def row(firm: Firm, deal: Deal) -> tuple[str, str]:
    found = firm.ask(GATE, "select status, digest from gatehouse.proposal where proposal = %s", deal.proposal)
    return str(found[0]["status"]), str(found[0]["digest"])


@pytest.mark.anyio
@pytest.mark.parametrize("decision", ["submit", "approve"])
async def test_what_has_left_its_band_is_not_decided_on(firm: Firm, decision: str) -> None:
    deal = Deal(firm, household="hh-101")
    assert deal.draft().ok
    async with (
        async_pool(firm.database.gate, name="test", most=2) as gate,
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(GATE) as worker,
        firm.journal(APPROVER) as journal,
    ):
        assert await Deciding(gate, worker, firm.keys, no_quotes_needed).assess()
        door = Approval(pool, journal, firm.keys, WallClock())
        proposal, digest = ProposalId(deal.proposal), Digest(row(firm, deal)[1])
        if decision == "approve":
            await door.submit(firm.ticket(MARIA), proposal, digest, {})
        before = row(firm, deal)
        assert firm.ask(GATE, MOVED, deal.proposal)
        act = door.submit if decision == "submit" else door.approve
        with pytest.raises(RuleBroken, match="outside the band"):
            await act(firm.ticket(MARIA if decision == "submit" else ROBERT), proposal, digest, {})
    assert row(firm, deal) == before
