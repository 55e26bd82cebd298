"""A live order is replaced through the product's own doors: read, worked out, offered and recorded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.clock import WallClock
from core.database.logins import INTAKE
from core.database.pools import async_pool
from core.direct.orders import HELD, Asked, DirectOrders, Placed
from core.errors import Refused
from core.fact import Entry
from core.gate.release import offer, waiting
from core.ids import AccountId, OrderId, Symbol
from core.orders.events import OrderReleased, OrderType, Side
from tests.core.direct.test_direct_orders_db import buy
from tests.core.gate.deal import GATE, MARIA, ROBERT, Deal
from tests.fixtures.firm import Firm


def decided(firm: Firm, placed: Placed) -> Deal:
    assert placed.status == HELD, placed.findings
    assert placed.digest is not None
    deal = Deal(firm, proposal=placed.proposal, digest=placed.digest)
    reasons = [
        {"policy": p, "text": {"subject": "hh-101", "key": 1, "sealed": "AAAA"}} for p in placed.needs_reasons
    ]
    for said in (deal.submit(MARIA, reasons=reasons), deal.approve(ROBERT, reasons=reasons)):
        assert said.ok, said
    return deal


async def let_out(firm: Firm) -> list[Entry]:
    """What the worker offers now, recorded."""
    async with async_pool(firm.database.gate, name="test", most=1) as pool, firm.journal(GATE) as journal:
        async with pool.connection() as connection, connection.transaction():
            entries = [e for one in await waiting(connection) for e in await offer(connection, one)]
        for entry in entries:
            await journal.record(entry)
    return entries


def filled(firm: Firm, of: OrderReleased, shares: str) -> None:
    deal = Deal(firm, legs=[of.model_dump(mode="json")])
    assert deal.fill(0, shares, str(of.limit_price)).ok


def holding(firm: Firm) -> tuple[AccountId, Symbol, Decimal]:
    """The first lot of that account with more than twenty shares."""
    rows = (
        "select symbol, held from gatehouse.holding where account = %s and symbol <> 'cash' and held > 20"
        " order by symbol"
    )
    row: dict[str, Any] = firm.ask("superuser", rows, Deal(firm).account)[0]
    return AccountId(Deal(firm).account), Symbol(row["symbol"]), Decimal(row["held"])


@pytest.mark.anyio
async def test_a_live_sale_is_replaced_by_what_is_left_of_it(firm: Firm) -> None:
    account, symbol, held = holding(firm)
    async with (
        async_pool(firm.database.of(INTAKE), name="test", most=2) as pool,
        firm.journal(INTAKE) as journal,
    ):
        orders = DirectOrders(pool, journal, WallClock())
        asked = Asked(
            client_order="c-1",
            account=account,
            advisor=buy(firm).advisor,
            symbol=symbol,
            side=Side.SELL,
            quantity=held,
            order_type=OrderType.MARKET,
            limit_price=None,
        )
        ticket = firm.ticket(MARIA)
        first = await orders.place(ticket, asked)
        decided(firm, first)
        (entry,) = await let_out(firm)
        assert isinstance(entry.fact, OrderReleased)
        price = str(
            firm.value(GATE, "select reference_price from gatehouse.leg where order_id = %s", first.order)
        )
        old = entry.fact.model_copy(update={"limit_price": Decimal(price)})
        filled(firm, old, "5")
        again = replace(asked, client_order="c-2", quantity=held - 5, replaces=OrderId(first.order))
        second = await orders.place(ticket, again)
        decided(firm, second)
        filled(firm, old, "3")
        (entry,) = await let_out(firm)
        assert isinstance(entry.fact, OrderReleased)
        assert entry.fact.quantity == held - 8
        assert entry.fact.executed_before == 8
        assert entry.fact.replaces == first.order
        with pytest.raises(Refused, match="about to take that one's place"):
            await orders.place(ticket, replace(again, client_order="c-3", quantity=Decimal(1)))
