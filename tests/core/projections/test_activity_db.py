"""What a picture knows of today's orders and of executions: read back from a life that the journal holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.book.activity import Activity
from core.book.picture import Picture
from core.database.pools import async_pool
from core.ids import HouseholdId, ProposalId
from core.orders.events import Side
from core.people.asker import asking
from core.projections.reader import read_picture
from tests.core.book.test_follower_db import let_out
from tests.core.gate.deal import DAVID, MARIA, Deal, close_day, open_day
from tests.fixtures.firm import Firm


async def seen(firm: Firm, household: str, *, without: str | None = None) -> Picture:
    """As the worker sees it."""
    async with async_pool(firm.database.gate, name="test", most=1) as pool, pool.connection() as connection:
        proposal = None if without is None else ProposalId(without)
        return await read_picture(connection, HouseholdId(household), without=proposal)


async def seen_by(firm: Firm, login: str, household: str) -> Picture:
    async with (
        async_pool(firm.database.intake, name="test", most=1) as pool,
        asking(pool, firm.ticket(login)) as connection,
    ):
        return await read_picture(connection, HouseholdId(household))


def sold_and_half_bought(firm: Firm) -> Deal:
    """Ten shares sold in two parts, and five of nine bought: that order is still open."""
    deal = let_out(firm)
    assert deal.of_order("OrderRouted", 0, scores=[]).ok
    assert deal.of_order("OrderSent", 0, body_digest="0" * 64).ok
    assert deal.fill(0, "4", "101.10", fee="0.50").ok
    assert deal.fill(0, "6", "101.20", fee="0.50").ok
    assert deal.release(1).ok
    assert deal.of_order("OrderRouted", 1, scores=[]).ok
    assert deal.of_order("OrderSent", 1, body_digest="1" * 64).ok
    assert deal.fill(1, "5", "99", fee="1").ok
    return deal


@pytest.mark.anyio
async def test_todays_orders_count_what_was_executed_or_what_still_can_be(firm: Firm) -> None:
    deal = sold_and_half_bought(firm)
    await firm.fold()
    found = (await seen(firm, deal.household)).activity
    rows = {one.side: one for one in found.asked}
    # 4 x 101.10 + 6 x 101.20 - 1.00; nine shares at the limit of 100
    assert (rows[Side.SELL].dollars, rows[Side.SELL].remaining) == (Decimal("1010.60"), Decimal(0))
    assert (rows[Side.BUY].dollars, rows[Side.BUY].remaining) == (Decimal(900), Decimal(4))
    assert (found.advisor_dollars, found.firm_dollars) == (Decimal("1910.60"), Decimal("1910.60"))
    assert len(found.advisor_orders) == 2
    assert found.advisor_orders[0] <= found.taken_at


@pytest.mark.anyio
async def test_executions_are_told_by_their_lots(firm: Firm) -> None:
    deal = sold_and_half_bought(firm)
    await firm.fold()
    picture = await seen(firm, deal.household)
    rows = {one.side: one for one in picture.activity.executed}
    sale, purchase = rows[Side.SELL], rows[Side.BUY]
    assert (sale.traded_on, sale.settles_on) == (
        date(2022, 12, 29),
        date(2023, 1, 3),
    )  # 2 January is a holiday
    assert sum(part.quantity for part in sale.sold) == 10
    assert sum(part.proceeds for part in sale.sold) == sale.dollars == Decimal("1010.60")
    assert (purchase.dollars, purchase.fees) == (Decimal(496), Decimal(1))  # 5 x 99 and the fee
    (account,) = [one for one in picture.household.accounts if one.id == purchase.account]
    assert {*purchase.opened} < {lot.id for lot in account.lots}


@pytest.mark.anyio
async def test_a_proposal_does_not_stand_in_its_own_way(firm: Firm) -> None:
    deal = sold_and_half_bought(firm)
    await firm.fold()
    found = (await seen(firm, deal.household, without=deal.proposal)).activity
    assert not (found.asked)
    assert not (found.executed)
    assert not (found.advisor_orders)
    assert dollars(found) == (Decimal(0), Decimal(0))


@pytest.mark.anyio
async def test_yesterdays_orders_are_not_todays_and_its_executions_stay(firm: Firm) -> None:
    deal = sold_and_half_bought(firm)
    assert deal.of_order("OrderCancelled", 1, reason="end").ok
    close_day(firm)
    open_day(firm, "2022-12-30")
    await firm.fold()
    found = (await seen(firm, deal.household)).activity
    assert not found.asked
    assert dollars(found) == (Decimal(0), Decimal(0))
    assert {one.side for one in found.executed} == {Side.SELL, Side.BUY}


@pytest.mark.anyio
async def test_an_asker_is_shown_her_own_book_alone(firm: Firm) -> None:
    deal = sold_and_half_bought(firm)
    other = firm.value(
        "superuser",
        "select household from gatehouse.household where advisor <>"
        " (select advisor from gatehouse.household where household = %s) order by household limit 1",
        deal.household,
    )
    await firm.fold()
    assert dollars((await seen_by(firm, MARIA, deal.household)).activity) == (Decimal("1910.60"),) * 2
    assert dollars((await seen_by(firm, DAVID, str(other))).activity) == (Decimal(0), Decimal(0))


def dollars(found: Activity) -> tuple[Decimal, Decimal]:
    return found.advisor_dollars, found.firm_dollars


@pytest.mark.anyio
async def test_what_a_strategy_traded_today_is_told_where_one_of_its_drafts_is_asked_about(
    firm: Firm,
) -> None:
    deal = sold_and_half_bought(firm)
    await firm.fold()
    assert (await seen(firm, deal.household)).activity.strategy is None
    firm.ask(
        "superuser",
        "insert into gatehouse.person (person, login, role, engaged_seq)"
        " values ('mch-t', 'mch-t', 'machine', 1)",
    )
    firm.ask("superuser", "update gatehouse.proposal set drafted_by = 'mch-t'")
    found = (await seen(firm, deal.household, without=deal.proposal)).activity
    assert (found.strategy, found.agent, found.agent_traded) == ("mch-t", None, ())
    assert {one.dollars for one in found.strategy_traded} == {Decimal("1010.60"), Decimal(-496)}
    assert {one.shares for one in found.strategy_traded} == {Decimal(-10), Decimal(5)}


@pytest.mark.anyio
async def test_the_market_is_open_quoted_and_has_its_usual_moves(firm: Firm) -> None:
    market = (await seen(firm, "hh-101")).market
    assert market.open
    assert market.quoting == {}
    apple = market.volatility[next(symbol for symbol in market.volatility if symbol == "AAPL")]
    assert apple.close == market.prices[next(s for s in market.prices if s == "AAPL")].price
    assert Decimal("0.01") < apple.daily == apple.expected < Decimal("0.04")
