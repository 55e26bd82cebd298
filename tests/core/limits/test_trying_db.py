"""A dry run over a real record: what other limits would have changed, by policy, and nothing recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.errors import NotPermitted
from core.gate.approval import Approval
from core.gate.deciding import Deciding
from core.ids import Digest, ProposalId
from core.limits.trying import Tried
from tests.core.gate.deal import APPROVER, GATE, MARIA, NGOZI, SUSAN, Deal
from tests.core.limits.setting import changed, set_limits
from tests.fixtures.firm import Firm


async def no_quotes_needed() -> None:
    """The book's own prices will do."""


@pytest.fixture
async def door(firm: Firm) -> AsyncIterator[Approval]:
    async with (
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(APPROVER) as journal,
    ):
        yield Approval(pool, journal, firm.keys, WallClock())


async def worked(firm: Firm, *, release: Approval | None = None) -> Deal:
    """A rebalance that the worker assessed; with a door, brought to its releases."""
    deal = Deal(firm, household="hh-101")
    assert deal.draft().ok
    async with async_pool(firm.database.gate, name="test", most=2) as gate, firm.journal(GATE) as worker:
        deciding = Deciding(gate, worker, firm.keys, no_quotes_needed)
        assert await deciding.assess()
        if release is not None:
            row = firm.ask(GATE, "select digest from gatehouse.proposal where proposal = %s", deal.proposal)[
                0
            ]
            proposal, digest = ProposalId(deal.proposal), Digest(row["digest"])
            await release.submit(firm.ticket(MARIA), proposal, digest, {})
            await release.approve(firm.ticket(SUSAN), proposal, digest, {})
            assert await deciding.release()
    return deal


async def tried(door: Approval, firm: Firm, **numbers: Any) -> Tried:
    return await door.limits.try_out(firm.ticket(NGOZI), changed(**numbers))


@pytest.mark.anyio
async def test_under_the_same_limits_nothing_goes_otherwise(firm: Firm, door: Approval) -> None:
    deal = await worked(firm, release=door)
    assert deal.status == "RELEASED"
    before = firm.value(GATE, "select seq from gatehouse.head")
    found = await tried(door, firm)
    released = firm.value(GATE, "select count(*) from gatehouse.leg where released_seq is not null")
    assert found.asked.count == 1 + released
    assert (found.differs, found.not_asked) == ([], 0)
    assert firm.value(GATE, "select seq from gatehouse.head") == before


@pytest.mark.anyio
async def test_what_would_have_been_denied_is_told_by_policy_with_its_dollars(
    firm: Firm, door: Approval
) -> None:
    deal = await worked(firm, release=door)
    found = await tried(door, firm, order_value="10")
    assert {(one.what, one.change, one.policies) for one in found.differs} == {
        ("proposal", "denied", ("order_value",)),
        ("release", "denied", ("order_value",)),
    }
    traded = "select sum(quantity * reference_price) from gatehouse.leg where proposal = %s"
    assert found.differs[0].dollars == firm.value(GATE, traded, deal.proposal)
    assert found.by_policy["denied", "order_value"].count == len(found.differs)


@pytest.mark.anyio
async def test_a_draft_that_was_denied_would_be_let_through_by_wider_limits(
    firm: Firm, door: Approval
) -> None:
    set_limits(firm, order_value="10")
    deal = await worked(firm)
    assert deal.status == "DENIED"
    found = await tried(door, firm)
    assert [(one.what, one.change, one.policies) for one in found.differs] == [
        ("draft", "let_through", ("order_value",))
    ]
    assert found.differs[0].dollars > Decimal(0)
    assert (await tried(door, firm, order_value="11")).differs == []


@pytest.mark.anyio
async def test_who_is_not_shown_the_whole_record_gets_no_half_of_an_answer(
    firm: Firm, door: Approval
) -> None:
    with pytest.raises(NotPermitted, match="whole record"):
        await door.limits.try_out(firm.ticket(MARIA), changed())
