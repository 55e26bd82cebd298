"""How a simulated quote moves from the last real price: a seeded walk that comes back.

Rule 1: a pure function of seed, symbol and step: any process computes the same quote, in any order.
Rule 2: it starts at one, and stays within `BOUND` of one, so a walk alone never leaves a price band.
Rule 3: it is synthetic; whoever shows it says so.

The factor is the sum of four waves. Each wave goes in straight lines between seeded knots that are its period
apart, and its knot at step zero is zero. Knots are independent, so the walk returns to one.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from typing import Final

from core.errors import BadInput
from core.ids import Symbol

BOUND: Final = Decimal("0.003")
_WAVES: Final[tuple[tuple[int, Decimal], ...]] = (
    # period in steps, largest share of one
    (97, Decimal("0.0012")),
    (31, Decimal("0.0009")),
    (7, Decimal("0.0006")),
    (1, Decimal("0.0003")),
)
_MILLION: Final = 1_000_000
_EXPONENT: Final = Decimal("0.00000001")


def factor(seed: int, symbol: Symbol, step: int) -> Decimal:
    """What to multiply the last real price by, `step` ticks later; eight decimals.

    Raises:
        BadInput: `step` is negative.
    """
    if step < 0:
        raise BadInput(f"step {step!r} is before the walk begins", fix="count steps from zero", field="step")
    moved = sum((_wave(seed, symbol, step, period) * height for period, height in _WAVES), Decimal(0))
    return (1 + moved).quantize(_EXPONENT, rounding=ROUND_HALF_EVEN)


def _wave(seed: int, symbol: Symbol, step: int, period: int) -> Decimal:
    """From -1 to 1: on the straight line between the two knots around `step`."""
    before, into = divmod(step, period)
    left = _knot(seed, symbol, period, before)
    right = _knot(seed, symbol, period, before + 1)
    return Decimal(left * (period - into) + right * into) / (period * _MILLION)


def _knot(seed: int, symbol: Symbol, period: int, number: int) -> int:
    """From -1,000,000 to 1,000,000; zero at the beginning."""
    if number == 0:
        return 0
    drawn = sha256(f"walk/{seed}/{symbol}/{period}/{number}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % (2 * _MILLION + 1) - _MILLION
