"""What the worker does with an order that is not what people decided on: nothing, and it says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from core.errors import WorldFailed
from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained
from core.execution.lease import Alone
from core.execution.working import Working
from core.ids import OrderId, ProposalId
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from core.venues.venue import digest_of, encode
from evals.bench.decided import recorded
from tests.core.execution.steps import IMPATIENT, FileRecord
from tests.fixtures.halts import watching
from tests.fixtures.venues import VenueProcess, arcadia, released

__all__ = ["arcadia"]


class Changing:
    """A worker's executor on one real venue, whose record of decisions a test chooses."""

    def __init__(self, venue: VenueProcess, folder: Path, orders: Sequence[ReleasedOrder]) -> None:
        self.venue = venue
        self.halts = folder / "halts"
        self.kept = FileRecord(folder / "record")
        self.decided = {order.id: order for order in orders}
        self.away = 0

    async def record_of(self, order: OrderId, _: ProposalId) -> Sequence[Chained]:
        if self.away:
            self.away -= 1
            raise WorldFailed("the journal is away", fix="wait")
        return recorded(self.decided[order], self.kept.of(order))

    async def run(self, orders: Sequence[ReleasedOrder], holds: Callable[[Executor], bool]) -> Executor:
        async def find(_: OrderId) -> Working | None:
            return None

        async with asyncio.timeout(30), self.venue.client() as client:
            executor = Executor(
                record=self.kept,
                venues=[client],
                terms_of=lambda _: Terms(frozenset({client.name}), Decimal(0)),
                find=find,
                record_of=self.record_of,
                rules_of=always(BUILT_IN),
                patience=IMPATIENT,
                stops=watching(self.halts),
                hold=Alone(),
            )
            await executor.start([])
            running = asyncio.create_task(executor.run())
            try:
                for order in orders:
                    executor.take(order)
                while not holds(executor):
                    assert not running.done(), running.exception()
                    await asyncio.sleep(0.01)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            return executor

    def kinds(self, order: OrderId) -> list[str]:
        return [fact.event_type() for fact in self.kept.of(order)]

    def sent(self) -> list[str]:
        return [line["order"] for line in self.venue.ledger() if line.get("verb") == "send"]


@pytest.mark.anyio
async def test_a_changed_order_is_not_sent_an_entry_says_so_and_the_next_one_goes(
    arcadia: VenueProcess, tmp_path: Path
) -> None:
    decided, honest = released(quantity="10"), released(quantity="10")
    changed = replace(decided, quantity=Decimal(11))
    floor = Changing(arcadia, tmp_path, [decided, honest])
    executor = await floor.run([changed, honest], lambda one: "OrderFilled" in floor.kinds(honest.id))
    assert floor.kinds(decided.id) == ["RouteRecorded", "OrderRouted", "OrderWithheld"]
    said = floor.kept.of(decided.id)[-1].model_dump()
    assert said["body_digest"] == digest_of(encode(changed))
    assert "quantity" in said["says"]
    assert "not what people decided on" in executor.troubles[decided.id]
    assert decided.id not in floor.sent()
    assert honest.id in floor.sent()


@pytest.mark.anyio
async def test_while_the_record_is_away_nothing_leaves_and_then_it_goes(
    arcadia: VenueProcess, tmp_path: Path
) -> None:
    order = released(quantity="10")
    floor = Changing(arcadia, tmp_path, [order])
    floor.away = 2
    await floor.run([order], lambda _: floor.away == 0)
    assert order.id not in floor.sent()
    await floor.run([order], lambda _: "OrderFilled" in floor.kinds(order.id))
    assert floor.sent().count(order.id) == 1
