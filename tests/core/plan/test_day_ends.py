"""Time-weighted returns by the record, against published examples and by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.fact import Fact
from core.firm.events import CashDeposited, FeeScheduled, LotReceived
from core.ids import AccountId, LotId, OrderId, Symbol, VenueName
from core.orders.corrections import Booked, TradeBusted
from core.orders.events import OrderFilled, Side
from core.plan.day_ends import DayEnds, Moved, day_ends
from core.plan.performance import Valued, returns

D = Decimal
ACCOUNT, AAA, BBB = AccountId("acc-1"), Symbol("AAA"), Symbol("BBB")


def on(n: int) -> date:
    return date(2021, 3, 1) + timedelta(days=n)


def received(n: int, shares: str, symbol: Symbol = AAA, lot: str = "lot-1") -> Moved:
    fact = LotReceived(
        account=ACCOUNT,
        lot=LotId(lot),
        symbol=symbol,
        quantity=D(shares),
        cost_per_share=D(1),
        acquired_on="2020-01-02",
    )
    return Moved(on(n), fact)


def deposited(n: int, dollars: str) -> Moved:
    return Moved(on(n), CashDeposited(account=ACCOUNT, deposit=f"dep-{n}", amount=D(dollars)))


def fee(n: int, dollars: str) -> Moved:
    due = on(n).isoformat()
    return Moved(on(0), FeeScheduled(account=ACCOUNT, schedule=f"fee-{n}", amount=D(dollars), due_on=due))


def filled(n: int, side: Side, shares: str, price: str, symbol: Symbol = AAA, paid: str = "0") -> Moved:
    fact = OrderFilled(
        order=OrderId(f"gh-{n}-{symbol}-{side}"),
        account=ACCOUNT,
        symbol=symbol,
        side=side,
        execution="x1",
        quantity=D(shares),
        price=D(price),
        fee=D(paid),
        venue=VenueName("ARCADIA"),
        executed_at=datetime(2021, 3, 1, 15, tzinfo=UTC) + timedelta(days=n),
        trade_date=on(n).isoformat(),
        settles_on=on(n + 2).isoformat(),
    )
    return Moved(on(n), fact)


def ends(
    moves: list[Moved], prices: Mapping[Symbol, list[str | None]], sessions: list[date] | None = None
) -> DayEnds:
    """`prices` by symbol and day from the first on; None where there is none."""
    longest = max(len(each) for each in prices.values())

    def price(symbol: Symbol, day: date) -> Decimal | None:
        series, place = prices[symbol], (day - on(0)).days
        found = series[place] if place < len(series) else None
        return None if found is None else D(found)

    return day_ends(moves, sessions or [on(n) for n in range(longest)], price)


def test_the_published_example_of_a_deposit_in_the_year_comes_out_of_the_record() -> None:
    """A million is 1,162,484 on 15 August, 100,000 come in, and 1,192,328 are there at the end: 9.79 %.

    Source: Investopedia, "Time-Weighted Rate of Return", investor 1 (16.25 % and then -5.56 %).
    """
    before = {on(0): "1", on(1): "1.162484", on(2): "1.092328"}
    prices: Mapping[Symbol, list[str | None]] = {AAA: [*before.values()]}
    found = ends([received(0, "1000000"), deposited(2, "100000")], prices)
    assert [one.value for one in found.valued] == [D(1_000_000), D(1_162_484), D(1_192_328)]
    assert round(found.returns().net, 4) == D("0.0979")
    first = returns(found.valued[:2])
    assert round(first.net, 4) == D("0.1625")


def test_the_published_example_of_modified_dietz_comes_out_of_a_piece_with_weighted_flows() -> None:
    """585.60 is 602.34 after a month with four flows, each weighted by its days: 2.45 %.

    Source: a CFA level III practice question on GIPS composites (October; flows on days 5, 9, 15 and 24).
    """
    flows = {5: D("-15.05"), 9: D("19.82"), 15: D("16.42"), 24: D("-18.96")}
    weighted = sum((amount * (31 - day) / 31 for day, amount in flows.items()), D(0))
    end = Valued(date(2021, 10, 31), D("602.34"), sum(flows.values(), D(0)), weighted=weighted)
    done = returns([Valued(date(2021, 9, 30), D("585.60")), end])
    assert round(done.net, 4) == D("0.0245")


def test_what_was_sold_meanwhile_counts_for_as_long_as_it_was_held() -> None:
    """AAA doubles and is sold whole; the cash then does nothing while AAA falls to a tenth."""
    moves = [received(0, "10"), filled(1, Side.SELL, "10", "20")]
    found = ends(moves, {AAA: ["10", "20", "2"]})
    assert [one.value for one in found.valued] == [D(100), D(200), D(200)]
    assert found.returns().net == D(1)


def test_trading_moves_nothing_in_or_out_and_its_cost_is_in_gross_and_net_alike() -> None:
    moves = [deposited(0, "1000"), filled(1, Side.BUY, "10", "50", BBB, paid="5")]
    found = ends(moves, {BBB: ["50", "50", "60"]})
    done = found.returns()
    assert (done.flows, done.fees) == (D(0), D(0))
    assert done.gross == done.net == D("0.095")  # 1,000 - 5 + 10 * (60 - 50)


def test_a_fee_that_falls_due_lowers_net_and_not_gross_and_stays_gone() -> None:
    found = ends([deposited(0, "1000"), fee(1, "10"), fee(9, "99")], {AAA: ["1", "1", "1"]})
    done = found.returns()
    assert (done.gross, done.net, done.fees) == (D("0"), D("-0.01"), D(10))
    assert [one.value for one in found.valued] == [D(1000), D(990), D(990)]


def test_an_execution_that_the_venue_took_back_never_was() -> None:
    sold = filled(1, Side.SELL, "10", "20").fact
    assert isinstance(sold, OrderFilled)
    told: dict[str, Any] = {
        name: getattr(sold, name) for name in ("order", "account", "symbol", "side", "execution", "venue")
    }
    was = Booked(quantity=sold.quantity, price=sold.price, fee=sold.fee)
    bust = TradeBusted(**told, revision=1, was=was, trade_date=on(1).isoformat(), reason="error")
    prices: Mapping[Symbol, list[str | None]] = {AAA: ["10", "20", "2"]}
    kept = ends([received(0, "10")], prices)
    again = ends([received(0, "10"), Moved(on(1), sold), Moved(on(1), bust)], prices)
    assert [one.value for one in again.valued] == [one.value for one in kept.valued]


def test_a_day_without_a_price_has_no_value_and_is_named_and_no_price_is_carried_forward() -> None:
    moves = [received(0, "10"), received(0, "5", BBB, "lot-2")]
    found = ends(moves, {AAA: ["10", "11", "12"], BBB: ["2", None, "2"]})
    assert found.missing == {on(1): (BBB,)}
    assert [one.day for one in found.valued] == [on(0), on(2)]
    assert found.returns().net == (D(130) / 110 - 1).quantize(D("0.000001"))
    assert found.weighted == ()


def test_money_that_came_on_a_day_without_a_value_is_weighted_and_the_day_is_named() -> None:
    """100 became 121 with 10 that came in half way: (121 - 10 - 100) / (100 + 10 / 2)."""
    moves = [received(0, "10"), deposited(2, "10")]
    found = ends(moves, {AAA: ["10", None, None, None, "11.1"]})
    assert found.weighted == (on(4),)
    assert found.returns().net == (D(11) / D("107.5")).quantize(D("0.000001"))  # three quarters of it


def test_what_comes_in_kind_is_worth_the_close_before_or_waits_for_its_first_price() -> None:
    came = ends([deposited(0, "100"), received(1, "10")], {AAA: ["10", "11"]})
    assert (came.valued[1].flow, came.returns().net) == (D(100), D("0.05"))
    late = ends([deposited(0, "100"), received(1, "10")], {AAA: [None, None, "11"]})
    assert (late.missing, late.valued[-1].flow) == ({on(1): (AAA,)}, D(110))
    assert late.returns().net == 0


def test_a_period_begins_at_the_last_value_up_to_its_first_day() -> None:
    found = ends([received(0, "10")], {AAA: ["10", "20", "30", "60"]})
    assert found.returns(on(2)).net == D(1)
    assert found.returns(on(-5)).net == D(5)
    with pytest.raises(BadInput, match="less than two days"):
        found.returns(on(3))


@given(st.lists(st.integers(5, 200), min_size=3, max_size=9), st.integers(1, 10_000), st.data())
@settings(max_examples=60, deadline=None)
def test_a_deposit_that_is_invested_at_its_days_start_changes_no_return(
    prices: list[int], shares: int, data: st.DataObject
) -> None:
    """More of the same, at the close before: the return stays what the share's was."""
    day = data.draw(st.integers(1, len(prices) - 1))
    series: Mapping[Symbol, list[str | None]] = {AAA: [str(price) for price in prices]}
    alone = ends([received(0, "10")], series).returns()
    more = ends([received(0, "10"), received(day, str(shares), lot="lot-2")], series).returns()
    assert abs(alone.net - more.net) <= D("0.000001")


def test_other_facts_change_nothing() -> None:
    class Other(Fact):
        account: AccountId

    assert ends([Moved(on(0), Other(account=ACCOUNT))], {AAA: ["1"]}).valued == ()
