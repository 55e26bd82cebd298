"""`audit rebuild`: what is stored is what the journal says, and whatever is not is named by table and key."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import connect_async
from core.errors import Conflict, IntegrityLost
from core.projections.rebuild import Compared, compare, rebuild
from core.worker.duties import AT_WORK
from tests.core.book.test_follower_db import let_out, stored, traded
from tests.core.gate.deal import GATE, NGOZI, ROBERT, Deal, leg
from tests.core.projections.test_snapshots_db import HALF, kept_at
from tests.fixtures.firm import Answer, Firm


@asynccontextmanager
async def gate(firm: Firm) -> AsyncIterator[AsyncConnection[DictRow]]:
    async with await connect_async(firm.database.gate, name="test") as connection:
        yield connection


async def compared(firm: Firm) -> Compared:
    async with gate(firm) as connection:
        return await compare(connection)


def went_every_way(firm: Firm) -> None:
    """A declined proposal, one that was superseded, and its successor, which was withdrawn; and of tier 3
    one that is half approved and one that is approved."""
    declined = Deal(firm)
    assert declined.submitted(leg(declined.account, "buy", "KO", "1")).turn_down().ok
    superseded, successor = Deal(firm), Deal(firm)
    assert superseded.draft().ok
    assert successor.draft(supersedes=superseded.proposal).ok
    assert successor.withdraw().ok
    for logins in ((NGOZI,), (ROBERT, NGOZI)):
        of_tier_3 = Deal(firm)
        of_tier_3.submitted(leg(of_tier_3.account, "buy", "KO", "1"), tier=3)
        assert all(of_tier_3.approve_proven(login).ok for login in logins)


@pytest.mark.anyio
async def test_after_a_traded_life_everything_is_compared_and_nothing_differs(firm: Firm) -> None:
    traded(firm)
    went_every_way(firm)
    await firm.fold()
    await kept_at(firm, HALF, HALF + 700)
    found = await compared(firm)
    assert found.differences == []
    assert found.snapshots == 2
    assert set(found.rows) == {
        *("reference", "lot", "position", "cash", "order_state"),
        *("holding", "lot_holding", "day_use", "leg", "proposal", "trade"),
        *("block", "block_share"),
    }
    assert {table for table, rows in found.rows.items() if not rows} == {"block", "block_share"}


@pytest.mark.anyio
async def test_what_the_follower_has_not_read_yet_is_no_difference(firm: Firm) -> None:
    traded(firm)
    found = await compared(firm)
    assert found.differences == []
    assert found.rows_at < found.entries


@pytest.mark.anyio
async def test_what_a_venue_took_back_or_corrected_is_one_answer_in_law_and_fold(firm: Firm) -> None:
    deal = traded(firm)
    now = {"quantity": "3", "price": "101", "fee": "0.25"}
    assert correct(deal, 0, 0, now).ok
    assert correct(deal, 0, 0, None, revision=2, was=now).ok
    assert correct(deal, 1, 0, None).ok  # of the purchase
    await firm.fold()
    assert (await compared(firm)).differences == []


def correct(deal: Deal, number: int, nth: int, now: dict[str, str] | None, **changed: Any) -> Answer:
    rows = (
        "select text::jsonb->'payload' as payload from gatehouse.journal"
        " where stream = %s and event_type = %s order by seq"
    )
    stream = f"order/{deal.order(number)}"
    fill = deal.firm.ask("superuser", rows, stream, "OrderFilled")[nth]["payload"]
    named = {name: fill[name] for name in ("account", "symbol", "side", "execution", "venue", "trade_date")}
    was = {name: fill[name] for name in ("quantity", "price", "fee")}
    said = {**named, "was": was, "revision": 1, "reason": "x", **changed}
    if now is None:
        return deal.of_order("TradeBusted", number, **said)
    return deal.of_order("TradeCorrected", number, **said, now=now)


FIRST_CASH = "account = (select min(account) from gatehouse.cash)"
TAMPERING = {
    "a limit": (
        "reference",
        """set state = state || '{"cash_floor": "1"}' where kind = 'ips'""",
        "cash_floor",
    ),
    "a cost": ("lot", "set cost_per_share = 1 where lot = (select min(lot) from gatehouse.lot)", "cost_per"),
    "shares": ("position", "set quantity = quantity + 1 where symbol = 'KO'", "quantity"),
    "another's": ("position", "set account = 'x-' || account where symbol = 'KO'", "no entry tells"),
    "dollars": ("cash", f"set settled = settled + 1 where {FIRST_CASH}", "settled"),
    "a state": ("order_state", "set status = 'FILLED' where status = 'CANCELLED'", "status"),
    "fees": ("order_state", """set state = state || '{"fees": "9"}'""", "fees"),
    "law's dollars": ("holding", f"set held = held + 1 where symbol = 'cash' and {FIRST_CASH}", "held"),
    "law's lots": ("lot_holding", "set held = held + 1 where lot like 'lot-%'", "held"),
    "law's fills": ("leg", "set filled = filled + 1 where side = 'sell'", "filled"),
    "law's end": ("leg", "set ended = false where side = 'sell'", "ended"),
    "law's release": ("leg", "set released_seq = released_seq + 1 where side = 'sell'", "released_seq"),
    "law's proceeds": ("leg", "set proceeds = proceeds + 1 where side = 'sell'", "proceeds"),
    "law's trade": ("trade", "set net = net + 1 where side = 'sell'", "net"),
    "law's status": ("proposal", "set status = 'APPROVED'", "status"),
}


@pytest.mark.anyio
@pytest.mark.parametrize(("table", "change", "says"), TAMPERING.values(), ids=list(TAMPERING))
async def test_a_stored_row_that_was_changed_is_named(
    traded_firm: Firm, table: str, change: str, says: str
) -> None:
    traded_firm.ask("superuser", f"update gatehouse.{table} {change}")
    found = await compared(traded_firm)
    assert {difference.table for difference in found.differences} == {table}
    assert says in found.differences[0].says


@pytest.mark.anyio
async def test_what_is_promised_and_what_counts_today_is_compared_while_orders_are_open(firm: Firm) -> None:
    half_sold, gone = let_out(firm), Deal(firm)
    assert half_sold.of_order("OrderRouted", 0, scores=[]).ok
    assert half_sold.of_order("OrderSent", 0, body_digest="0" * 64).ok
    assert half_sold.fill(0, "4", "101.10", fee="0.50").ok
    assert gone.submitted(leg(gone.account, "buy", "KO", "3", limit=None)).turn_down().ok
    assert (await compared(firm)).differences == []
    promised = firm.value("superuser", "select sum(reserved) from gatehouse.lot_holding")
    counted = firm.value("superuser", "select dollars from gatehouse.day_use where scope = 'firm'")
    assert (promised, counted) == (6, 10 * 100 + 9 * 100)
    firm.ask("superuser", "update gatehouse.lot_holding set reserved = 0")
    firm.ask("superuser", "update gatehouse.day_use set dollars = dollars - 1 where scope = 'advisor'")
    firm.ask("superuser", "delete from gatehouse.day_use where scope = 'household'")
    found = (await compared(firm)).differences
    assert {(one.table, one.key) for one in found if one.table == "day_use"} == {
        ("day_use", "advisor/adv-1"),
        ("day_use", f"household/{half_sold.household}"),
    }
    assert all("reserved is 0" in one.says for one in found if one.table == "lot_holding")
    assert {one.table for one in found} == {"lot_holding", "day_use"}


@pytest.fixture
def traded_firm(firm: Firm) -> Firm:
    traded(firm)
    asyncio.run(firm.fold())
    return firm


@pytest.mark.anyio
@pytest.mark.parametrize(
    "tampering",
    [
        "update gatehouse.snapshot_part set body = set_byte(body, 40, get_byte(body, 40) # 1)",
        "update gatehouse.snapshot set journal_digest = sha256('another')",
    ],
)
async def test_a_snapshot_that_was_changed_is_named(firm: Firm, tampering: str) -> None:
    await kept_at(firm, HALF)
    firm.ask("superuser", tampering)
    found = await compared(firm)
    assert {(d.table, d.key) for d in found.differences} == {("snapshot", str(HALF))}


@pytest.mark.anyio
async def test_no_key_is_needed_so_a_forgotten_client_changes_nothing(firm: Firm) -> None:
    traded(firm)
    await firm.fold()
    shutil.rmtree(firm.keys_folder)
    assert (await compared(firm)).differences == []


@pytest.mark.anyio
async def test_an_entry_that_cannot_be_folded_is_named_by_its_sequence(firm: Firm) -> None:
    without = "update gatehouse.event_kind set law = null where event_type = 'TradeConfirmed' returning 1"
    assert firm.ask("superuser", without)  # no law lets such an entry in
    item = firm.item("TradeConfirmed", "trade/x", {"order": "x", "account": "y", "trade_date": "2022-12-29"})
    (said,) = firm.append(GATE, item)
    assert said.ok
    with pytest.raises(IntegrityLost, match=f"entry {said.seq} "):
        await compared(firm)


@pytest.mark.anyio
async def test_a_rebuild_mends_what_a_comparison_named(firm: Firm) -> None:
    traded(firm)
    await firm.fold()
    await kept_at(firm, HALF)
    before = stored(firm)
    firm.ask("superuser", "update gatehouse.cash set settled = settled + 1")
    firm.ask("superuser", "delete from gatehouse.order_state")
    async with gate(firm) as connection:
        end = await rebuild(connection, place=AT_WORK)
    assert stored(firm) == before
    found = await compared(firm)
    assert (found.differences, found.rows_at, found.snapshots) == ([], end, 1)


@pytest.mark.anyio
async def test_no_rebuild_while_a_worker_is_at_work(firm: Firm) -> None:
    before = stored(firm)
    async with gate(firm) as worker, gate(firm) as connection:
        await worker.execute("select pg_advisory_lock(%s)", [AT_WORK])
        with pytest.raises(Conflict, match="a worker is at work"):
            await rebuild(connection, place=AT_WORK)
    assert stored(firm) == before
