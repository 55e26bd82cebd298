"""A direct order is worked out as any other: the same content, tier, verdict and figures."""

from __future__ import annotations

from typing import Final

import pytest

from core.ids import ProposalId
from core.orders.events import OrderType, Request, Side, apart
from core.plan.assumptions import assumptions_on
from core.plan.content import work_out
from core.plan.direct import together, work_out_direct
from core.risk.limits import DEFAULT_LIMITS
from core.risk.standing import Ground
from evals.bench.gate_world import GateWorld

WORLD: Final = GateWorld(accounts=120, symbols=80)
PROPOSAL: Final = ProposalId("prp-" + "0" * 32)
ORDERS: Final = tuple(WORLD.legs(400))


@pytest.mark.parametrize("part", range(4))
def test_it_comes_to_the_same_by_the_short_way(part: int) -> None:
    compared = 0
    for leg, at in ORDERS[part::4]:
        picture = WORLD.pictures[at]
        request = Request(
            kind="order",
            household=picture.household.id,
            accounts=(leg.account,),
            symbol=leg.symbol,
            side=leg.side,
            quantity=leg.quantity,
            order_type=leg.order_type,
            limit_price=leg.limit_price if leg.order_type is OrderType.LIMIT else None,
        )
        assumptions = assumptions_on(picture.market.session, DEFAULT_LIMITS)
        ours = work_out_direct(PROPOSAL, request, Ground(picture), assumptions)
        theirs = work_out(PROPOSAL, request, picture, assumptions)
        assert (ours.content, ours.verdict, ours.findings) == (
            theirs.content,
            theirs.verdict,
            theirs.findings,
        )
        assert ours.plan.preview.accounts == theirs.plan.preview.accounts
        rows = {row.symbol: row for row in theirs.plan.preview.rows}
        assert all(row == rows[row.symbol] for row in ours.plan.preview.rows)
        assert {row.symbol for row in ours.plan.preview.rows} == {leg.symbol, "cash"}
        assert set(apart(together(ours.findings))) == set(ours.findings)
        compared += 1
    assert compared == len(ORDERS[part::4])
    assert {leg.side for leg, _ in ORDERS} == {Side.BUY, Side.SELL}
