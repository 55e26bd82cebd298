"""What the market could do to a household's holdings, told from what it did.

Rule 1: history is applied to today's holdings: nothing is assumed about how returns are spread.
Rule 2: value at risk is the loss that so many days in a hundred did not exceed: of n losses in order, the one
at place ceil(n * confidence). Expected shortfall is the mean of the losses from there on.
Rule 3: contributions add up to the expected shortfall: each holding's own mean loss on those days.
Rule 4: a stress window is a named stretch of history; what has no close at both ends is left out, and said.
Source: P. Jorion, Value at Risk, historical simulation; Acerbi and Tasche, On the coherence of expected
shortfall, 2002.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

import numpy as np

from core.book.picture import Account, Market
from core.errors import BadInput
from core.ids import Symbol
from core.market.closes import closes
from core.money import to_cents
from core.plan.series import STEP, History, dollars, history, worth_by_symbol

LOOK_BACK: Final = timedelta(days=2 * 365)
FEWEST: Final = 60


@dataclass(frozen=True, slots=True)
class Window:
    """A named stretch: the last close before it fell, and the lowest."""

    name: str
    start: date
    end: date


WINDOWS: Final = (
    Window("Russian default and LTCM, 1998", date(1998, 7, 17), date(1998, 8, 31)),
    Window("Dot-com fall, 2000 to 2002", date(2000, 3, 24), date(2002, 10, 9)),
    Window("Financial crisis, 2007 to 2009", date(2007, 10, 9), date(2009, 3, 9)),
    Window("US downgrade, 2011", date(2011, 7, 22), date(2011, 8, 8)),
    Window("Fourth quarter, 2018", date(2018, 9, 20), date(2018, 12, 24)),
    Window("Covid, 2020", date(2020, 2, 19), date(2020, 3, 23)),
    Window("Rates, 2022", date(2022, 1, 3), date(2022, 10, 12)),
)
"""Peaks and troughs of the S&P 500 by its closes, but for 2011, which begins where the fall did."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Dollars lost in one day, positive. `days` is how many were looked at. `contributions` add up to the
    expected shortfall, the largest first; `left_out` has no history."""

    confidence: Decimal
    days: int
    since: date
    until: date
    value: Decimal
    value_at_risk: Decimal
    expected_shortfall: Decimal
    contributions: tuple[tuple[Symbol, Decimal], ...]
    left_out: Mapping[Symbol, Decimal]


@dataclass(frozen=True, slots=True)
class Stress:
    """What that stretch would do to today's holdings: dollars, and a fraction of what has a history."""

    window: Window
    change: Decimal
    fraction: Decimal
    by_symbol: tuple[tuple[Symbol, Decimal], ...]
    left_out: Mapping[Symbol, Decimal]


def risk(accounts: Sequence[Account], market: Market, *, confidence: Decimal) -> Risk:
    """One-day loss by two years of history up to the session before.

    Raises:
        BadInput: confidence is no fraction, or fewer than sixty days are known for all that is held.
    """
    if not Decimal("0.5") <= confidence < 1:
        raise BadInput(
            f"confidence {confidence} is not from 0.5 to below 1", fix="ask for 0.95", field="confidence"
        )
    until = min(market.previous_session, closes().last_session())
    seen = history(accounts, market, since=until - LOOK_BACK, until=until)
    if len(seen.days) < FEWEST:
        raise BadInput(
            f"{len(seen.days)} days of prices are known for all of these holdings, and it takes {FEWEST}",
            fix="ask about another household",
            field="account",
        )
    return of_history(seen, confidence, total=sum(worth_by_symbol(accounts, market).values(), Decimal(0)))


def of_history(seen: History, confidence: Decimal, *, total: Decimal) -> Risk:
    """The same, of returns that are given."""
    each = -seen.returns * seen.dollars
    losses = each.sum(axis=1)
    order = np.argsort(losses, kind="stable")
    place = _place(len(losses), confidence)
    tail = order[place - 1 :]
    by_holding = each[tail].mean(axis=0)
    listed = [(symbol, dollars(by_holding[n])) for n, symbol in enumerate(seen.symbols)]
    return Risk(
        confidence=confidence,
        days=len(losses),
        since=seen.days[0],
        until=seen.days[-1],
        value=to_cents(total),
        value_at_risk=dollars(losses[order[place - 1]]),
        expected_shortfall=dollars(losses[tail].mean()),
        contributions=tuple(sorted(listed, key=lambda one: (-one[1], one[0]))),
        left_out=seen.left_out,
    )


def stress(accounts: Sequence[Account], market: Market) -> tuple[Stress, ...]:
    """Every named window, oldest first; a window for which nothing that is held has prices is not told."""
    held = worth_by_symbol(accounts, market)
    known = set(closes().symbols())
    found = []
    for window in WINDOWS:
        moves = {s: move for s in held if s in known and (move := _move(s, window)) is not None}
        if moves:
            found.append(_stress(window, held, moves))
    return tuple(found)


def _stress(window: Window, held: Mapping[Symbol, Decimal], moves: Mapping[Symbol, Decimal]) -> Stress:
    changes = {symbol: held[symbol] * move for symbol, move in moves.items()}
    whole = sum((held[symbol] for symbol in moves), Decimal(0))
    change = sum(changes.values(), Decimal(0))
    return Stress(
        window=window,
        change=to_cents(change),
        fraction=(change / whole).quantize(STEP) if whole else Decimal(0),
        by_symbol=tuple(
            (symbol, to_cents(part))
            for symbol, part in sorted(changes.items(), key=lambda one: (one[1], one[0]))
        ),
        left_out={symbol: to_cents(worth) for symbol, worth in sorted(held.items()) if symbol not in moves},
    )


def _move(symbol: Symbol, window: Window) -> Decimal | None:
    series = closes().series(symbol, since=window.start, until=window.end)
    if not series or series[0][0] != window.start or series[-1][0] != window.end:
        return None
    return series[-1][1] / series[0][1] - 1


def _place(count: int, confidence: Decimal) -> int:
    """From one: the smallest loss that at least that share of the days did not exceed."""
    return max(int((confidence * count).to_integral_value(ROUND_CEILING)), 1)
