"""The stored projections are the pure fold: after the founding, after a traded life, however pages fall."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.book import cash
from core.database.pools import AsyncPool, async_pool
from core.errors import IllegalTransition, WorldFailed
from core.ledger.envelope import stored as from_row
from core.projections import follow
from core.projections.folded import FOLDED, Changed, Folded
from core.projections.follow import Follower
from tests.core.gate.deal import GATE, Deal, close_day, leg, open_day
from tests.fixtures.firm import Firm

STORED: Final = ("reference", "lot", "position", "cash", "order_state")


@asynccontextmanager
async def pool_of(firm: Firm) -> AsyncIterator[AsyncPool]:
    async with async_pool(firm.database.gate, name="test", most=2) as pool:
        yield pool


def stored(firm: Firm) -> dict[str, Any]:
    """Every projected row but the sequence that it was last changed by."""
    line = "(to_jsonb(t) - 'as_of_seq')::text as line"
    rows = f"select string_agg(line, chr(10) order by line) from (select {line}"
    return {table: firm.value("superuser", f"{rows} from gatehouse.{table} t) r") for table in STORED}


def forget(firm: Firm) -> None:
    for table in (*STORED, "follower"):
        firm.ask("superuser", f"delete from gatehouse.{table}")


def let_out(firm: Firm) -> Deal:
    """Ten shares of lots that the account holds, approved for sale and released, and a buy that waits."""
    deal = Deal(firm)
    row = firm.ask(
        "superuser",
        "select symbol, sum(quantity) as held from gatehouse.lot where account = %s group by symbol"
        " having sum(quantity) > 20 order by symbol limit 1",
        deal.account,
    )[0]
    lot_rows = "select lot, quantity from gatehouse.lot where account = %s and symbol = %s order by lot"
    chosen, left = [], 10
    for lot in firm.ask("superuser", lot_rows, deal.account, row["symbol"]):
        used = min(left, int(lot["quantity"]))
        left -= used
        if used:
            chosen.append({"lot": lot["lot"], "quantity": str(used)})
    sell = {**leg(deal.account, "sell", row["symbol"], "10"), "lots": chosen}
    buy = leg(deal.account, "buy", "KO", "9", funded_by=[0], less=True)
    deal.approved(sell, buy)
    assert deal.release(0).ok
    return deal


def traded(firm: Firm, deal: Deal | None = None) -> Deal:
    """A sell that funds a buy, the one filled in parts, the other cut short; the day is over."""
    deal = deal or let_out(firm)
    assert deal.of_order("OrderRouted", 0, scores=[]).ok
    assert deal.of_order("OrderSent", 0, body_digest="0" * 64).ok
    assert deal.of_order("OrderAccepted", 0, venue_order="v-1").ok
    assert deal.fill(0, "4", "101.10", fee="0.50").ok
    assert deal.fill(0, "6", "101.20", fee="0.50").ok
    assert deal.release(1).ok
    assert deal.of_order("OrderRouted", 1, scores=[]).ok
    assert deal.of_order("OrderSent", 1, body_digest="1" * 64).ok
    assert deal.fill(1, "5", "99", fee="1").ok  # before the acknowledgement
    assert deal.of_order("OrderCancelled", 1, reason="end").ok
    close_day(firm)
    open_day(firm, "2022-12-30")
    return deal


def expected(folded: Folded) -> dict[str, set[tuple[Any, ...]]]:
    """The rows that the pure folds of `core.book` say, worked out here and not by the follower."""
    day = folded.session
    assert day is not None
    money = {account: cash.on(book, day, reserved=cash.ZERO) for account, book in folded.cash.items()}
    return {
        "lot": {
            (account, lot.id, lot.symbol, lot.quantity, lot.cost_per_share)
            for account, book in folded.lots.items()
            for lot in book.open
        },
        "position": {
            (account, symbol, quantity)
            for account in folded.lots
            for symbol, quantity in folded.shares(account).items()
        },
        "cash": {(account, one.settled, one.unsettled, one.held) for account, one in money.items()},
        "order_state": {(order.id, order.status.value) for order in folded.orders.values()},
    }


COLUMNS: Final = {
    "lot": "account, lot, symbol, quantity, cost_per_share",
    "position": "account, symbol, quantity",
    "cash": "account, settled, unsettled, held",
    "order_state": "order_id, status",
}


def kept(firm: Firm) -> dict[str, set[tuple[Any, ...]]]:
    return {
        table: {
            tuple(row.values()) for row in firm.ask("superuser", f"select {columns} from gatehouse.{table}")
        }
        for table, columns in COLUMNS.items()
    }


async def pure(firm: Firm) -> Folded:
    """The whole journal folded in memory, entry by entry, without the follower."""
    folded = Folded()
    whole = "select seq, recorded_at, role, actor, event_type, text from gatehouse.journal order by seq"
    for row in firm.ask("superuser", whole):
        if row["event_type"] in FOLDED:
            folded.apply(from_row(row), Changed())
    return folded


@pytest.mark.anyio
async def test_after_the_founding_the_rows_are_the_fold(firm: Firm) -> None:
    assert kept(firm) == expected(await pure(firm))
    assert len(kept(firm)["lot"]) > 500


@pytest.mark.anyio
async def test_after_a_traded_life_the_rows_are_the_fold(firm: Firm) -> None:
    traded(firm)
    await firm.fold()
    rows = kept(firm)
    assert rows == expected(await pure(firm))
    assert {status for _, status in rows["order_state"]} == {"FILLED", "CANCELLED"}


@pytest.mark.anyio
async def test_the_law_and_the_fold_hold_the_same_shares_and_dollars(firm: Firm) -> None:
    """`holding` is changed in the append, `position` and `cash` by the worker: two programs, one answer."""
    traded(firm)
    await firm.fold()
    different = firm.ask(
        "superuser",
        "select * from (select account, symbol, held from gatehouse.holding"
        " where symbol <> 'cash' and held <> 0) h"
        " full join (select account, symbol, quantity from gatehouse.position) p using (account, symbol)"
        " where h.held is distinct from p.quantity",
    )
    assert different == []
    different = firm.ask(
        "superuser",
        "select * from gatehouse.cash c"
        " left join gatehouse.holding h on h.account = c.account and h.symbol = 'cash'"
        " where coalesce(h.held, 0) <> c.settled + c.unsettled",
    )
    assert different == []


@pytest.mark.anyio
async def test_the_law_and_the_fold_hold_the_same_lots(firm: Firm) -> None:
    traded(firm)
    await firm.fold()
    different = firm.ask(
        "superuser",
        "select * from (select account, lot, symbol, held from gatehouse.lot_holding where held <> 0) h"
        " full join (select account, lot, symbol, quantity from gatehouse.lot) l using (account, lot, symbol)"
        " where h.held is distinct from l.quantity",
    )
    assert different == []


@pytest.mark.anyio
async def test_rebuilt_from_nothing_the_rows_are_the_same(firm: Firm) -> None:
    traded(firm)
    await firm.fold()
    before = stored(firm)
    forget(firm)
    await firm.fold()
    assert stored(firm) == before


@pytest.mark.anyio
async def test_a_restart_goes_on_where_the_rows_stand(firm: Firm) -> None:
    first = await firm.fold()
    traded(firm)
    second = await firm.fold()
    assert second.seq > first.seq
    before = stored(firm)
    await firm.fold()
    assert stored(firm) == before


@pytest.mark.anyio
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(pages=st.lists(st.integers(1, 700), min_size=1, max_size=4))
async def test_any_split_into_pages_gives_the_same_rows(shared_traded: Firm, pages: list[int]) -> None:
    firm = shared_traded
    whole = stored(firm)
    forget(firm)
    with pytest.MonkeyPatch.context() as patch:
        async with pool_of(firm) as pool:
            follower, turn = Follower(pool), 0
            while True:
                patch.setattr(follow, "PAGE", pages[turn % len(pages)] if turn < 40 else 2_000)
                if not await follower.step():
                    break
                turn += 1
    assert stored(firm) == whole


@pytest.fixture(scope="module")
def shared_traded(shared_firm: Firm) -> Firm:
    traded(shared_firm)
    asyncio.run(shared_firm.fold())
    return shared_firm


@pytest.mark.anyio
async def test_a_page_that_could_not_be_written_changes_nothing_and_is_written_later(firm: Firm) -> None:
    """The last statement of the page is refused; the follower stays in its process and tries again."""
    async with pool_of(firm) as pool:
        follower = Follower(pool)
        deal = let_out(firm)
        await follower.catch_up()
        before = stored(firm)
        traded(firm, deal)
        firm.ask(
            "superuser",
            "create trigger breaks before insert or update on gatehouse.follower"
            " execute function gatehouse.refuse_change()",
        )
        for _ in range(3):
            with pytest.raises(psycopg.Error):
                await follower.step()
        assert stored(firm) == before
        firm.ask("superuser", "drop trigger breaks on gatehouse.follower")
        await follower.catch_up()
    assert kept(firm) == expected(await pure(firm))


@pytest.mark.anyio
async def test_a_connection_lost_in_the_middle_of_a_page_is_made_up_for(firm: Firm) -> None:
    firm.ask(
        "superuser",
        "create function public.die() returns trigger language plpgsql security definer as"
        " $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$",
    )
    async with pool_of(firm) as pool:
        follower = Follower(pool)
        deal = let_out(firm)
        await follower.catch_up()
        traded(firm, deal)
        firm.ask(
            "superuser",
            "create trigger dies before insert or update on gatehouse.order_state"
            " execute function public.die()",
        )
        with pytest.raises(WorldFailed):
            await follower.catch_up()
        firm.ask("superuser", "drop trigger dies on gatehouse.order_state")
        await follower.catch_up()
    assert kept(firm) == expected(await pure(firm))


@pytest.mark.anyio
async def test_an_entry_that_cannot_be_folded_stops_it_and_nothing_is_skipped(firm: Firm) -> None:
    seq = firm.value("superuser", "select seq from gatehouse.head")
    no_law = "update gatehouse.event_kind set law = null where event_type = 'TradeConfirmed'"
    firm.ask("superuser", no_law)  # as if the law had a hole
    item = firm.item("TradeConfirmed", "trade/x", {"order": "x", "account": "y", "trade_date": "2022-12-29"})
    assert firm.append(GATE, item)[0].ok
    async with pool_of(firm) as pool:
        with pytest.raises(IllegalTransition):
            await Follower(pool).catch_up()
    assert firm.value("superuser", "select as_of_seq from gatehouse.follower") == seq


@pytest.mark.anyio
async def test_followers_that_take_turns_write_the_lots_that_the_other_has_not(firm: Firm) -> None:
    deal = let_out(firm)
    async with pool_of(firm) as pool:
        one, two = Follower(pool), Follower(pool)
        await one.catch_up()
        assert deal.of_order("OrderRouted", 0).ok
        assert deal.of_order("OrderSent", 0, body_digest="0" * 64).ok
        for follower, shares in ((one, "1"), (two, "2"), (one, "3"), (one, "1"), (two, "3")):
            assert deal.fill(0, shares, "101").ok
            await follower.catch_up()
            assert kept(firm) == expected(await pure(firm))
