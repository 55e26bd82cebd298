"""How far an account is from its model.

Rule 1: weights are fractions of the account's whole value, all cash included.
Rule 2: what is held outside the model has a target of nothing.
Rule 3: an account without a model, or without value, has no drift.
Rule 4: a holding is out of tolerance where it is further off than the narrower of its model's two bands.
    Cash, and what the model does not hold, have the band of the account alone.
Rule 5: what stands in for a holding that was sold at a loss counts as that holding until its window ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from core.book.picture import Account, Market, Picture, value
from core.errors import WorldFailed
from core.ids import AccountId, Symbol

CASH: Final = "cash"
WEIGHT_STEP: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Drift:
    """One holding against its target. `points` are percentage points, positive where too much is held."""

    symbol: str  # "cash" for cash
    weight: Decimal
    target: Decimal
    points: Decimal


def shares_of(account: Account) -> dict[Symbol, Decimal]:
    """All its shares by symbol, in one pass."""
    found: dict[Symbol, Decimal] = {}
    for lot in account.lots:
        found[lot.symbol] = found.get(lot.symbol, Decimal(0)) + lot.quantity
    return found


def weight_of(dollars: Decimal, total: Decimal) -> Decimal:
    """A fraction at six decimals, half to even; nothing of nothing is nothing."""
    return (dollars / total).quantize(WEIGHT_STEP, rounding=ROUND_HALF_EVEN) if total else Decimal(0)


def drift(account: Account, market: Market) -> tuple[Drift, ...]:
    """Every holding and target, cash last, the others by symbol.

    Raises:
        WorldFailed: something that is held has no price.
    """
    if account.model is None:
        return ()
    total = priced_value(account, market)
    if total <= 0:
        return ()
    targets = account.model.weights
    dollars = dict.fromkeys(targets, Decimal(0))
    for symbol, shares in shares_of(account).items():
        stands = account.stands_for.get(symbol)
        counted = symbol if stands is None or stands.until <= market.session else stands.original
        held = shares * market.prices[symbol].price
        dollars[counted] = dollars.get(counted, Decimal(0)) + held
    rows = [
        _row(symbol, weight_of(dollars[symbol], total), targets.get(symbol, Decimal(0)))
        for symbol in sorted(dollars)
    ]
    cash = account.cash.settled + account.cash.unsettled + account.cash.held
    rows.append(_row(CASH, weight_of(cash, total), account.model.cash_weight))
    return tuple(rows)


def largest_drift(account: Account, market: Market) -> Decimal:
    """The largest deviation of any holding, as a fraction of the account; zero where there is no drift."""
    return max((abs(row.weight - row.target) for row in drift(account, market)), default=Decimal(0))


def beyond(account: Account, market: Market) -> tuple[Drift, ...]:
    """What is out of tolerance, the furthest beyond its own band first."""
    model = account.model
    if model is None:
        return ()
    over = (
        (abs(row.weight - row.target) - model.tolerance_of(row.symbol), row) for row in drift(account, market)
    )
    return tuple(
        row
        for _, row in sorted((one for one in over if one[0] > 0), key=lambda one: (-one[0], one[1].symbol))
    )


def out_of_tolerance(picture: Picture) -> tuple[AccountId, ...]:
    """The household's accounts that are; of one that holds something without a price nobody can say."""
    market = picture.market
    priced = (a for a in picture.household.accounts if all(s in market.prices for s in a.symbols()))
    return tuple(account.id for account in priced if beyond(account, market))


def nearest_to_its_band(account: Account, market: Market) -> Drift | None:
    """The holding that has used up most of its own band; None where there is no drift."""
    model = account.model
    if model is None:
        return None

    def used(row: Drift) -> Decimal:
        band, off = model.tolerance_of(row.symbol), abs(row.weight - row.target)
        return off / band if band else off

    return max(drift(account, market), key=used, default=None)


def priced_value(account: Account, market: Market) -> Decimal:
    """Dollars; as `value`, with a named error.

    Raises:
        WorldFailed: something that is held has no price.
    """
    unpriced = [symbol for symbol in account.symbols() if symbol not in market.prices]
    if unpriced:
        raise WorldFailed(
            f"account {account.id!r} holds {', '.join(unpriced)}, which has no price",
            fix="wait for a price, or set the account aside",
        )
    return value(account, market)


def _row(symbol: str, weight: Decimal, target: Decimal) -> Drift:
    return Drift(symbol=symbol, weight=weight, target=target, points=(weight - target) * 100)
