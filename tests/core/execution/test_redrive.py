"""An order that cannot go on is set aside with its reason, and tried again when operations asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.clock import WallClock
from core.execution.execute import Executor, Terms
from core.execution.lease import Alone
from core.fact import Entry, Fact
from core.ids import OrderId, VenueName
from core.ledger.envelope import Recorded
from core.orders.aside import OrderSetAside
from core.orders.events import OrderFilled
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from core.venues.venue import Accepted, Execution, Found, Looking, Page, Sending
from evals.bench.instant import InMemoryRecord, InstantVenue, order_of
from tests.core.execution.steps import IMPATIENT
from tests.fixtures.halts import watching

DEAR = Decimal("9999.00")


class Dear(InstantVenue):
    """Reports its first execution far beyond the limit; asked later, it says what it was in truth."""

    def __init__(self) -> None:
        super().__init__(VenueName("ARCADIA"))
        self.sends = 0
        self.done: list[Execution] = []

    async def send(self, order: ReleasedOrder, body: bytes, *, timeout: timedelta) -> Sending:
        self.sends += 1
        return await super().send(order, body, timeout=timeout)

    async def reports(self, after: str, *, wait: timedelta, timeout: timedelta) -> Page:
        page = await super().reports(after, wait=wait, timeout=timeout)
        self.done += [one for one in page.reports if isinstance(one, Execution)]
        return replace(page, reports=tuple(replace(one, price=DEAR) for one in self.done))

    async def lookup(self, order: OrderId, *, timeout: timedelta) -> Looking:
        return Found(Accepted("v-1"), tuple(one for one in self.done if one.order == order), None)


class Record(InMemoryRecord):
    def __init__(self, order: ReleasedOrder) -> None:
        super().__init__([order], WallClock())
        self.facts: list[Fact] = []

    async def record(self, *entries: Entry) -> tuple[Recorded, ...]:
        self.facts += [entry.fact for entry in entries]
        own = [entry for entry in entries if entry.stream.startswith("order/")]
        await super().record(*own)
        return tuple(Recorded(1, duplicate=False) for _ in entries)


@pytest.mark.anyio
async def test_it_is_set_aside_once_and_tried_again_once_for_each_time_it_is_asked(tmp_path: Path) -> None:
    order, venue = order_of(1_000_002), Dear()
    record = Record(order)

    async def find(_: OrderId) -> None:
        return None

    executor = Executor(
        record=record,
        venues=[venue],
        terms_of=lambda _: Terms(frozenset({venue.name}), Decimal(0)),
        find=find,
        record_of=record.of,
        rules_of=always(BUILT_IN),
        patience=IMPATIENT,
        stops=watching(tmp_path),
        hold=Alone(),
    )
    await executor.start([])
    running = asyncio.create_task(executor.run())
    try:
        async with asyncio.timeout(20):
            executor.take(order)
            while order.id not in executor.troubles:
                await asyncio.sleep(0)
            await executor.set_aside()
            await executor.set_aside()
            aside = [fact for fact in record.facts if isinstance(fact, OrderSetAside)]
            assert [fact.order for fact in aside] == [order.id]
            assert "beyond its limit" in aside[0].says
            executor.redrive(order.id, 0)  # nobody asked
            await asyncio.sleep(0)
            assert order.id in executor.troubles
            executor.redrive(order.id, 77)
            executor.redrive(order.id, 77)
            while not record.done_ns:
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert venue.sends == 1
    assert len([fact for fact in record.facts if isinstance(fact, OrderFilled)]) == 1
    assert executor.troubles == {}
