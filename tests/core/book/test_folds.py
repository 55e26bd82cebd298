"""Lots, positions and cash: shares and cents are conserved, copies change nothing, steps equal the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.book import cash, lots, positions
from core.book.gains import gains
from core.errors import IntegrityLost
from core.fact import Fact
from core.firm.events import CashDeposited, LotReceived
from core.ids import OrderId, Symbol
from core.orders.cost import cash_moved
from core.orders.events import OrderFilled, Side, TradeSettled
from core.orders.trade import fold as fold_trades
from core.orders.trade import settled
from tests.core.facts import choice, deposited, filled, received
from tests.core.household import ACCOUNT

SELL = Side.SELL
O1 = OrderId("o1")


def one_lot(facts: list[Fact], choices: lots.Choices | None = None) -> lots.Lots:
    return lots.fold(facts, choices or {})[ACCOUNT]


def one_cash(facts: list[Fact]) -> cash.CashBook:
    return cash.fold(facts)[ACCOUNT]


def test_a_sale_closes_the_chosen_lots_in_the_chosen_order_and_no_others() -> None:
    facts: list[Fact] = [
        received("cheap", 10, cost="1"),
        received("dear", 10, cost="9"),
        filled(12, side=SELL, execution="e1"),
        filled(3, side=SELL, execution="e2"),
    ]
    book = one_lot(facts, {O1: (choice("cheap", 10), choice("dear", 6))})
    assert [choice(lot.id, lot.quantity) for lot in book.open] == [choice("dear", 5)]
    used = [choice(c.lot, c.sale.quantity) for c in book.closed]
    assert used == [choice("cheap", 10), choice("dear", 2), choice("dear", 3)]


def test_a_sale_without_a_choice_is_lost_integrity() -> None:
    with pytest.raises(IntegrityLost):
        one_lot([received("l", 10), filled(1, side=SELL)])


def test_a_sale_beyond_its_choice_is_lost_integrity() -> None:
    with pytest.raises(IntegrityLost):
        one_lot([received("l", 10), filled(6, side=SELL)], {O1: (choice("l", 5),)})


def test_a_sale_from_another_symbols_lot_is_lost_integrity() -> None:
    with pytest.raises(IntegrityLost):
        one_lot([received("l", 10, symbol="BBB"), filled(5, side=SELL)], {O1: (choice("l", 5),)})


def test_a_purchase_opens_a_lot_whose_cost_includes_the_fee() -> None:
    (lot,) = one_lot([filled(10, price="10", fee="0.05")]).open
    assert (lot.cost_per_share, lot.acquired_on) == (Decimal("10.005000"), date(2022, 12, 29))
    assert lot.id == lots.lot_id_for(O1, "e1")


def test_two_executions_open_two_lots() -> None:
    ids = {lots.lot_id_for(O1, "e1"), lots.lot_id_for(O1, "e2"), lots.lot_id_for(OrderId("o2"), "e1")}
    assert len(ids) == 3


def test_the_lots_of_a_sale_bring_what_the_sale_brought_to_the_cent() -> None:
    facts: list[Fact] = [
        *(received(name, 1, cost="3") for name in ("a", "b", "c")),
        filled(3, side=SELL, price="3.333333", fee="0.02"),
    ]
    book = one_lot(facts, {O1: tuple(choice(name, 1) for name in ("a", "b", "c"))})
    assert sum(c.sale.proceeds for c in book.closed) == Decimal("9.98")
    assert gains(c.sale for c in book.closed).total == Decimal("0.98")


def test_what_is_left_of_a_choice_is_what_was_not_sold() -> None:
    left = lots.choices_left((choice("a", 10), choice("b", 6)), Decimal(12))
    assert left == (choice("b", 4),)


def test_a_closed_position_is_absent() -> None:
    facts = [received("l", 10), filled(10, side=SELL)]
    assert positions.fold(facts)[ACCOUNT].shares == {}


def test_a_deposit_is_held_until_its_day() -> None:
    book = one_cash([deposited("d1", "100"), deposited("d2", "40", held_until="2023-01-05")])
    before = cash.on(book, date(2023, 1, 4), reserved=Decimal(30))
    after = cash.on(book, date(2023, 1, 5), reserved=Decimal(30))
    assert (before.settled, before.held, before.available) == (Decimal(100), Decimal(40), Decimal(70))
    assert (after.settled, after.held, after.available) == (Decimal(140), Decimal(0), Decimal(110))


def test_a_fill_is_unsettled_until_it_settles() -> None:
    facts: list[Fact] = [deposited("d", "1000"), filled(10, side=SELL, price="12.345", fee="0.01")]
    day = date(2023, 1, 3)
    assert cash.on(one_cash(facts), day, reserved=Decimal(0)).unsettled == Decimal("123.44")
    done = cash.on(one_cash([*facts, settlement(facts)]), day, reserved=Decimal(0))
    assert (done.settled, done.unsettled) == (Decimal("1123.44"), Decimal(0))


def test_half_a_cent_goes_to_the_even_cent() -> None:
    assert cash_moved(filled(1, side=SELL, price="1.005")) == Decimal("1.00")
    assert cash_moved(filled(1, side=SELL, price="1.015")) == Decimal("1.02")


def test_a_settlement_a_cent_off_is_lost_integrity() -> None:
    facts: list[Fact] = [filled(1, side=SELL, price="10")]
    wrong = settlement(facts).model_copy(update={"net_amount": Decimal("10.01")})
    with pytest.raises(IntegrityLost):
        one_cash([*facts, wrong])


def test_a_settlement_of_what_never_traded_is_lost_integrity() -> None:
    facts: list[Fact] = [filled(1, side=SELL, price="10")]
    with pytest.raises(IntegrityLost):
        one_cash([settlement(facts)])


def settlement(facts: list[Fact]) -> TradeSettled:
    return settled(next(iter(fold_trades(facts).values())))


@dataclass(frozen=True)
class Story:
    facts: list[Fact]
    choices: lots.Choices


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Opening lots, deposits, then orders that fill in parts and settle; some facts come twice."""
    opening = draw(
        st.lists(st.tuples(st.sampled_from(["AAA", "BBB"]), st.integers(1, 40)), min_size=1, max_size=5)
    )
    facts: list[Fact] = [deposited("d", "5000")]
    facts += [received(f"l{n}", shares, symbol=symbol) for n, (symbol, shares) in enumerate(opening)]
    choices = {}
    for n, (symbol, shares) in enumerate(opening):
        if draw(st.booleans()):
            order = OrderId(f"sell{n}")
            choices[order] = (choice(f"l{n}", shares),)
            facts += draw(parts(order, SELL, symbol, shares))
    for n in range(draw(st.integers(0, 3))):
        facts += draw(parts(OrderId(f"buy{n}"), Side.BUY, "AAA", draw(st.integers(1, 40))))
    trades = fold_trades(facts)
    facts += [settled(trade) for trade in trades.values() if draw(st.booleans())]
    again = draw(st.lists(st.sampled_from(facts), max_size=4))
    return Story([*facts, *again], choices)


