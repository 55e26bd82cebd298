"""The one exact answer to what a rebalance weighs.

Rule 1: whole numbers and fractions only, so that every machine comes to the same trades.
Rule 2: `core.plan.solver` says near which price of cash the answer lies; it is found exactly from there, and
where the two disagree by more than a hundred-thousandth of the account nothing is planned.

The problem is a quadratic one whose parts meet in cash and in the budget alone. For a given price of a dollar
of cash each holding answers by itself; what is raised grows with the price, what is bought falls, and the
price at which cash comes out even is found between two neighbouring corners. A budget is a weight on taxes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from core.errors import IntegrityLost
from core.ids import Symbol
from core.plan.solver import Guess, guess
from core.plan.weighing import RATE, Buying, Problem, Selling

MOST_STEPS: Final = 200
AGREE: Final = 100_000  # one part in so many of the account


@dataclass(frozen=True, slots=True)
class Settled:
    """Dollars in millionths, exact. `tax` is what the sales cost, less what losses save."""

    sold: Mapping[Symbol, Fraction]
    bought: Mapping[Symbol, Fraction]
    tax: Fraction


@dataclass(frozen=True, slots=True)
class _Price:
    """What a dollar of cash is worth, and how much a dollar of tax weighs; both over `whole`."""

    cash: int
    tax: int
    whole: int


def settle(problem: Problem) -> Settled | None:
    """The best there is; None where no sale keeps within the budget.

    Raises:
        IntegrityLost: the solver and the exact answer disagree. Nothing is planned.
    """
    if problem.budget is not None and least_tax(problem) > problem.budget:
        return None
    near = guess(problem)
    if near is None:
        return None
    found = _at(problem, _even(problem, Fraction(1), near.cash), Fraction(1))
    if problem.budget is not None and found.tax > problem.budget:
        within = _within(problem, Fraction(problem.budget), near)
        if within is None:
            return None
        found = within
    _same(problem, found, near)
    return found


def least_tax(problem: Problem) -> int:
    """The least tax of any answer: only what must be sold, and what saves tax. Millionths of a dollar."""
    whole = sum(_least_of(one) for one in problem.sells)
    return -(-whole // RATE)


def _least_of(one: Selling) -> int:
    saving = max((piece.end for piece in one.pieces if piece.tax < 0), default=0)
    return _tax(one, min(max(one.least, saving), one.most), 1)


def _within(problem: Problem, budget: Fraction, near: Guess) -> Settled | None:
    """Taxes weigh more and more, until they are as the budget has it."""
    if least_tax(problem) > budget:
        return None
    low, high = Fraction(1), max(near.tax, Fraction(2))
    over = _over(problem, low, near, budget)
    under = _over(problem, high, near, budget)
    while under > 0 and high < RATE:
        low, over, high = high, under, high * 4
        under = _over(problem, high, near, budget)
    side = 0
    for _ in range(MOST_STEPS):
        step = low + (high - low) * (over / (over - under) if over != under else Fraction(1, 2))
        left = _over(problem, step, near, budget)
        if left == 0 or high - low < Fraction(1, 10**9):
            break
        if left > 0:
            low, over = step, left
            under = under / 2 if side == 1 else under
            side = 1
        else:
            high, under = step, left
            over = over / 2 if side == -1 else over
            side = -1
    else:
        step = high
    return _at(problem, _even(problem, step, near.cash), step)


def _over(problem: Problem, weight: Fraction, near: Guess, budget: Fraction) -> Fraction:
    return _at(problem, _even(problem, weight, near.cash), weight).tax - budget


def _even(problem: Problem, weight: Fraction, near: Fraction) -> Fraction:
    """The price of cash at which it comes out even, between two neighbouring corners."""
    whole = weight.denominator * problem.value
    corners = sorted({*_corners(problem, weight)})
    corners = [corners[0] - 2 * RATE * whole, *corners, corners[-1] + 2 * RATE * whole]

    def left(place: int) -> int:
        return _uneven(problem, _Price(corners[place], weight.numerator * problem.value, whole))

    low, high = 0, len(corners) - 1
    start = min(max(bisect_left(corners, near * RATE * whole), 1), high - 1)
    for place in (start, start - 1):  # the solver is nearly always right: two looks instead of eight
        if low < place < high:
            low, high = (place, high) if left(place) < 0 else (low, place)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if left(middle) < 0 else (low, middle)
    below, above = left(low), left(high)
    if above == below:
        return Fraction(corners[high], whole)
    return Fraction(corners[low], whole) + Fraction(
        (corners[high] - corners[low]) * -below, whole * (above - below)
    )


def _corners(problem: Problem, weight: Fraction) -> list[int]:
    """Every price at which some holding's answer bends, over `weight.denominator * value`."""
    tax, whole, value = weight.numerator, weight.denominator, problem.value
    found = [-problem.floor * RATE * whole, -problem.ceiling * RATE * whole]
    for one in problem.sells:
        for piece in one.pieces:
            cost = (piece.tax * tax + one.cost * whole) * value
            ends = (piece.start, piece.end, one.least, one.most)
            found += [
                cost - (one.excess - end) * RATE * whole for end in ends if piece.start <= end <= piece.end
            ]
    for other in problem.buys:
        cost = -other.cost * whole * value
        found += [cost + (other.short - end) * RATE * whole for end in (other.least, other.most)]
    return found


