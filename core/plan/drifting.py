"""The drift of a whole book at once: the figures of `core.plan.drift`, to the last digit, by numpy.

Rule 1: shares and prices go in as whole thousandths, and values are whole millionths of a dollar: exact. A
weight is divided in binary, and where that lies near half a step it is divided again in whole numbers.
Rule 2: an account with finer figures, with something that stands in for another holding, or without a price,
a model or a value, is not in the columns: `left` names it, and it is asked by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from core.book.picture import Account, Market
from core.ids import AccountId, Symbol
from core.plan.drift import shares_of

STEPS: Final = 10**6  # of a weight: six decimals, as `core.plan.drift` has them
THOUSANDTHS: Final = 1000
MOST: Final = 2**62
NEAR: Final = STEPS  # a tie is looked at again where it is nearer than one part in so many
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Columns:
    """One row an account, one column a symbol; cash stands last, in shares of a dollar. Targets in steps."""

    accounts: tuple[AccountId, ...]
    symbols: tuple[Symbol, ...]
    shares: Any
    prices: Any
    targets: Any
    left: tuple[AccountId, ...]


def columns(accounts: Sequence[Account], market: Market) -> Columns:
    """The accounts side by side. A holding that an account has not is a zero, and so is its target."""
    symbols = sorted(
        {lot.symbol for account in accounts for lot in account.lots}
        | {symbol for account in accounts if account.model for symbol in account.model.weights}
    )
    priced = [symbol for symbol in symbols if symbol in market.prices]
    prices = [_whole(market.prices[symbol].price, THOUSANDTHS) for symbol in priced]
    listed = {symbol: n for n, symbol in enumerate(priced) if prices[n] is not None}
    rows: list[tuple[AccountId, list[int], list[int]]] = []
    left = []
    for account in accounts:
        row = _row(account, listed, prices)
        if row is None:
            left.append(account.id)
        else:
            rows.append((account.id, *row))
    return Columns(
        accounts=tuple(account for account, _, _ in rows),
        symbols=tuple(priced),
        shares=np.array([shares for _, shares, _ in rows], dtype=np.int64).reshape(
            len(rows), len(priced) + 1
        ),
        prices=np.array([*(price or 0 for price in prices), THOUSANDTHS], dtype=np.int64),
        targets=np.array([targets for _, _, targets in rows], dtype=np.int64).reshape(
            len(rows), len(priced) + 1
        ),
        left=tuple(left),
    )


def largest_drifts(of: Columns) -> Any:
    """The largest deviation of each account, in steps of a weight: what `largest_drift` says of each."""
    values = of.shares * of.prices
    return np.abs(_weights(values, values.sum(axis=1)) - of.targets).max(axis=1)


def _weights(values: Any, totals: Any) -> Any:
    exactly = values * (np.float64(STEPS) / totals)[:, None]
    steps = np.rint(exactly)
    near = np.abs(np.abs(exactly - steps) * 2 - 1) < np.float64(1) / NEAR
    weights = steps.astype(np.int64)
    if near.any():
        for row, column in np.argwhere(near):
            weights[row, column] = _half_even(int(values[row, column]) * STEPS, int(totals[row]))
    return weights


def _half_even(number: int, by: int) -> int:
    whole, rest = divmod(number, by)
    return whole + (2 * rest > by or (2 * rest == by and whole % 2 == 1))


def _row(
    account: Account, listed: Mapping[Symbol, int], prices: Sequence[int | None]
) -> tuple[list[int], list[int]] | None:
    model = account.model
    held = shares_of(account)
    if model is None or account.stands_for or any(symbol not in listed for symbol in held):
        return None
    cash = account.cash
    shares, targets = [0] * (len(prices) + 1), [0] * (len(prices) + 1)
    pairs = [*held.items(), (None, cash.settled + cash.unsettled + cash.held)]
    worth = 0
    for symbol, quantity in pairs:
        at = len(prices) if symbol is None else listed[symbol]
        whole = _whole(quantity, THOUSANDTHS)
        if whole is None:
            return None
        shares[at] = whole
        worth += whole * (THOUSANDTHS if symbol is None else prices[at] or 0)
    for symbol, weight in [*model.weights.items(), (None, model.cash_weight)]:
        at = len(prices) if symbol is None else listed.get(symbol, -1)
        steps = _whole(weight, STEPS)
        if at < 0 or steps is None:
            return None
        targets[at] = steps
    return (shares, targets) if 0 < worth < MOST else None


def _whole(number: Decimal, by: int) -> int | None:
    """So many parts; None where they are not whole, or too many to be counted on with."""
    parts = number * by
    return int(parts) if parts == parts.to_integral_value() and abs(parts) < MOST else None
