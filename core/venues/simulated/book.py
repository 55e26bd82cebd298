"""The synthetic book around a real close: what is quoted, and how much of an order is done next. Pure.

Rule 1: the middle is the last real close, moved by the firm-wide seeded walk, a control's shift and a venue's
    own few hundredths of a percent. Spread and size come from the instrument and the venue's character.
Rule 2: an execution is never outside the order's limit, and never for more than is open.
Rule 3: an order takes what is shown; what goes beyond the shown size costs a tick more per size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from core.ids import Symbol
from core.money import WHOLE_SHARE
from core.venues.fees import BASIS_POINT, Liquidity
from core.venues.simulated.chance import draw
from core.venues.simulated.characters import Character
from core.venues.simulated.listings import Listing

Walk = Callable[[int, Symbol, int], Decimal]
"""Seed, symbol, step: what to multiply the last real close by."""

SUB_PENNY: Final = Decimal("0.0001")  # an improved price may stand between ticks
SMALLEST_SIZE: Final = Decimal(100)
_MOST_TICKS: Final = 5
_OWN_BPS: Final = 3  # the venue's own offset: up to this many tenths of a basis point either way


@dataclass(frozen=True, slots=True)
class Book:
    """Best prices in dollars, sizes in shares."""

    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal
    tick: Decimal


@dataclass(frozen=True, slots=True)
class Resting:
    """What of an order matters here. `executed` shares are done, in `pieces` executions."""

    id: str
    buys: bool
    quantity: Decimal
    limit: Decimal | None
    executed: Decimal
    pieces: int
    rested: bool

    @property
    def left(self) -> Decimal:
        return self.quantity - self.executed


@dataclass(frozen=True, slots=True)
class Piece:
    quantity: Decimal
    price: Decimal
    liquidity: Liquidity


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes a venue's books: everything that does not change from quote to quote."""

    venue: str
    character: Character
    seed: int
    walk: Walk

    def book(self, listing: Listing, *, step: int, shift_percent: Decimal) -> Book:
        own = Decimal(draw(self.seed, 2 * _OWN_BPS + 1, "own", self.venue, listing.symbol, step) - _OWN_BPS)
        last = listing.close * self.walk(self.seed, listing.symbol, step) * (1 + shift_percent / 100)
        middle = last * (1 + own / 10 * BASIS_POINT)
        half = middle * listing.spread_bps * self.character.spread_factor * BASIS_POINT / 2
        bid = _to_tick(middle - half, listing.tick, ROUND_FLOOR)
        ask = max(_to_tick(middle + half, listing.tick, ROUND_CEILING), bid + listing.tick)
        return Book(
            bid=bid,
            ask=ask,
            bid_size=self._size(listing, "bid", step),
            ask_size=self._size(listing, "ask", step),
            last=_to_tick(last, listing.tick, ROUND_HALF_EVEN),
            tick=listing.tick,
        )

    def _size(self, listing: Listing, side: str, step: int) -> Decimal:
        usual = listing.average_daily_volume * self.character.depth_bps * BASIS_POINT
        percent = 50 + draw(self.seed, 101, "size", self.venue, listing.symbol, side, step)
        return max(SMALLEST_SIZE, (usual * percent / 100).quantize(WHOLE_SHARE, rounding=ROUND_FLOOR))

    def next_piece(self, order: Resting, book: Book) -> Piece | None:
        """What is done of the order now; None while its limit keeps it out."""
        touch = book.ask if order.buys else book.bid
        if order.limit is not None and (touch > order.limit if order.buys else touch < order.limit):
            return None
        quantity = self._quantity(order, book)
        if order.rested and order.limit is not None:
            return Piece(quantity, order.limit, Liquidity.MAKER)
        return Piece(quantity, self._price(order, book, touch), Liquidity.TAKER)

    def _quantity(self, order: Resting, book: Book) -> Decimal:
        parts = 1 + draw(self.seed, self.character.parts, "parts", order.id)
        even = (order.quantity / parts).quantize(WHOLE_SHARE, rounding=ROUND_CEILING)
        shown = book.ask_size if order.buys else book.bid_size
        most = min(even, shown)
        return order.left if order.left - most < WHOLE_SHARE else most

    def _price(self, order: Resting, book: Book, touch: Decimal) -> Decimal:
        toward_worse = 1 if order.buys else -1
        shown = book.ask_size if order.buys else book.bid_size
        levels = min(order.executed // shown, Decimal(_MOST_TICKS))
        price = max(touch + toward_worse * levels * book.tick, book.tick)
        if order.limit is not None:
            price = min(price, order.limit) if order.buys else max(price, order.limit)
        if draw(self.seed, 100, "improve", order.id, order.pieces) < self.character.improvement_percent:
            half = (book.ask - book.bid) / 2
            better = (half * self.character.improvement_fraction).quantize(SUB_PENNY, rounding=ROUND_FLOOR)
            price -= toward_worse * better
        return price


def _to_tick(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return max((price / tick).quantize(WHOLE_SHARE, rounding=rounding), Decimal(1)) * tick
