"""What a venue takes back or corrects is booked once, of what stands booked, in whatever order it is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.execution import entries
from core.execution.outbox import Outbox
from core.execution.working import Working, working
from core.fact import Fact
from core.ids import VenueName
from core.orders.corrections import TradeBusted, TradeCorrected
from core.orders.released import ReleasedOrder
from core.venues.fees import Liquidity
from core.venues.venue import Accepted, Busted, Change, Corrected, Ended, Execution, Found, How
from tests.core.execution.steps import FileRecord
from tests.fixtures.venues import released

VENUE = VenueName("ARCADIA")
DAY = date(2022, 12, 29)
AT = datetime(2022, 12, 29, 15, tzinfo=UTC)


def execution(order: ReleasedOrder, number: int = 1, quantity: str = "20") -> Execution:
    return Execution(
        id=f"x-{number}",
        order=order.id,
        quantity=Decimal(quantity),
        price=Decimal("125.70"),
        fee=Decimal("0.09"),
        liquidity=Liquidity.TAKER,
        executed_at=AT,
        trade_date=DAY,
    )


def corrected(order: ReleasedOrder, quantity: str, *, minutes: int, execution: str = "x-1") -> Corrected:
    at = AT + timedelta(minutes=minutes)
    return Corrected(execution, order.id, Decimal(quantity), Decimal("125.60"), Decimal("0.05"), at, DAY)


def busted(order: ReleasedOrder, *, minutes: int, execution: str = "x-1") -> Busted:
    return Busted(execution, order.id, AT + timedelta(minutes=minutes), DAY)


class Told:
    """An order of thirty shares at a venue, and what was written of it."""

    def __init__(self, folder: Path) -> None:
        self.order = released(quantity="30")
        self.record = FileRecord(folder / "record")
        self.outbox = Outbox(self.record)
        self.work = working(self.order)

    def facts(self) -> list[Fact]:
        return self.record.of(self.order.id)

    def again(self) -> Working:
        """As another worker would take it over."""
        return working(self.order, self.facts())

    async def told(self, *changes: Change) -> None:
        await self.outbox.changed(self.work, VENUE, changes)


async def at_its_venue(folder: Path) -> Told:
    found = Told(folder)
    await found.outbox.wrote(found.work, entries.routed(found.order, VENUE, (), choice=1))
    await found.outbox.sent(found.work, VENUE, b"{}")
    await found.outbox.answered(found.work, VENUE, Accepted("v-1"))
    return found


@pytest.mark.anyio
async def test_a_correction_names_what_was_booked_and_the_next_one_follows_it(tmp_path: Path) -> None:
    told = await at_its_venue(tmp_path)
    await told.outbox.filled(told.work, VENUE, (execution(told.order),))
    await told.told(corrected(told.order, "15", minutes=1), busted(told.order, minutes=2))
    first, then = (fact for fact in told.facts() if isinstance(fact, TradeCorrected | TradeBusted))
    assert isinstance(first, TradeCorrected)
    assert isinstance(then, TradeBusted)
    assert (first.revision, first.was.quantity, first.now.quantity) == (1, Decimal(20), Decimal(15))
    assert (then.revision, then.was) == (2, first.now)
    assert (told.work.state.filled, told.again().state.filled) == (Decimal(0), Decimal(0))


@pytest.mark.anyio
async def test_copies_are_booked_once_also_when_they_come_late_and_after_a_restart(tmp_path: Path) -> None:
    told = await at_its_venue(tmp_path)
    await told.outbox.filled(told.work, VENUE, (execution(told.order),))
    early, late = corrected(told.order, "15", minutes=1), corrected(told.order, "12", minutes=2)
    await told.told(early, early, late, early)
    told.work = told.again()
    await told.told(early, late, early)
    assert [f.revision for f in told.facts() if isinstance(f, TradeCorrected)] == [1, 2]
    assert told.work.state.filled == Decimal(12)


@pytest.mark.anyio
async def test_one_that_comes_before_its_execution_waits_for_it(tmp_path: Path) -> None:
    told = await at_its_venue(tmp_path)
    await told.told(busted(told.order, minutes=1))
    assert not any(isinstance(fact, TradeBusted) for fact in told.facts())
    await told.outbox.filled(told.work, VENUE, (execution(told.order),))
    assert told.work.state.filled == Decimal(0)


@pytest.mark.anyio
async def test_a_look_up_tells_the_changes_and_what_was_taken_back_lets_the_order_end(tmp_path: Path) -> None:
    told = await at_its_venue(tmp_path)
    done = execution(told.order), execution(told.order, 2, "10")
    end = Ended(told.order.id, How.CANCELLED, Decimal(30), AT + timedelta(minutes=3), DAY)
    said = Found(Accepted("v-1"), done[:1], end, (busted(told.order, minutes=1),))
    await told.outbox.found(told.work, VENUE, said)
    assert not told.work.over  # thirty shares were done, and twenty are known
    await told.outbox.filled(told.work, VENUE, done)
    assert (told.work.over, told.work.state.filled) == (True, Decimal(10))
