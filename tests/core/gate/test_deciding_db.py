"""The worker's turn at drafts: what cannot be decided keeps nobody else waiting."""

from __future__ import annotations

import pytest

from core.database.pools import async_pool
from core.gate.deciding import Deciding
from tests.core.gate.deal import GATE, Deal
from tests.fixtures.firm import Firm


async def no_quotes_needed() -> None:
    """Drafts are assessed on the book's own prices."""


def status(firm: Firm, deal: Deal) -> str:
    return str(firm.value(GATE, "select status from gatehouse.proposal where proposal = %s", deal.proposal))


@pytest.mark.anyio
async def test_an_assessment_that_the_append_refuses_is_offered_once_and_stops_nobody(firm: Firm) -> None:
    stuck, other = Deal(firm, household="hh-101"), Deal(firm, household="hh-103")
    assert stuck.draft().ok
    assert other.draft().ok
    yesterday = "update gatehouse.proposal set session = session - 1 where proposal = %s returning proposal"
    firm.ask("superuser", yesterday, stuck.proposal)
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        deciding = Deciding(pool, journal, firm.keys, no_quotes_needed)
        assert await deciding.assess()
        assert not await deciding.assess()
        assert not await deciding.assess()
    assert status(firm, stuck) == "DRAFTED"
    assert status(firm, other) == "ASSESSED"
    refused = "select count(*) from gatehouse.journal where event_type = 'AttemptRefused'"
    assert firm.value(GATE, refused) == 1
