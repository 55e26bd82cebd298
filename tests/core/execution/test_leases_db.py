"""Several workers, one order: who may take it, and what the append says to one that has it no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.best_execution.events import RouteRecorded
from core.clock import WallClock
from core.database.pools import AsyncPool, async_pool, connect_async
from core.errors import Refused, WorldFailed
from core.execution import entries
from core.execution.changing import change, stands_after
from core.execution.lease import LASTS, SETTING, Lease, fresh_name
from core.execution.outbox import Outbox
from core.execution.working import working
from core.fact import Entry
from core.gate.release import released
from core.ids import OrderId, VenueName
from core.ledger.journal import Journal
from core.orders.released import ReleasedOrder
from core.venues.fees import Liquidity
from core.venues.venue import Accepted, Busted, Execution, digest_of, encode
from tests.core.gate.deal import GATE, Deal, leg
from tests.core.routing.cases import record_of_choice, routing, view
from tests.fixtures.firm import Firm, FirmTemplate

V = VenueName("ARCADIA")


@pytest.fixture(scope="module")
def firm(firm_template: FirmTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with firm_template.cloned(tmp_path_factory.mktemp("firm") / "keys") as one:
        yield one


@pytest.fixture(autouse=True)
def nothing_at_work(firm: Firm) -> None:
    """Every order of the test before has ended, and every worker has gone."""
    firm.ask("superuser", "update gatehouse.leg set ended = true")
    firm.ask("superuser", "update gatehouse.worker_lease set ended_at = now() where ended_at is null")


def let_out(firm: Firm, many: int = 1) -> list[OrderId]:
    deal = Deal(firm)
    deal.own("1000", "AAPL")
    deal.approved(*(leg(deal.account, "sell", "AAPL", "1") for _ in range(many)))
    for number in range(many):
        assert deal.release(number).ok
    return [OrderId(deal.order(number)) for number in range(many)]


class Hand:
    """One worker's lease, pool and journal, and what it writes by them."""

    def __init__(self, lease: Lease, pool: AsyncPool, journal: Journal, place: Any) -> None:
        self.lease, self.pool, self.journal, self.place = lease, pool, journal, place

    async def order(self, order: OrderId) -> ReleasedOrder:
        async with self.pool.connection() as connection:
            (found,) = await released(connection, only=[order])
        return found

    async def writes(self, *together: Entry) -> str:
        """What the append says."""
        try:
            await self.journal.record(*together)
        except Refused as no:
            return no.code
        return "ok"


def routed(work: ReleasedOrder, *, choice: int) -> tuple[Entry, Entry]:
    """The record of a choice of V, and the choice."""
    said = RouteRecorded.model_validate(record_of_choice(work.id, work.symbol, V, choice=choice))
    record = Entry(f"order/{work.id}", said, trace=work.trace, key=f"route-recorded/{work.id}/{choice}")
    return record, entries.routed(work, V, (), choice=choice)


def execution(work: ReleasedOrder) -> Execution:
    at = datetime(2022, 12, 29, 15, 1, tzinfo=UTC)
    price = Decimal(100)
    return Execution(
        work.id + "-x", work.id, work.quantity, price, Decimal(0), Liquidity.TAKER, at, at.date()
    )


def taken_back(work: ReleasedOrder) -> Entry:
    """The venue takes that execution back."""
    one = execution(work)
    (stands,) = stands_after({}, entries.filled(work, V, one).fact).values()
    entry = change(work, V, Busted(one.id, work.id, one.executed_at, one.trade_date), stands)
    assert entry is not None
    return entry


@asynccontextmanager
async def hand(firm: Firm, *, version: int = 1) -> AsyncIterator[Hand]:
    says = {SETTING: fresh_name()}
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(async_pool(firm.database.gate, name="test", most=3, says=says))
        journal = await stack.enter_async_context(Journal(pool, WallClock()))
        place = await connect_async(firm.database.gate, name="test-place", says=says)
        stack.push_async_callback(place.close)
        lease = Lease(place, pool, version)
        await lease.begin()
        yield Hand(lease, pool, journal, place)


def in_time(worker: Hand) -> bool:
    return worker.lease.in_time


def joined(worker: Hand) -> bool:
    return worker.lease.joined


def beside_a_newer(worker: Hand) -> bool:
    return worker.lease.newer_at_work


async def nobody_but(firm: Firm, worker: Hand) -> None:
    """That worker looks until the server has let go of the connections that are gone, and it is alone."""
    alive = "select count(*) from gatehouse.worker_lease where ended_at is null"
    async with asyncio.timeout(30):
        while firm.value("superuser", alive) > 1:
            await worker.lease._look_at_others()