def _uneven(problem: Problem, price: _Price) -> int:
    """Cash that is left over at that price: below zero, too little is raised."""
    scale = RATE * price.whole
    raised = sum(_sold(one, problem.value, price) for one in problem.sells)
    spent = sum(_bought(one, problem.value, price) for one in problem.buys)
    wanted = min(max(-price.cash * problem.value, problem.floor * scale), problem.ceiling * scale)
    return problem.cash * scale + raised - spent - wanted


def _sold(one: Selling, value: int, price: _Price) -> int:
    scale = RATE * price.whole
    amount = 0
    for piece in one.pieces:
        cost = piece.tax * price.tax + one.cost * price.whole
        wanted = one.excess * scale - (cost - price.cash) * value
        amount = min(max(wanted, piece.start * scale), piece.end * scale)
        if wanted < piece.end * scale:
            break
    return min(max(amount, one.least * scale), one.most * scale)


def _bought(one: Buying, value: int, price: _Price) -> int:
    scale = RATE * price.whole
    wanted = one.short * scale - (price.cash + one.cost * price.whole) * value
    return min(max(wanted, one.least * scale), one.most * scale)


def _tax(one: Selling, dollars: int, scale: int) -> int:
    """Of selling that much, in the pieces' order: over `scale` and RATE. The dollars are over `scale`."""
    return sum(
        piece.tax * (min(dollars, piece.end * scale) - piece.start * scale)
        for piece in one.pieces
        if dollars > piece.start * scale
    )


def _at(problem: Problem, cash: Fraction, weight: Fraction) -> Settled:
    whole = cash.denominator * weight.denominator
    price = _Price(cash.numerator * weight.denominator, weight.numerator * cash.denominator, whole)
    scale = RATE * whole
    sold = {one.symbol: _sold(one, problem.value, price) for one in problem.sells}
    bought = {one.symbol: _bought(one, problem.value, price) for one in problem.buys}
    return Settled(
        sold={symbol: Fraction(dollars, scale) for symbol, dollars in sold.items() if dollars},
        bought={symbol: Fraction(dollars, scale) for symbol, dollars in bought.items() if dollars},
        tax=Fraction(sum(_tax(one, sold[one.symbol], scale) for one in problem.sells), scale * RATE),
    )


def _same(problem: Problem, found: Settled, near: Guess) -> None:
    most = problem.value // AGREE + 10  # and what rounding the problem's own numbers may come to
    for ours, theirs in ((found.sold, near.sold), (found.bought, near.bought)):
        for symbol, dollars in theirs.items():
            exactly = ours.get(symbol, Fraction(0))
            if abs(exactly.numerator // exactly.denominator - dollars) > most:
                raise IntegrityLost(
                    f"the plan of {symbol} is {exactly.numerator // exactly.denominator} exactly and "
                    f"{dollars} by the solver, in millionths of a dollar",
                    fix="report it with the account's holdings; nothing is planned until it is understood",
                )
