"""How a household has done, as the copilot is told it: by the record, with its days and what was missing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.book.picture import Market
from core.firm.events import CashDeposited, FeeScheduled, LotReceived
from core.ids import AccountId, HouseholdId, LotId, Symbol
from core.market.closes import closes
from core.plan.day_ends import Moved
from tests.core.household import market, price
from tests.tools.book import SimulatedDesk, call
from tools.clients import About
from tools.contract import Agent, Refusal
from tools.performance import performance, recorded_of

D = Decimal
ACCOUNT, OTHER, AAPL = AccountId("acc-1001"), AccountId("acc-1002"), Symbol("AAPL")


def lot(day: date, shares: str, account: AccountId = ACCOUNT, symbol: str = "AAPL") -> Moved:
    fact = LotReceived(
        account=account,
        lot=LotId(f"lot-{day}-{account}-{symbol}"),
        symbol=Symbol(symbol),
        quantity=D(shares),
        cost_per_share=D(1),
        acquired_on="2020-01-02",
    )
    return Moved(day, fact)


def today() -> Market:
    at = market()
    last = closes().on(AAPL, date(2022, 12, 28))
    return replace(at, prices={**at.prices, AAPL: price("AAPL", str(last.quantize(D("0.01"))))})


def test_it_is_the_closes_of_what_was_held_gross_and_net_with_its_days() -> None:
    first = date(2022, 6, 1)
    fee = FeeScheduled(account=ACCOUNT, schedule="fee-1", amount=D(1), due_on="2022-09-30")
    told, says = recorded_of([lot(first, "10"), Moved(first, fee)], [ACCOUNT], today())
    assert told is not None
    assert says == ""
    [whole] = told.lines
    grown = closes().on(AAPL, date(2022, 12, 28)) / closes().on(AAPL, first) - 1
    assert abs(whole.gross - grown * 100) < D("0.05"), "closes are rounded to cents"
    assert whole.net < whole.gross
    assert (whole.since, whole.until, whole.fees) == ("2022-06-01", "2022-12-29", D(1))
    assert (told.begins, told.missing_days, told.so_far) == ("2022-06-01", 0, True)
    assert told.days == sum(1 for day in closes().sessions if day >= first) + 1
    assert "adjusted close (skfolio)" in told.price_sources


def test_a_period_is_told_only_where_the_record_reaches_back_over_it() -> None:
    told, _ = recorded_of([lot(date(2021, 12, 1), "10")], [ACCOUNT], today())
    assert told is not None
    assert [(one.period, one.since) for one in told.lines] == [
        ("this year", "2021-12-31"),
        ("one year", "2021-12-29"),
        ("the whole record", "2021-12-01"),
    ]
    assert told.lines[-1].net_a_year is not None
    assert told.lines[0].net_a_year is None


def test_only_the_accounts_that_are_asked_about_count() -> None:
    both = [lot(date(2022, 12, 1), "10"), lot(date(2022, 12, 1), "90", OTHER)]
    cash = CashDeposited(account=OTHER, deposit="dep-1", amount=D(5_000))
    one, _ = recorded_of(both, [ACCOUNT], today())
    same, _ = recorded_of([*both, Moved(date(2022, 12, 5), cash)], [ACCOUNT], today())
    assert one == same
    two, _ = recorded_of([*both, Moved(date(2022, 12, 5), cash)], [ACCOUNT, OTHER], today())
    assert two is not None
    assert two.lines[0].flows == D(5_000)


def test_days_without_a_price_are_counted_and_named_newest_first() -> None:
    """AAA has a price of today and no closes: every day but the last has no value."""
    moves = [lot(date(2022, 12, 27), "10"), lot(date(2022, 12, 27), "1", symbol="AAA")]
    told, says = recorded_of(moves, [ACCOUNT], today())
    assert told is None
    assert "less than two days" in says
    later = [lot(date(2022, 12, 20), "10"), lot(date(2022, 12, 27), "1", symbol="AAA")]
    told, _ = recorded_of(later, [ACCOUNT], today())
    assert told is not None
    assert [(one.day, one.symbols) for one in told.missing] == [
        ("2022-12-28", ("AAA",)),
        ("2022-12-27", ("AAA",)),
    ]
    assert told.lines[-1].flows == D(100), "it came in at its first price"


def test_the_tool_refuses_where_neither_the_record_nor_the_closes_say_anything_and_else_tells_it() -> None:
    desk = SimulatedDesk()
    asked = About(household="Okafor")
    with pytest.raises(Refusal, match="the record holds nothing of it yet"):
        asyncio.run(performance(asked, call(desk, "x", agent=Agent.PORTFOLIO)))
    desk.moved[HouseholdId("hh-1")] = (
        Moved(date(2022, 12, 1), CashDeposited(account=ACCOUNT, deposit="dep-1", amount=D(100))),
    )
    told = asyncio.run(performance(asked, call(desk, "x", agent=Agent.PORTFOLIO)))
    assert told.recorded is not None
    assert (told.recorded.begins, told.recorded.lines[0].net, told.lines) == ("2022-12-01", D(0), ())