@pytest.mark.anyio
async def test_many_workers_share_the_orders_and_none_is_taken_twice(firm: Firm) -> None:
    orders = let_out(firm, 30)
    async with hand(firm) as one, hand(firm) as two, hand(firm) as three:

        async def all_of(worker: Hand) -> list[OrderId]:
            taken: list[OrderId] = []
            while some := await worker.lease.claim(4):
                taken += some
            return taken

        shares = await asyncio.gather(*(all_of(worker) for worker in (one, two, three)))
        assert sorted(order for share in shares for order in share) == sorted(orders)
        assert [await one.lease.holds(order) for order in shares[0]] == [True] * len(shares[0])
        assert not any([await one.lease.holds(order) for order in (*shares[1], *shares[2])])


@pytest.mark.anyio
async def test_what_passed_on_is_written_by_the_new_one_alone(firm: Firm) -> None:
    (order,) = let_out(firm)
    async with hand(firm) as stopped, hand(firm) as other:
        assert await stopped.lease.claim(9) == (order,)
        work = await stopped.order(order)
        assert await stopped.writes(*routed(work, choice=1)) == "ok"
        assert await other.writes(*routed(work, choice=2)) == "lease_passed"
        assert await other.lease.claim(9) == ()
        # The first stands still for longer than its lease lasts; the other says which beat it saw.
        number = int(firm.value("superuser", "select max(lease) - 1 from gatehouse.worker_lease"))
        assert firm.value(GATE, "select gatehouse.lease_bury(%s, 7)", number) is False
        bury = "select gatehouse.lease_bury(%(n)s, 0)"
        await other.place.execute(bury, {"n": number})
        assert await other.lease.claim(9) == (order,)
        body = digest_of(encode(work))
        for late in (
            routed(work, choice=3),
            (entries.sent(work, V, body, attempt=1),),
            (entries.accepted(work, V, Accepted("v-1")),),
            (entries.filled(work, V, execution(work)),),
            (entries.cancelled(work, V),),
        ):
            assert await stopped.writes(*late) == "lease_passed"
        assert not await stopped.lease.holds(order)
        assert await other.writes(entries.sent(work, V, body, attempt=1)) == "ok"
        assert await other.writes(entries.accepted(work, V, Accepted("v-1"))) == "ok"
        with pytest.raises(WorldFailed, match="lease"):
            await stopped.lease.keep()


@pytest.mark.anyio
async def test_without_a_lease_nothing_is_written_of_an_order(firm: Firm) -> None:
    (order,) = let_out(firm)
    async with hand(firm) as worker:
        work = await worker.order(order)
        said = routed(work, choice=1)
        assert await worker.writes(*said) == "lease_missing"  # it has not taken it
    async with (
        async_pool(firm.database.gate, name="test", most=1) as nameless,
        Journal(nameless, WallClock()) as journal,
    ):
        with pytest.raises(Refused) as no:
            await journal.record(*said)
        assert no.value.code == "lease_missing"


