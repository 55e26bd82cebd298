"""The life of a trade: what is allocated and settled is what was executed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import IllegalTransition
from core.orders.events import OrderFilled, Side, TradeAllocated, TradeConfirmed, TradeSettled
from core.orders.trade import Status, Trade, allocated, confirmed, evolve, fold, settled
from tests.core.facts import filled

SOLD = [
    filled(10, side=Side.SELL, price="100", fee="0.05", execution="e1"),
    filled(30, side=Side.SELL, price="104", fee="0.15", execution="e2"),
]


def executed() -> Trade:
    return next(iter(fold(SOLD).values()))


def settled_trade() -> Trade:
    trade = executed()
    for step in (allocated, confirmed, settled):
        trade = evolve(trade, step(trade))
    return trade


def test_the_main_road_ends_settled() -> None:
    assert settled_trade().status is Status.SETTLED


def test_the_allocation_is_at_the_average_price_with_all_fees() -> None:
    event = allocated(executed())
    assert (event.quantity, event.average_price, event.fees) == (
        Decimal(40),
        Decimal("103.000000"),
        Decimal("0.20"),
    )


def test_a_sale_settles_for_its_value_less_its_fees() -> None:
    assert settled(executed()).net_amount == Decimal("4119.80")


def test_a_purchase_settles_for_its_value_and_its_fees() -> None:
    bought = evolve(None, filled(40, price="103", fee="0.20"))
    assert bought.net_amount == Decimal("-4120.20")


def test_a_second_copy_of_an_execution_changes_nothing() -> None:
    trade = executed()
    assert evolve(trade, SOLD[0]) is trade


def test_a_late_execution_reopens_an_allocation() -> None:
    trade = executed()
    trade = evolve(trade, allocated(trade))
    trade = evolve(trade, filled(5, side=Side.SELL, execution="e3"))
    assert (trade.status, trade.quantity) == (Status.EXECUTED, Decimal(45))


def test_a_confirmed_trade_takes_no_further_execution() -> None:
    trade = executed()
    trade = evolve(trade, allocated(trade))
    trade = evolve(trade, confirmed(trade))
    with pytest.raises(IllegalTransition):
        evolve(trade, filled(5, side=Side.SELL, execution="e3"))


@pytest.mark.parametrize("field", ["quantity", "average_price", "fees"])
def test_an_allocation_that_does_not_add_up_is_no_step(field: str) -> None:
    trade = executed()
    wrong = allocated(trade).model_copy(update={field: Decimal(1)})
    with pytest.raises(IllegalTransition):
        evolve(trade, wrong)


def test_a_settlement_a_cent_off_is_no_step() -> None:
    trade = executed()
    trade = evolve(trade, allocated(trade))
    trade = evolve(trade, confirmed(trade))
    wrong = settled(trade).model_copy(update={"net_amount": trade.net_amount + Decimal("0.01")})
    with pytest.raises(IllegalTransition):
        evolve(trade, wrong)


@pytest.mark.parametrize("step", [confirmed, settled])
def test_no_step_is_skipped(step: type) -> None:
    with pytest.raises(IllegalTransition):
        evolve(executed(), step(executed()))


def test_two_trade_dates_of_one_order_are_two_trades() -> None:
    facts: list[OrderFilled | TradeAllocated | TradeConfirmed | TradeSettled] = [
        *SOLD,
        filled(1, side=Side.SELL, execution="e9", trade_date="2022-12-30"),
    ]
    assert [trade.quantity for trade in fold(facts).values()] == [40, 1]
