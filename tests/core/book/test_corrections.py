"""What a venue takes back or corrects: in whatever order facts come, the books are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.book import cash, lots, positions
from core.fact import Fact
from core.ids import OrderId, Symbol
from core.orders import trade
from core.orders.corrections import Booked, Correction, TradeCorrected
from core.orders.cost import dollars_moved
from core.orders.events import OrderFilled, Side
from tests.core.facts import booked, busted, choice, corrected, deposited, filled, received
from tests.core.household import ACCOUNT

SELL, O1 = Side.SELL, OrderId("o1")
BOUGHT, SOLD = OrderId("bought"), OrderId("sold")
OPENING: list[Fact] = [deposited("d", "100000"), received("a", 40, cost="3"), received("b", 60, cost="7")]


def lots_of(facts: Sequence[Fact], choices: lots.Choices) -> lots.Lots:
    return lots.fold(facts, choices)[ACCOUNT]


def test_a_busted_sale_gives_the_last_lots_back_and_their_gain_was_none() -> None:
    sales: list[Fact] = [filled(n, side=SELL, execution=f"e{n}", price="10") for n in (30, 20)]
    choices = {O1: (choice("a", 40), choice("b", 60))}
    after = lots_of([*OPENING, *sales, busted(filled(20, side=SELL, execution="e20", price="10"))], choices)
    assert {(lot.id, lot.quantity) for lot in after.open} == {("a", Decimal(10)), ("b", Decimal(60))}
    assert [(part.lot, part.execution) for part in after.closed] == [("a", "e30")]


def test_a_lot_that_was_sold_whole_comes_back_as_it_was() -> None:
    sale = filled(40, side=SELL)
    after = lots_of([*OPENING, sale, busted(sale)], {O1: (choice("a", 40),)})
    before = lots_of(OPENING, {})
    assert sorted(after.open, key=lambda lot: lot.id) == sorted(before.open, key=lambda lot: lot.id)
    assert after.closed == ()


def test_a_corrected_purchase_has_its_new_cost_in_what_was_sold_of_it_since() -> None:
    buy = filled(10, order=BOUGHT, price="10")
    lot = lots.lot_id_for(BOUGHT, "e1")
    sale = filled(10, order=SOLD, side=SELL, price="15")
    dearer = booked(buy).model_copy(update={"price": Decimal(11)})
    after = lots_of([buy, sale, corrected(buy, dearer)], {SOLD: (choice(lot, 10),)})
    assert [part.sale.cost for part in after.closed] == [Decimal(110)]
    assert after.open == ()


def test_a_busted_purchase_that_was_sold_since_leaves_the_account_short_and_in_the_open() -> None:
    buy = filled(10, order=BOUGHT)
    lot = lots.lot_id_for(BOUGHT, "e1")
    facts: list[Fact] = [buy, filled(4, order=SOLD, side=SELL), busted(buy)]
    choices = {SOLD: (choice(lot, 10),)}
    after = lots_of(facts, choices)
    assert [(one.id, one.quantity) for one in after.open] == [(lot, Decimal(-4))]
    rest = filled(6, order=SOLD, side=SELL, execution="e2")  # the order was out already: it is booked
    assert positions.of_lots(lots_of([*facts, rest], choices)) == {"AAA": Decimal(-10)}
    assert positions.fold([*facts, rest])[ACCOUNT].shares == {"AAA": Decimal(-10)}


@dataclass(frozen=True)
class Told:
    """Executions and corrections of a purchase and a sale, each correction after what it names."""

    facts: tuple[OrderFilled | Correction, ...]
    another_order: tuple[OrderFilled | Correction, ...]


@st.composite
def stories(draw: st.DrawFn) -> Told:
    chains = [draw(chain(OrderId("buy"), Side.BUY, n)) for n in range(draw(st.integers(0, 3)))]
    chains += [draw(chain(O1, SELL, n)) for n in range(draw(st.integers(1, 4)))]
    return Told(draw(shuffled(chains)), draw(shuffled(chains)))


@st.composite
def chain(draw: st.DrawFn, order: OrderId, side: Side, n: int) -> list[OrderFilled | Correction]:
    day = draw(st.sampled_from(["2022-12-29", "2022-12-30"]))
    shares = draw(st.integers(1, 25))
    price = str(draw(st.decimals("1", "99", places=3)))
    fill = filled(shares, order=order, side=side, execution=f"e{n}", price=price, fee="0.10", trade_date=day)
    facts: list[OrderFilled | Correction] = [fill]
    stands = booked(fill)
    for revision in range(1, draw(st.integers(1, 3))):
        now = Booked(
            quantity=Decimal(draw(st.integers(1, shares))),
            price=draw(st.decimals("1", "99", places=3)),
            fee=draw(st.decimals("0", "1", places=2)),
        )
        facts.append(corrected(fill, now, revision, stands))
        stands = now
    if draw(st.booleans()):
        facts.append(busted(fill, len(facts), stands))
    return facts


@st.composite
def shuffled(
    draw: st.DrawFn, chains: Sequence[Sequence[OrderFilled | Correction]]
) -> tuple[OrderFilled | Correction, ...]:
    left = [list(one) for one in chains]
    facts = []
    while left := [one for one in left if one]:
        facts.append(draw(st.sampled_from(left)).pop(0))
    return tuple(facts)


def closed(book: lots.Lots) -> set[tuple[str, str, Decimal, Decimal, Decimal]]:
    return {
        (part.lot, part.execution, part.sale.quantity, part.sale.proceeds, part.sale.cost)
        for part in book.closed
    }


CHOICES = {O1: (choice("a", 40), choice("b", 60))}


@given(stories())
@settings(max_examples=120, deadline=None)
def test_the_same_facts_in_another_order_give_the_same_books(told: Told) -> None:
    one, other = ([*OPENING, *facts] for facts in (told.facts, told.another_order))
    first, second = lots_of(one, CHOICES), lots_of(other, CHOICES)
    assert {lot.id: lot for lot in first.open} == {lot.id: lot for lot in second.open}
    assert closed(first) == closed(second)
    assert cash.fold(one)[ACCOUNT].unsettled == cash.fold(other)[ACCOUNT].unsettled
    assert positions.fold(one)[ACCOUNT].shares == positions.fold(other)[ACCOUNT].shares
    assert trade.fold(one) == trade.fold(other)


@given(stories())
@settings(max_examples=120, deadline=None)
def test_the_books_are_what_each_execution_stands_at(told: Told) -> None:
    stands: dict[tuple[OrderId, str], OrderFilled | Correction] = {}
    for fact in told.facts:
        stands[fact.order, fact.execution] = fact
    shares, dollars = Decimal(100), Decimal(0)
    for fact in stands.values():
        now = (
            fact.now if isinstance(fact, TradeCorrected) else fact if isinstance(fact, OrderFilled) else None
        )
        if now is not None:
            shares += now.quantity if fact.side is Side.BUY else -now.quantity
            dollars += dollars_moved(fact.side, now)
    facts = [*OPENING, *told.facts]
    held = {Symbol("AAA"): shares} if shares else {}
    assert positions.fold(facts)[ACCOUNT].shares == held
    assert positions.of_lots(lots_of(facts, CHOICES)) == held
    money = cash.on(cash.fold(facts)[ACCOUNT], date(2022, 12, 30), reserved=Decimal(0))
    assert money.unsettled == dollars
    assert money.settled == Decimal(100000)


@given(stories())
@settings(max_examples=60, deadline=None)
def test_a_second_copy_of_a_correction_changes_nothing(told: Told) -> None:
    twice = [*OPENING, *told.facts, *told.facts]
    once = [*OPENING, *told.facts]
    assert lots.fold(twice, CHOICES) == lots.fold(once, CHOICES)
    assert cash.fold(twice) == cash.fold(once)
    assert positions.fold(twice) == positions.fold(once)
    assert trade.fold(twice) == trade.fold(once)