@st.composite
def parts(draw: st.DrawFn, order: OrderId, side: Side, symbol: str, shares: int) -> list[OrderFilled]:
    first = draw(st.integers(1, shares))
    prices = st.decimals("1", "300", places=4)
    fills = []
    for n, quantity in enumerate(q for q in (first, shares - first) if q):
        price, fee = str(draw(prices)), str(draw(st.decimals("0", "2", places=2)))
        fills.append(
            filled(quantity, order=order, side=side, symbol=symbol, execution=f"e{n}", price=price, fee=fee)
        )
    return fills


def distinct(facts: list[Fact]) -> list[Fact]:
    return [fact for n, fact in enumerate(facts) if fact not in facts[:n]]


@given(stories())
@settings(max_examples=150, deadline=None)
def test_positions_are_opening_lots_and_signed_fills(story: Story) -> None:
    expected: dict[Symbol, Decimal] = {}
    for fact in distinct(story.facts):
        if isinstance(fact, LotReceived):
            expected[fact.symbol] = expected.get(fact.symbol, Decimal(0)) + fact.quantity
        if isinstance(fact, OrderFilled):
            signed = fact.quantity if fact.side is Side.BUY else -fact.quantity
            expected[fact.symbol] = expected.get(fact.symbol, Decimal(0)) + signed
    held = {symbol: shares for symbol, shares in expected.items() if shares}
    assert positions.fold(story.facts)[ACCOUNT].shares == held
    assert positions.of_lots(lots.fold(story.facts, story.choices)[ACCOUNT]) == held


@given(stories())
@settings(max_examples=150, deadline=None)
def test_a_second_copy_of_any_fact_changes_nothing(story: Story) -> None:
    once = distinct(story.facts)
    assert lots.fold(story.facts, story.choices) == lots.fold(once, story.choices)
    assert positions.fold(story.facts) == positions.fold(once)
    assert cash.fold(story.facts) == cash.fold(once)


@given(stories(), st.integers(0, 30))
@settings(max_examples=150, deadline=None)
def test_going_on_from_any_point_equals_the_whole(story: Story, point: int) -> None:
    lot_book = lots.fold(story.facts[:point], story.choices).get(ACCOUNT, lots.NO_LOTS)
    cash_book = cash.fold(story.facts[:point]).get(ACCOUNT, cash.NO_CASH)
    position_book = positions.fold(story.facts[:point]).get(ACCOUNT, positions.NO_POSITIONS)
    for fact in story.facts[point:]:
        lot_book = lots.apply(lot_book, fact, story.choices)
        cash_book = cash.apply(cash_book, fact)
        position_book = positions.apply(position_book, fact)
    assert lot_book == lots.fold(story.facts, story.choices)[ACCOUNT]
    assert cash_book == cash.fold(story.facts)[ACCOUNT]
    assert position_book == positions.fold(story.facts)[ACCOUNT]


@given(stories())
@settings(max_examples=150, deadline=None)
def test_cash_is_deposits_and_what_fills_moved_settled_or_not(story: Story) -> None:
    once = distinct(story.facts)
    moved = sum((cash_moved(fact) for fact in once if isinstance(fact, OrderFilled)), Decimal(0))
    put_in = sum((fact.amount for fact in once if isinstance(fact, CashDeposited)), Decimal(0))
    now = cash.on(one_cash(story.facts), date(2023, 1, 3), reserved=Decimal(0))
    assert now.settled + now.unsettled + now.held == put_in + moved


@given(stories())
@settings(max_examples=100, deadline=None)
def test_realised_proceeds_are_what_the_sales_brought(story: Story) -> None:
    sold = [f for f in distinct(story.facts) if isinstance(f, OrderFilled) and f.side is SELL]
    closed = one_lot(story.facts, story.choices).closed
    assert sum(c.sale.proceeds for c in closed) == sum(cash_moved(fill) for fill in sold)
