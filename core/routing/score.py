"""What an order is expected to cost at a venue, all in, in dollars, and the score beside that. Pure.

Rule 1: the customer's total cost decides: price against the best quotes anywhere, fees by method, slippage
    against what is shown, what the custodian charges, less the price improvement that we have seen.
Rule 2: doubt whether it is executed at all, speed, failures and load count as dollars too, by weights that
    are versioned, and each of which has a written reason.
Rule 3: what a venue pays for our orders does not count. No input of this file could carry it.
Rule 4: what we have seen of a venue fades, and while it is little it is drawn toward what is known beforehand
    (`core.routing.tally`).
Source: FINRA Rule 5310(a)(1) and .09(b) (the factors of best execution).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from core.orders.events import Side
from core.routing.evidence import Asked, Candidate, QuoteSeen
from core.routing.rules import Rules, Weights
from core.routing.tally import RESTS, TAKES, Quality, Seen, credible
from core.venues.fees import BASIS_POINT, Liquidity

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_SECOND: Final = timedelta(seconds=1)
WHOLE_LOAD: Final = 100
"""Open orders at a venue that count as `load_bps` in full."""
HALF_FEES_BPS: Final = Decimal(5)
HALF_SPREAD_BPS: Final = Decimal(10)
HALF_LATENCY: Final = timedelta(milliseconds=100)
HALF_LOAD: Final = Decimal(100)
"""Where a part of the score is one half."""


class Cost(NamedTuple):
    """Dollars for the whole order. Negative saves money."""

    price: Decimal  # touch against the middle of the best quotes
    slippage: Decimal  # beyond the shown size
    fees: Decimal
    custodian: Decimal  # its ticket fee, and what it charges for trading away
    improvement: Decimal  # never above zero
    unfilled: Decimal  # the doubt that it is executed
    latency: Decimal
    failures: Decimal
    load: Decimal

    @property
    def expected(self) -> Decimal:
        """What the customer is expected to pay."""
        return self.price + self.slippage + self.fees + self.custodian + self.improvement

    @property
    def total(self) -> Decimal:
        """What is ranked: the expected cost, and what doubt, speed, failures and load are worth."""
        return self.expected + self.unfilled + self.latency + self.failures + self.load


class Score(NamedTuple):
    """Each part from 0 to 1, the better the higher; `whole` from 0 to 100."""

    fees: Decimal
    spread: Decimal
    latency: Decimal
    success: Decimal
    load: Decimal
    fill_quality: Decimal
    whole: Decimal


class Standing(NamedTuple):
    """What both the cost and the score of a venue ask of it."""

    takes: bool
    likelihood: Decimal
    improving: Decimal
    failing: Decimal
    seconds: Decimal


def standing(order: Asked, one: Candidate, quote: QuoteSeen, weights: Weights) -> Standing:
    takes = is_marketable(order.side, order.limit_price, quote)
    return Standing(
        takes,
        likelihood(one, weights, takes=takes),
        improving(one, weights),
        failing(one.seen, weights),
        _seconds(one.latency),
    )


def cost(
    order: Asked, one: Candidate, quote: QuoteSeen, known: Standing, *, fair: Decimal, rules: Rules
) -> Cost:
    """What the order is expected to cost there. `fair` is the price that is measured against.

    With Q shares, mid m, half spread h = (ask - bid)/2, value V = Q m, a basis point b = 0.0001:

        price        Q (touch - m) for what is done at once, 0 for what rests
        slippage     Q h max(Q/shown - 1, 0)/2: each further shown size costs another half spread at most,
                     on average half of it
        fees         the schedule's dollars a share and basis points, of the taker or of the maker
        custodian    the ticket fee, and the fee for trading away at that venue
        improvement  -Q h i, with i the credible mean of what executions saved, in half spreads
        unfilled     V b w (1 - p), with p the likelihood of execution
        latency      V b w t, with t the published seconds and those in line
        failures     V b w f, with f the credible share of sends without an answer
        load         V b w n/100, with n our orders that are open there

    Source: FINRA Rule 5310.09(b)(1), (3), (4), (5), (6) (price improvement, likelihood, speed, size, cost).
    """
    buys = order.side is Side.BUY
    touch, shown = (quote.ask, quote.ask_size) if buys else (quote.bid, quote.bid_size)
    takes = known.takes
    price = touch if takes or order.limit_price is None else order.limit_price
    half_spread = (quote.ask - quote.bid) / 2
    point = order.quantity * fair * BASIS_POINT
    weights = rules.weights
    quantity = order.quantity
    return Cost(
        price=quantity * ((price - fair) if buys else (fair - price)) if takes else _ZERO,
        slippage=quantity * half_spread * _beyond(quantity, shown) / 2 if takes else _ZERO,
        fees=rules.fees_at(one.venue, one.fees).expected(
            quantity=quantity, price=price, liquidity=Liquidity.TAKER if takes else Liquidity.MAKER
        ),
        custodian=order.ticket_fee + rules.trade_away_at(order.custodian, one.venue),
        improvement=-quantity * half_spread * known.improving if takes else _ZERO,
        unfilled=point * weights.unfilled_bps * (_ONE - known.likelihood),
        latency=point * weights.latency_bps * known.seconds,
        failures=point * weights.failure_bps * known.failing,
        load=point * weights.load_bps * one.seen.open_orders / WHOLE_LOAD,
    )


def score(
    order: Asked,
    one: Candidate,
    quote: QuoteSeen,
    known: Standing,
    *,
    fair: Decimal,
    found: Cost,
    rules: Rules,
) -> Score:
    """The same venue in parts that compare across orders; `whole` is their weighted mean, times 100.

    What grows without bound becomes h/(h + x), with h where that is one half: fees and spread in basis
    points, latency, open orders. Success is 1 - f; fill quality is p (1 + i)/2, with f, p and i as in `cost`.
    It does not rank: it decides between equal totals, and shows people what a venue is like.
    Source: FINRA Rule 5310.09(b); the hyperbolic form is ours: it is monotone and needs no scale of the rest.
    """
    weights = rules.weights
    value = order.quantity * fair
    parts = (
        (weights.score_fees, _fading(found.fees / value / BASIS_POINT, HALF_FEES_BPS)),
        (weights.score_spread, _fading((quote.ask - quote.bid) / fair / BASIS_POINT, HALF_SPREAD_BPS)),
        (weights.score_latency, _fading(known.seconds, HALF_LATENCY_S)),
        (weights.score_success, _ONE - known.failing),
        (weights.score_load, _fading(Decimal(one.seen.open_orders), HALF_LOAD)),
        (weights.score_fill_quality, known.likelihood * (1 + known.improving) / 2),
    )
    counts = sum(weight for weight, _ in parts) or 1
    whole = 100 * sum((weight * part for weight, part in parts), _ZERO) / counts
    return Score._make((*(part for _, part in parts), whole))


def is_marketable(side: Side, limit_price: Decimal | None, quote: QuoteSeen) -> bool:
    """Whether it would be done at once, and so pays as a taker."""
    if limit_price is None:
        return True
    return limit_price >= quote.ask if side is Side.BUY else limit_price <= quote.bid


def failing(seen: Seen, weights: Weights) -> Decimal:
    """The share of sends that we expect to go without an answer, from 0 to 1."""
    return credible(Decimal(seen.sends - seen.answered), Decimal(seen.sends), _ZERO, weights.trust_after)


def improving(one: Candidate, weights: Weights) -> Decimal:
    """How many half spreads an execution is expected to save there in that symbol, from 0 to 1."""

    def within(quality: Quality, before: Decimal) -> Decimal:
        return credible(quality.improvement, quality.executions, before, weights.trust_after)

    return min(max(within(one.here, within(one.overall, _ZERO)), _ZERO), _ONE)


def likelihood(one: Candidate, weights: Weights, *, takes: bool) -> Decimal:
    """The share of an order that we expect to be executed there in that symbol, from 0 to 1."""

    def within(quality: Quality, before: Decimal) -> Decimal:
        ended, filled = (
            (quality.taken, quality.taken_filled) if takes else (quality.rested, quality.rested_filled)
        )
        return credible(filled, ended, before, weights.trust_after)

    return within(one.here, within(one.overall, TAKES if takes else RESTS))


def _fading(value: Decimal, half: Decimal) -> Decimal:
    return half / (half + max(value, _ZERO))


def _beyond(quantity: Decimal, shown: Decimal) -> Decimal:
    """How many further shown sizes the order takes."""
    return max(quantity / shown - 1, _ZERO) if shown else quantity


@lru_cache(maxsize=256)
def _seconds(duration: timedelta) -> Decimal:
    return Decimal(duration // timedelta(microseconds=1)) / (_SECOND // timedelta(microseconds=1))


HALF_LATENCY_S: Final = _seconds(HALF_LATENCY)
