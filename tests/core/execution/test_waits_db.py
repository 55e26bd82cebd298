"""A released order that waits says why and since when, to whoever may see it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.direct.standing import order_of
from core.errors import NotFound
from core.execution.execute import Executor
from core.execution.showing import Showing
from core.execution.waits import Waits, Why
from core.ids import OrderId
from tests.core.execution.test_leases_db import firm, hand, let_out, nobody_but, nothing_at_work
from tests.core.gate.deal import MARIA
from tests.fixtures.firm import Firm

__all__ = ["firm", "nothing_at_work"]
OTHERS = "david.nakamura"


@pytest.mark.anyio
async def test_a_wait_is_told_with_its_reason_and_gone_when_it_is_over(firm: Firm) -> None:
    (order,) = let_out(firm)
    async with async_pool(firm.database.intake, name="test", most=2) as intake:

        async def seen() -> Any:
            return (await order_of(intake, firm.ticket(MARIA), order)).waiting

        alone = await seen()
        assert (alone.why, alone.says) == ("no_worker", "no worker has it at the moment")
        assert WallClock().now() - alone.since < timedelta(minutes=5)
        with pytest.raises(NotFound):
            await order_of(intake, firm.ticket(OTHERS), order)
        async with hand(firm) as worker, hand(firm) as other:
            assert await worker.lease.claim(1) == (order,)
            assert await seen() is None
            waits = Waits()
            executor = cast(Executor, SimpleNamespace(waits=waits.now, troubles={}))
            showing = Showing(worker.pool)
            waits.for_(order, Why.NO_VENUE, "ARCADIA is closed")
            await showing.turn(executor)
            first = await seen()
            assert (first.why, first.says) == ("no_venue", "ARCADIA is closed")
            waits.for_(order, Why.NO_VENUE, "ARCADIA and BOREAL are closed")
            await showing.turn(executor)
            again = await seen()
            assert (again.says, again.since) == ("ARCADIA and BOREAL are closed", first.since)
            waits.for_(order, Why.HALTED, "trading is stopped")
            await showing.turn(executor)
            assert (await seen()).since > first.since
            # What a worker said that is gone is not told any more.
            await worker.lease.end()
            await nobody_but(firm, other)
            assert (await seen()).why == "no_worker"
            assert await other.lease.claim(1) == (order,)
            assert await seen() is None
            waits.over(order)
            executor.troubles[OrderId(order)] = "ARCADIA said <b>what it liked</b>"
            shown = Showing(other.pool)
            await shown.turn(executor)
            aside = await seen()
            assert (aside.why, "ARCADIA" in aside.says) == ("set_aside", False)
            executor.troubles.clear()
            await shown.turn(executor)
            assert await seen() is None
