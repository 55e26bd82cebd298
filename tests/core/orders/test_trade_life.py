"""The life of a trade: what is allocated and settled is what was executed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import IllegalTransition
from core.ids import OrderId
from core.orders.allocations import TradeGivenUp, TradeSteppedOut
from core.orders.confirmation import Confirmation, confirmation
from core.orders.events import OrderFilled, Side, TradeAllocated, TradeConfirmed, TradeSettled
from core.orders.trade import (
    STEPS,
    TRADE_EVENTS,
    Status,
    Trade,
    TradeEvent,
    allocated,
    change_of,
    confirmed,
    evolve,
    execution_of,
    failed,
    fold,
    settled,
    trade_key,
)
from tests.core.facts import booked, busted, corrected, filled

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


def test_an_execution_after_the_confirmation_asks_for_another_one() -> None:
    trade = executed()
    for step in (allocated, confirmed):
        trade = evolve(trade, step(trade))
    trade = evolve(trade, filled(5, side=Side.SELL, execution="e3"))
    assert trade.status is Status.CORRECTED
    trade = evolve(trade, allocated(trade))
    trade = evolve(trade, confirmed(trade))
    trade = evolve(trade, settled(trade))
    assert (trade.status, trade.quantity, trade.told) == (Status.SETTLED, Decimal(45), 3)


def test_a_correction_after_the_settlement_settles_the_difference_alone() -> None:
    trade = settled_trade()
    dearer = booked(SOLD[1]).model_copy(update={"price": Decimal("105")})
    trade = evolve(trade, corrected(SOLD[1], dearer))
    assert (trade.status, trade.due) == (Status.CORRECTED, Decimal(30))
    trade = evolve(trade, allocated(trade))
    trade = evolve(trade, confirmed(trade))
    assert settled(trade).net_amount == Decimal(30)
    assert evolve(trade, settled(trade)).due == 0


def test_a_trade_of_which_nothing_is_left_is_busted_told_and_paid_back() -> None:
    trade = settled_trade()
    for fill in SOLD:
        trade = evolve(trade, busted(fill))
    assert (trade.status, trade.quantity, trade.due) == (Status.BUSTED, Decimal(0), Decimal("-4119.80"))
    trade = evolve(evolve(trade, confirmed(trade)), settled(trade))
    assert (trade.status, trade.due) == (Status.BUSTED, Decimal(0))
    for again in (confirmed, settled):
        with pytest.raises(IllegalTransition):
            evolve(trade, again(trade))


def test_a_busted_trade_that_nobody_was_told_of_is_told_to_nobody() -> None:
    trade = evolve(evolve(None, SOLD[0]), busted(SOLD[0]))
    with pytest.raises(IllegalTransition):
        evolve(trade, confirmed(trade))


def test_a_correction_changes_shares_dollars_and_fees_by_what_it_says() -> None:
    fewer = booked(SOLD[1]).model_copy(
        update={"quantity": Decimal(20), "price": Decimal("105"), "fee": Decimal("0.10")}
    )
    trade = evolve(executed(), corrected(SOLD[1], fewer))
    # 10 at 100 and 20 at 105, with 0.05 and 0.10 of fees
    assert (trade.quantity, trade.paid, trade.fees) == (Decimal(30), Decimal(3_100), Decimal("0.15"))
    assert (trade.net_amount, trade.average_price) == (Decimal("3099.85"), Decimal("103.333333"))
    trade = evolve(trade, busted(SOLD[1], 2, was=fewer))
    assert (trade.quantity, trade.paid, trade.fees) == (Decimal(10), Decimal(1_000), Decimal("0.05"))
    assert trade.net_amount == Decimal("999.95")


def test_a_share_of_a_block_moves_the_dollars_that_were_worked_out_for_it() -> None:
    third = filled(3, price="33.333333").model_copy(update={"dollars": Decimal("100.01")})
    assert evolve(None, third).net_amount == Decimal("-100.01")
    was = booked(third).model_copy(update={"dollars": Decimal("100.01")})
    assert change_of(busted(third, was=was)).moved == Decimal("100.01")


def test_a_fill_and_a_correction_are_named_by_order_execution_and_revision() -> None:
    done, changed = execution_of(SOLD[0]), change_of(busted(SOLD[0], 2))
    key = "o1/2022-12-29"
    assert (done.name, done.trade, done.moved) == ("o1/e1", key, Decimal("999.95"))
    assert (changed.name, changed.trade, changed.moved) == ("o1/e1/2", key, Decimal("-999.95"))
    assert (changed.shares, changed.paid, changed.fees) == (Decimal(-10), Decimal(-1000), Decimal("-0.05"))


def test_trades_are_told_apart_by_their_order() -> None:
    other = filled(7, order="o2", execution="e1")
    assert [*fold([SOLD[0], other])] == [trade_key(OrderId(order), "2022-12-29") for order in ("o1", "o2")]


def test_a_trade_of_one_execution_that_was_told_and_taken_back_is_told_again() -> None:
    trade = evolve(None, SOLD[0])
    for step in (allocated, confirmed):
        trade = evolve(trade, step(trade))
    gone = evolve(trade, busted(SOLD[0]))
    assert (gone.status, gone.told, evolve(gone, confirmed(gone)).told) == (Status.BUSTED, 1, 2)


def test_what_did_not_settle_and_who_settles_it_instead_stand_on_the_trade() -> None:
    told = one_of_each()[2]
    assert evolve(told, failed(told, session="2023-01-04", reason="no shares")).failed_on == "2023-01-04"
    for kind in (TradeSteppedOut, TradeGivenUp):
        assert evolve(told, passing(told, kind)).passed_to == "MERI"


def test_what_the_custodian_does_not_settle_stays_due_until_it_does() -> None:
    trade = executed()
    for step in (allocated, confirmed):
        trade = evolve(trade, step(trade))
    for day in ("2023-01-03", "2023-01-04"):
        trade = evolve(trade, failed(trade, session=day, reason="shares not delivered"))
    assert (trade.status, trade.due) == (Status.FAILED_TO_SETTLE, Decimal("4119.80"))
    assert evolve(trade, settled(trade)).status is Status.SETTLED


def test_a_correction_of_what_was_never_executed_is_no_step() -> None:
    for trade in (None, executed()):
        with pytest.raises(IllegalTransition):
            evolve(trade, busted(filled(10, side=Side.SELL, execution="other")))


@pytest.mark.parametrize("event", sorted(TRADE_EVENTS, key=str), ids=lambda kind: kind.event_type())
def test_whatever_is_not_in_the_table_is_refused(event: type[TradeEvent]) -> None:
    """Of every status, one trade that is there: what the table lacks changes nothing."""
    for trade in one_of_each():
        legal = (trade.status, event.event_type()) in STEPS
        if not legal:
            with pytest.raises(IllegalTransition):
                evolve(trade, facts_for(trade)[event])
    assert {trade.status for trade in one_of_each()} == set(Status)


def one_of_each() -> list[Trade]:
    found = [executed()]
    for step in (allocated, confirmed, settled):
        found.append(evolve(found[-1], step(found[-1])))
    late = filled(5, side=Side.SELL, execution="e3")
    busted_whole = evolve(evolve(None, SOLD[0]), busted(SOLD[0]))
    unsettled = evolve(found[2], failed(found[2], session="2023-01-03", reason="no shares"))
    passed_on = [evolve(found[2], passing(found[2], kind)) for kind in (TradeSteppedOut, TradeGivenUp)]
    return [*found, evolve(found[2], late), busted_whole, unsettled, *passed_on]


def passing(trade: Trade, kind: type[TradeSteppedOut | TradeGivenUp]) -> TradeSteppedOut | TradeGivenUp:
    named = {"order": trade.order, "account": trade.account, "trade_date": trade.trade_date}
    return kind.model_validate({**named, "broker": "MERI", "custodian": "cus-1"})


def facts_for(trade: Trade) -> dict[type[TradeEvent], TradeEvent]:
    made: list[TradeEvent] = [
        filled(5, side=Side.SELL, execution="e9"),
        passing(trade, TradeSteppedOut),
        passing(trade, TradeGivenUp),
        busted(SOLD[0], 2),
        corrected(SOLD[0], booked(SOLD[0]), 2),
        allocated(trade) if trade.quantity else allocated(executed()),
        confirmed(trade),
        settled(trade),
        failed(trade, session="2023-01-03", reason="no shares"),
    ]
    return {type(fact): fact for fact in made}


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


def told(trade: Trade) -> Confirmation:
    return confirmation(
        order=trade.order,
        account=trade.account,
        side=trade.side,
        symbol=trade.symbol,
        quantity=trade.quantity,
        average_price=trade.average_price if trade.quantity else None,
        trade_date=trade.trade_date,
        settles_on=trade.settles_on,
        fees=trade.fees,
        net=trade.net_amount,
        number=trade.changes,
    )


def test_a_confirmation_says_price_capacity_remuneration_and_settlement() -> None:
    said = told(executed())
    assert (said.quantity, said.average_price) == (Decimal(40), Decimal("103.000000"))
    assert said.gross == Decimal("4120.00")
    assert (said.remuneration, said.net, said.capacity) == (Decimal("0.20"), Decimal("4119.80"), "agent")
    assert (said.trade_date, said.settles_on) == ("2022-12-29", "2023-01-03")
    bought = told(evolve(None, filled(40, price="103", fee="0.20")))
    assert (bought.gross, bought.net) == (Decimal("4120.00"), Decimal("-4120.20"))
    assert (said.standing, said.note) == (
        "confirmed",
        "The price is the average of all executions of the trade date; single ones on request.",
    )


def test_the_confirmation_of_what_was_taken_back_says_so() -> None:
    said = told(evolve(evolve(None, SOLD[0]), busted(SOLD[0])))
    assert (said.standing, said.number) == ("taken back", 2)
    assert said.note == "This trade was confirmed before and did not take place: the venue took it back."
    assert (said.quantity, said.net) == (Decimal(0), Decimal(0))
