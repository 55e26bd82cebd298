"""Orders that somebody asked to cancel: they end once, by their venue's word, and what was executed stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from core.execution.execute import Executor, Terms
from core.execution.last_check import Chained
from core.execution.lease import Alone
from core.execution.working import Working, working
from core.fact import Entry
from core.ids import OrderId, ProposalId
from core.orders.events import CancelRequested, OrderCancelled, OrderFilled, OrderSent
from core.orders.order import Status
from core.orders.released import ReleasedOrder
from core.routing.rules import BUILT_IN, always
from core.venues.venue import Venue
from evals.bench.decided import recorded
from tests.core.execution.steps import IMPATIENT, FileRecord
from tests.fixtures.halts import watching
from tests.fixtures.venues import VenueProcess, one_venue, released

FAR: str = "100.00"  # below the market: a buy that rests


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    yield from one_venue("ARCADIA", tmp_path_factory.mktemp("arcadia"))


async def asked(record: FileRecord, order: ReleasedOrder) -> None:
    fact = CancelRequested(order=order.id)
    await record.record(Entry(f"order/{order.id}", fact, order.trace, key=f"cancel/{order.id}"))


class Life:
    """A worker at one order, which a test cancels when it likes."""

    def __init__(self, order: ReleasedOrder, record: FileRecord, venue: Venue) -> None:
        self.record = record
        self.work = working(order, record.of(order.id))
        self.executor = Executor(
            record=record,
            venues=[venue],
            terms_of=lambda _: Terms(frozenset({venue.name}), Decimal("4.95")),
            find=self._find,
            record_of=self._record_of,
            rules_of=always(BUILT_IN),
            patience=IMPATIENT,
            stops=watching(record.path.with_suffix(".halts")),
            hold=Alone(),
        )

    async def _find(self, order: OrderId) -> Working | None:
        return self.work if order == self.work.released.id else None

    async def _record_of(self, order: OrderId, _: ProposalId) -> Sequence[Chained]:
        return recorded(self.work.released, self.record.of(order))

    async def until(self, status: Status) -> None:
        async with asyncio.timeout(20):
            while self.work.state.status is not status:
                assert not self.executor.troubles, self.executor.troubles
                await asyncio.sleep(0.01)

    async def __aenter__(self) -> Life:
        await self.executor.start([self.work])
        self._task = asyncio.create_task(self.executor.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def kinds(record: FileRecord, order: ReleasedOrder) -> list[str]:
    return [fact.event_type() for fact in record.of(order.id)]


@pytest.mark.anyio
async def test_an_order_at_its_venue_ends_by_the_venues_word(stage: VenueProcess, tmp_path: Path) -> None:
    order, record = released(quantity="20", limit=FAR), FileRecord(tmp_path / "record")
    async with stage.client() as client, Life(order, record, client) as life:
        await life.until(Status.ACCEPTED)
        await asked(record, order)
        life.executor.cancel(order.id)
        await life.until(Status.CANCELLED)
    verbs = [line["verb"] for line in stage.ledger() if line.get("order") == order.id and "verb" in line]
    assert "cancel" in verbs
    assert [fact.venue for fact in record.of(order.id) if isinstance(fact, OrderCancelled)] == ["ARCADIA"]


@pytest.mark.anyio
async def test_an_order_that_was_never_sent_ends_at_once(stage: VenueProcess, tmp_path: Path) -> None:
    order, record = released(quantity="20", limit=FAR), FileRecord(tmp_path / "record")
    await asked(record, order)
    async with stage.client() as client, Life(order, record, client) as life:
        life.executor.cancel(order.id)
        await life.until(Status.CANCELLED)
    assert kinds(record, order) == ["CancelRequested", "OrderCancelled"]
    assert not [line for line in stage.ledger() if line.get("order") == order.id]


@pytest.mark.anyio
async def test_a_restarted_worker_goes_on_with_a_cancel(stage: VenueProcess, tmp_path: Path) -> None:
    order, record = released(quantity="20", limit=FAR), FileRecord(tmp_path / "record")
    async with stage.client() as client, Life(order, record, client) as life:
        await life.until(Status.ACCEPTED)
    await asked(record, order)
    async with stage.client() as client, Life(order, FileRecord(tmp_path / "record"), client) as life:
        assert life.work.state.status is Status.PENDING_CANCEL
        life.executor.cancel(order.id)
        await life.until(Status.CANCELLED)


@pytest.mark.anyio
async def test_an_order_whose_venue_never_had_it_ends_when_that_is_sure(
    stage: VenueProcess, tmp_path: Path
) -> None:
    """The worker died between the intent and the first byte."""
    order, record = released(quantity="20", limit=FAR), FileRecord(tmp_path / "record")
    async with stage.client() as client:
        async with Life(order, record, client) as life:
            await life.until(Status.ACCEPTED)
        sent = next(fact for fact in record.of(order.id) if isinstance(fact, OrderSent))
    other = released(quantity="20", limit=FAR)
    lost = FileRecord(tmp_path / "lost")
    for fact, key in (
        (kind.model_copy(update={"order": other.id}), f"{n}")
        for n, kind in enumerate(record.of(order.id)[: record.of(order.id).index(sent) + 1])
    ):
        await lost.record(Entry(f"order/{other.id}", fact, other.trace, key=key))
    await asked(lost, other)
    async with stage.client() as client, Life(other, lost, client) as life:
        life.executor.cancel(other.id)
        await life.until(Status.CANCELLED)
    assert kinds(lost, other)[-2:] == ["CancelRequested", "OrderCancelled"]


@pytest.mark.anyio
async def test_an_order_that_fills_first_is_filled(stage: VenueProcess, tmp_path: Path) -> None:
    order, record = released(quantity="5"), FileRecord(tmp_path / "record")
    async with stage.client() as client, Life(order, record, client) as life:
        async with asyncio.timeout(20):
            while not any(isinstance(fact, OrderFilled) for fact in record.of(order.id)):
                await asyncio.sleep(0.005)
        await asked(record, order)
        life.executor.cancel(order.id)
        async with asyncio.timeout(20):
            while not life.work.over:
                await asyncio.sleep(0.01)
    bought = sum(fact.quantity for fact in record.of(order.id) if isinstance(fact, OrderFilled))
    assert life.work.state.filled == bought
    assert life.work.state.status in (Status.FILLED, Status.CANCELLED)
