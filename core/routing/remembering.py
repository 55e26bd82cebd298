"""What the record says came of orders at their venues, for a worker that has seen nothing yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final

from core.fact import Fact
from core.ids import OrderId, Symbol, VenueName
from core.orders.events import Side
from core.orders.order import Fill
from core.routing.evidence import Asked, Evidence, QuoteSeen, evidence_read
from core.routing.score import is_marketable
from core.routing.tally import Tally

ENDS: Final = frozenset({"OrderCancelled", "OrderExpired", "OrderRejected"})
ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Remembered:
    """One execution (`improvement`) or one order that is over (`filled`, a fraction), at its moment."""

    venue: VenueName
    symbol: Symbol
    at: timedelta
    improvement: Decimal | None = None
    filled: Decimal | None = None
    took: bool = False


@dataclass(slots=True)
class _At:
    """An order where it was routed to."""

    evidence: Evidence
    quote: QuoteSeen
    done: Decimal = field(default=Decimal(0))

    def ended(self, at: timedelta) -> Remembered:
        asked = self.evidence.asked
        return Remembered(
            self.evidence.venue,
            asked.symbol,
            at,
            filled=min(self.done / asked.quantity, ONE),
            took=is_marketable(asked.side, asked.limit_price, self.quote),
        )


def remembered(facts: Iterable[tuple[Fact, timedelta]]) -> tuple[Remembered, ...]:
    """Of facts in the record's order, each with its moment. Orders without a routing are left out."""
    known: dict[OrderId, _At] = {}
    found: list[Remembered] = []
    for fact, at in facts:
        kind = fact.event_type()
        order: OrderId | None = getattr(fact, "order", None)
        if kind == "RouteRecorded":
            evidence = evidence_read(getattr(fact, "evidence", ""))
            quote = next(c.quote for c in evidence.candidates if c.venue == evidence.venue)
            if quote is not None:
                known[evidence.asked.order] = _At(evidence, quote)
        elif order is not None and order in known:
            here = known[order]
            if isinstance(fact, Fill):
                here.done += fact.quantity
                saved = improvement_of(here.evidence.asked, here.quote, fact.price)
                if saved is not None:
                    found.append(Remembered(fact.venue, fact.symbol, at, improvement=saved))
            if kind in ENDS or here.done >= here.evidence.asked.quantity:
                found.append(known.pop(order).ended(at))
    return tuple(found)


def improvement_of(asked: Asked, quote: QuoteSeen, price: Decimal) -> Decimal | None:
    """By how much of the half spread a price beat the quote. None where there was no spread to beat."""
    half_spread = (quote.ask - quote.bid) / 2
    if not half_spread:
        return None
    return (quote.ask - price if asked.side is Side.BUY else price - quote.bid) / half_spread


def recall(tally: Tally, what: Iterable[Remembered]) -> None:
    """Into a tally that is still empty."""
    for one in what:
        if one.improvement is not None:
            tally.executed(one.venue, one.symbol, one.improvement, at=one.at)
        if one.filled is not None:
            tally.ended(one.venue, one.symbol, one.filled, took=one.took, at=one.at)
