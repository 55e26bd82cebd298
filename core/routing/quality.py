"""What an order's execution came to, against what was known when it was routed. Pure.

Rule 1: measured against the arrival price: the middle of the best quotes at the first routing. Later
    choices do not move it.
Rule 2: signs are the customer's: a positive shortfall is a cost, a positive improvement a gain, either side.
Rule 3: nothing is stored that can be derived: a bust or a correction of a fill changes the answer.
Rule 4: what the record does not hold is not measured. A remainder that was never executed has no price there.
Source: Perold, "The implementation shortfall: paper versus reality", Journal of Portfolio Management 14
    (1988), 4-9; 17 CFR 242.600(b) (average effective spread), 242.605(a)(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from core.ids import VenueName
from core.orders.events import Side
from core.orders.order import Fill
from core.routing.evidence import Evidence
from core.routing.score import is_marketable
from core.venues.fees import BASIS_POINT

ZERO: Final = Decimal(0)
STEP: Final = Decimal("0.000001")
HUNDREDTH: Final = Decimal("0.01")
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Filled:
    """One execution, and when the record had it."""

    fact: Fill
    at: datetime


@dataclass(frozen=True, slots=True)
class Loser:
    """A venue that was not chosen. Dollars: `expected` there for the whole order, `over_chosen` by how
    much that is more than was expected of the chosen one, `over_actual` than the executed shares came to, in
    proportion. Each None where it was filtered, the last also while nothing is executed."""

    venue: VenueName
    says: str
    expected: Decimal | None
    over_chosen: Decimal | None
    over_actual: Decimal | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Prices are dollars per share, amounts dollars of the executed shares. None while nothing is executed.

    `shortfall` is `price_cost + fees`, with price_cost = sum of q (p - arrival), signed by the side;
    `shortfall_bps` is it over executed shares at the arrival price. `effective_spread` is twice the signed
    distance of the average price from the arrival. `improvement` is against the best quote of the far side.
    `waited_ms` is share-weighted, from the first routing to each execution, by the record's own clock.
    """

    arrival: Decimal
    quoted_spread: Decimal
    marketable: bool
    quantity: Decimal
    executed: Decimal
    average_price: Decimal | None
    fees: Decimal
    price_cost: Decimal | None
    shortfall: Decimal | None
    shortfall_bps: Decimal | None
    effective_spread: Decimal | None
    improvement: Decimal | None
    shares_improved: Decimal
    shares_at_quote: Decimal
    shares_outside: Decimal
    waited_ms: int | None
    losers: tuple[Loser, ...]


def measured(first: Evidence, newest: Evidence, routed_at: datetime, fills: Sequence[Filled]) -> Measured:
    """An order by its first and its newest routing. `routed_at` is of the first."""
    buys = first.asked.side is Side.BUY
    sign = 1 if buys else -1
    touch = first.ask if buys else first.bid
    executed = sum((one.fact.quantity for one in fills), ZERO)
    fees = sum((one.fact.fee for one in fills), ZERO)
    paid = sum((one.fact.quantity * one.fact.price for one in fills), ZERO)
    price_cost = sign * (paid - executed * first.arrival)
    shortfall = price_cost + fees
    better = [one.fact for one in fills if sign * (touch - one.fact.price) > 0]
    worse = [one.fact for one in fills if sign * (touch - one.fact.price) < 0]
    improved, outside = (sum((fact.quantity for fact in each), ZERO) for each in (better, worse))
    done = executed > 0
    return Measured(
        arrival=first.arrival,
        quoted_spread=first.ask - first.bid,
        marketable=_marketable(newest),
        quantity=newest.asked.quantity,
        executed=executed,
        average_price=_step(paid / executed) if done else None,
        fees=fees,
        price_cost=_step(price_cost) if done else None,
        shortfall=_step(shortfall) if done else None,
        shortfall_bps=_cents(shortfall / (executed * first.arrival) / BASIS_POINT) if done else None,
        effective_spread=_step(2 * sign * (paid / executed - first.arrival)) if done else None,
        improvement=_step(sign * (executed * touch - paid)) if done else None,
        shares_improved=improved,
        shares_at_quote=executed - improved - outside,
        shares_outside=outside,
        waited_ms=_waited_ms(routed_at, fills, executed) if done else None,
        losers=_losers(newest, executed, shortfall),
    )


def _losers(newest: Evidence, executed: Decimal, shortfall: Decimal) -> tuple[Loser, ...]:
    part = executed / newest.asked.quantity
    return tuple(
        Loser(
            venue=one.venue,
            says=one.says,
            expected=None if one.expected is None else _cents(one.expected),
            over_chosen=None if one.over_chosen is None else _cents(one.over_chosen),
            over_actual=None
            if one.expected is None or not executed
            else _cents(one.expected * part - shortfall),
        )
        for one in newest.ranked
        if one.venue != newest.venue
    )


def _marketable(evidence: Evidence) -> bool:
    asked = evidence.asked
    quote = next((one.quote for one in evidence.candidates if one.venue == evidence.venue), None)
    return quote is not None and is_marketable(asked.side, asked.limit_price, quote)


def _waited_ms(since: datetime, fills: Sequence[Filled], executed: Decimal) -> int:
    waited = sum((one.fact.quantity * ((one.at - since) // _MILLISECOND) for one in fills), ZERO)
    return int((waited / executed).to_integral_value(ROUND_HALF_EVEN))


def _cents(number: Decimal) -> Decimal:
    return number.quantize(HUNDREDTH, ROUND_HALF_EVEN)


def _step(number: Decimal) -> Decimal:
    return number.quantize(STEP, ROUND_HALF_EVEN)
