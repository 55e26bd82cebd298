"""What an order over time came to, against the average of what its parts met when they left (TWAP). Pure.

Rule 1: the benchmark is the plain mean of the parts' arrival prices: each part has one vote, whatever it was
    for. It is of the parts that were routed so far.
Rule 2: what the parts came to is weighted by their shares. Signs are the customer's, as in `quality`.
Rule 3: no rule asks for this measure. It is the order's own plan, equal parts over time, in dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from core.orders.events import Side
from core.routing.quality import HUNDREDTH, STEP, ZERO, Measured
from core.venues.fees import BASIS_POINT


@dataclass(frozen=True, slots=True)
class Whole:
    """`parts` that people decided on, `out` of them that were routed. Dollars per share; `over_bps` by how
    much the average is worse than the benchmark. Each None while nothing is executed."""

    parts: int
    out: int
    quantity: Decimal
    executed: Decimal
    benchmark: Decimal
    average_price: Decimal | None
    over_bps: Decimal | None


def over_time(side: Side, quantity: Decimal, parts: int, routed: Sequence[Measured]) -> Whole:
    """The order by those of its parts that were routed: one at least."""
    benchmark = sum((one.arrival for one in routed), ZERO) / len(routed)
    executed = sum((one.executed for one in routed), ZERO)
    paid = sum((one.executed * one.average_price for one in routed if one.average_price is not None), ZERO)
    average = paid / executed if executed else None
    sign = 1 if side is Side.BUY else -1
    worse = None if average is None else sign * (average - benchmark) / benchmark / BASIS_POINT
    return Whole(
        parts=parts,
        out=len(routed),
        quantity=quantity,
        executed=executed,
        benchmark=benchmark.quantize(STEP, ROUND_HALF_EVEN),
        average_price=None if average is None else average.quantize(STEP, ROUND_HALF_EVEN),
        over_bps=None if worse is None else worse.quantize(HUNDREDTH, ROUND_HALF_EVEN),
    )
