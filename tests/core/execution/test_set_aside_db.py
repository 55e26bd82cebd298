"""Who sets an order aside and who has it tried again, as the append sees it."""

from __future__ import annotations

import asyncio

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.direct.redrives import Redrives
from core.errors import NotFound, Refused
from core.ids import OrderId
from core.ledger.journal import Journal
from tests.core.execution.test_leases_db import firm, let_out, nothing_at_work
from tests.core.gate.deal import APPROVER, ELENA, GATE, MARIA, ROBERT
from tests.fixtures.firm import Firm

__all__ = ["firm", "nothing_at_work"]


def said(firm: Firm, role: str, kind: str, order: str, *, login: str | None = None) -> str:
    """The append's word on that, as that login says it."""
    payload = (
        {"order": order, "says": "filled beyond its limit"} if kind == "OrderSetAside" else {"order": order}
    )
    (answer,) = firm.append(role, firm.item(kind, f"aside/{order}", payload, login=login))
    return "ok" if answer.ok else str(answer.code)


def test_the_worker_that_has_it_sets_it_aside_and_operations_alone_has_it_tried_again(firm: Firm) -> None:
    (order,) = let_out(firm)
    assert said(firm, APPROVER, "OrderRedriven", order, login=ELENA) == "not_set_aside"
    assert said(firm, GATE, "OrderSetAside", order) == "lease_missing"
    firm.claim(order)
    firm.ask("superuser", "update gatehouse.worker_lease set ended_at = null where worker = 'wrk-of-tests'")
    assert said(firm, GATE, "OrderSetAside", order) == "ok"
    assert said(firm, GATE, "OrderSetAside", order) == "set_aside_before"
    assert said(firm, GATE, "OrderRedriven", order) == "no_right"
    assert said(firm, APPROVER, "OrderSetAside", order, login=ELENA) == "no_right"
    for login in (MARIA, ROBERT):
        assert said(firm, APPROVER, "OrderRedriven", order, login=login) == "not_operations"
    assert said(firm, APPROVER, "OrderRedriven", order, login=ELENA) == "ok"
    assert said(firm, APPROVER, "OrderRedriven", order, login=ELENA) == "not_set_aside"
    assert said(firm, GATE, "OrderSetAside", order) == "ok"  # it did not go on after all
    firm.ask("superuser", "update gatehouse.leg set ended = true where order_id = %s", order)
    assert said(firm, APPROVER, "OrderRedriven", order, login=ELENA) == "order_ended"
    assert said(firm, GATE, "OrderSetAside", "gh-nobody") == "wrong_stream"


@pytest.mark.anyio
async def test_the_door_of_people_asks_for_an_order_that_there_is(firm: Firm) -> None:
    (order,) = let_out(firm)
    async with (
        async_pool(firm.database.approver, name="test", most=2) as pool,
        Journal(pool, WallClock()) as journal,
    ):
        redrives = Redrives(pool, journal)
        with pytest.raises(NotFound):
            await redrives.ask(firm.ticket(ELENA), OrderId("gh-nobody"))
        with pytest.raises(Refused) as no:
            await redrives.ask(firm.ticket(ELENA), order)
        assert no.value.code == "not_set_aside"
        firm.claim(order)
        alive = "update gatehouse.worker_lease set ended_at = null where worker = 'wrk-of-tests'"
        await asyncio.to_thread(firm.ask, "superuser", alive)
        assert said(firm, GATE, "OrderSetAside", order) == "ok"
        assert (await redrives.ask(firm.ticket(ELENA), order)).seq > 0
