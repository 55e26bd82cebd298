"""The synthetic book: never outside the limit, never more than is open, and always to the last share."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from core.ids import Symbol
from core.market.walk import factor
from core.venues.simulated.book import Book, Maker, Resting
from core.venues.simulated.characters import CHARACTERS
from core.venues.simulated.listings import Listing

LISTING: Final = Listing(
    Symbol("AAPL"), Decimal("125.67"), Decimal("0.01"), Decimal(20_000_000), Decimal("2")
)
BOOK: Final = Book(
    bid=Decimal("99.98"),
    ask=Decimal("100.02"),
    bid_size=Decimal(100),
    ask_size=Decimal(100),
    last=Decimal(100),
    tick=Decimal("0.01"),
)
names = st.sampled_from(sorted(CHARACTERS))


def maker(name: str, seed: int = 7) -> Maker:
    return Maker(name, CHARACTERS[name], seed, factor)


@st.composite
def orders(draw: st.DrawFn) -> Resting:
    quantity = Decimal(draw(st.integers(1, 200_000))) / draw(st.sampled_from([1, 1000]))
    limit = draw(st.none() | st.integers(9990, 10010).map(lambda cents: Decimal(cents) / 100))
    return Resting(
        id=draw(st.uuids()).hex,
        buys=draw(st.booleans()),
        quantity=quantity,
        limit=limit,
        executed=Decimal(0),
        pieces=0,
        rested=draw(st.booleans()),
    )


@given(names, orders())
def test_every_piece_is_inside_the_limit_and_they_add_up(name: str, order: Resting) -> None:
    for _ in range(5000):
        piece = maker(name).next_piece(order, BOOK)
        if piece is None:
            assert order.limit is not None
            assert order.limit < BOOK.ask if order.buys else order.limit > BOOK.bid
            return
        assert 0 < piece.quantity <= order.left
        assert piece.price > 0
        if order.limit is not None:
            assert piece.price <= order.limit if order.buys else piece.price >= order.limit
        executed = order.executed + piece.quantity
        order = replace(order, executed=executed, pieces=order.pieces + 1)
        if not order.left:
            return
    raise AssertionError("never done")


def test_what_goes_beyond_the_shown_size_costs_ticks_but_never_the_limit() -> None:
    order = Resting("gh-1", True, Decimal(1000), Decimal("100.03"), Decimal(700), 7, rested=False)
    deep = replace(order, limit=None)
    worst = max(
        piece.price
        for pieces in range(20)
        if (piece := maker("BOREAL").next_piece(replace(deep, pieces=pieces), BOOK)) is not None
    )
    assert worst == Decimal("100.07")  # five ticks at most
    limited = maker("BOREAL").next_piece(order, BOOK)
    assert limited is not None
    assert limited.price <= Decimal("100.03")


@given(names, st.integers(0, 10_000), st.integers(-50, 50))
def test_a_book_is_two_sided_and_on_the_tick(name: str, step: int, shift: int) -> None:
    book = maker(name).book(LISTING, step=step, shift_percent=Decimal(shift))
    assert 0 < book.bid < book.ask
    assert book.bid % LISTING.tick == book.ask % LISTING.tick == 0
    assert book.bid_size >= 100


def test_same_seed_same_book_and_another_seed_another() -> None:
    first = [maker("ARCADIA").book(LISTING, step=step, shift_percent=Decimal(0)) for step in range(20)]
    again = [maker("ARCADIA").book(LISTING, step=step, shift_percent=Decimal(0)) for step in range(20)]
    other = [maker("ARCADIA", 8).book(LISTING, step=step, shift_percent=Decimal(0)) for step in range(20)]
    assert first == again != other


def test_the_three_venues_differ_in_price_size_and_fee() -> None:
    books = {name: maker(name).book(LISTING, step=3, shift_percent=Decimal(0)) for name in sorted(CHARACTERS)}
    assert len({book.ask_size for book in books.values()}) == 3
    assert len({character.fees for character in CHARACTERS.values()}) == 3
    assert len({character.latency for character in CHARACTERS.values()}) == 3
