"""What a person is told of an order that cannot go on, and what a halt of it would name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import IllegalTransition
from core.execution.troubles import Troubles
from core.execution.working import working
from core.ids import AccountId, OrderId, ProposalId
from core.orders.released import Member
from tests.fixtures.venues import released


async def fails() -> None:
    raise IllegalTransition("it is not what people decided on", fix="look")


@pytest.mark.anyio
async def test_an_alarm_names_what_stops_the_order_and_of_a_block_whose_it_is() -> None:
    """A block's own account is nobody's: stopping that would stop nothing."""
    troubles, order = Troubles(), released()
    scopes = order.scopes | {"advisor:adv-1"}
    member = Member(OrderId("gh-1"), ProposalId("prp-1"), scopes)
    block = replace(order, account=AccountId("blk-1"), scopes=scopes, members=(member, member))
    for one in (order, block):
        await troubles.guarded(working(one), fails())
    assert [alarm.scope for alarm in troubles.alarms] == ["account:acc-1", "advisor:adv-1"]
    assert all(alarm.scope in scopes for alarm in troubles.alarms)