@pytest.mark.anyio
async def test_one_whose_connection_is_gone_is_followed_at_once_and_one_that_stands_still_after_its_time(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = let_out(firm, 2)
    async with hand(firm) as heir:
        async with hand(firm) as dead:
            assert await dead.lease.claim(1) == (first,)
        await nobody_but(firm, heir)
        assert await heir.lease.claim(1) == (first,)
        async with hand(firm) as still:
            assert await still.lease.claim(1) == (second,)
            now = [100 * LASTS]
            monkeypatch.setattr("core.execution.lease._now", lambda: now[0])
            await heir.lease._look_at_others()
            now[0] += LASTS - LASTS / 100
            await still.lease._beat()
            await heir.lease._look_at_others()
            now[0] += LASTS - LASTS / 100
            await heir.lease._look_at_others()
            assert await heir.lease.claim(9) == ()
            assert in_time(still)
            now[0] += LASTS / 100
            assert not in_time(still)  # it begins no send, and only then can another have its orders
            await heir.lease._look_at_others()
            assert await heir.lease.claim(9) == (second,)


@pytest.mark.anyio
async def test_what_is_written_of_at_this_moment_is_not_taken_over_before_it_is_there(firm: Firm) -> None:
    (order,) = let_out(firm)
    async with hand(firm) as one, hand(firm) as other:
        assert await one.lease.claim(1) == (order,)
        await one.lease.end()
        with firm.connection("superuser").transaction():
            firm.ask("superuser", "select from gatehouse.claim where order_id = %s for key share", order)
            assert await other.lease.claim(1) == ()  # it does not wait
        assert await other.lease.claim(1) == (order,)


@pytest.mark.anyio
async def test_an_older_worker_leaves_what_a_newer_one_had_and_takes_nothing_new_beside_it(
    firm: Firm,
) -> None:
    first, second = let_out(firm, 2)
    async with hand(firm) as old:
        assert await old.lease.claim(1) == (first,)
        async with hand(firm, version=2) as new:
            await old.lease._look_at_others()
            assert beside_a_newer(old)
            assert await old.lease.claim(9) == ()
            assert await old.lease.holds(first)  # it ends what it began
            assert await new.lease.claim(9) == (second,)
        await nobody_but(firm, old)
        await old.lease._look_at_others()
        assert not beside_a_newer(old)
        assert await old.lease.claim(9) == ()
        async with hand(firm, version=2) as again:
            assert await again.lease.claim(9) == (second,)


@pytest.mark.anyio
async def test_a_late_word_on_an_ended_order_has_one_hearer(firm: Firm) -> None:
    (order,) = let_out(firm)
    async with hand(firm) as one, hand(firm) as other:
        assert not await other.lease.claim_late(order)  # it has not ended: whoever works on it looks it up
        assert await one.lease.claim(1) == (order,)
        firm.ask("superuser", "update gatehouse.leg set ended = true where order_id = %s", order)
        assert not await other.lease.claim_late(order)
        assert await one.lease.claim_late(order)
        await one.lease.end()
        assert await other.lease.claim_late(order)
        assert not await other.lease.claim_late(OrderId("gh-never-released"))


@pytest.mark.anyio
async def test_fills_and_what_a_venue_takes_back_are_written_by_the_worker_that_has_the_order(
    firm: Firm,
) -> None:
    (order,) = let_out(firm)
    async with hand(firm) as stopped, hand(firm) as heir:
        assert await stopped.lease.claim(1) == (order,)
        work = await stopped.order(order)
        assert await heir.writes(entries.filled(work, V, execution(work))) == "lease_passed"
        assert await stopped.writes(entries.filled(work, V, execution(work))) == "ok"  # and it has ended
        busted = taken_back(work)
        assert await heir.writes(busted) == "lease_passed"
        await stopped.lease.end()
        # It wakes with a second execution in hand. The heir hears the venue's late word, and writes it.
        assert await stopped.writes(busted) == "lease_passed"
        assert await heir.writes(busted) == "lease_passed"  # nobody hears before it has taken the order
        assert await heir.lease.claim_late(order)
        assert await stopped.writes(busted) == "lease_passed"
        assert await heir.writes(busted) == "ok"


@pytest.mark.anyio
async def test_what_the_worker_writes_of_a_choice_is_taken_each_time_and_then_it_sends(firm: Firm) -> None:
    (order,) = let_out(firm)
    async with hand(firm) as worker:
        assert await worker.lease.claim(1) == (order,)
        work, outbox = working(await worker.order(order)), Outbox(worker.journal)
        for _ in range(2):  # before anything is sent it may be made again
            chosen = routing([view("ARCADIA"), view("BOREAL", ask="100.05", bid="99.95")], work.released)
            assert chosen.venue == V
            await outbox.routed(work, chosen, chosen.venue)
        await outbox.sent(work, V, encode(work.released))
    kinds = "select event_type from gatehouse.journal where stream = %s order by seq"
    assert [row["event_type"] for row in firm.ask("superuser", kinds, f"order/{order}")] == [
        *("OrderReleased", "RouteRecorded", "OrderRouted", "RouteRecorded", "OrderRouted", "OrderSent")
    ]


@pytest.mark.parametrize("role", ["gh_agent", "gh_intake", "gh_approver", "gh_witness"])
def test_no_other_login_takes_a_lease_or_ends_one(firm: Firm, role: str, tmp_path: Path) -> None:
    for call in ("lease_begin(1)", "lease_beat()", "lease_end()", "lease_bury(1, 0)", "lease_claim(1)"):
        with pytest.raises(Exception, match="permission denied"):
            firm.ask(role, f"select gatehouse.{call}")


@pytest.mark.anyio
async def test_who_begins_takes_no_order_before_every_other_has_seen_it(firm: Firm) -> None:
    told: list[int] = []
    async with hand(firm) as first:
        first.lease.tell = told.append
        await first.lease._look_at_others()
        assert joined(first)
        async with hand(firm) as second:
            await second.lease._look_at_others()
            await first.lease._beat()
            await second.lease._look_at_others()
            assert not joined(second)  # the first may have looked before it beat
            await first.lease._look_at_others()
            await first.lease._beat()
            await second.lease._look_at_others()
            assert joined(second)
        assert told == [1, 2]
