"""What each holding of an account should be worth, given what may not be traded and what must stay in cash.

Rule 1: what is due is set aside first; then the larger of the cash floor and the model's cash weight.
Rule 2: what may not be traded keeps its value, and the other targets share the rest by their weights.
Rule 3: a restricted symbol stays as it is: the firm recommends neither its purchase nor its sale.
Rule 4: what stands in for a holding that was sold at a loss stays, and so does that holding, until the window
ends: together they are what the holding should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Market, ModelPortfolio
from core.ids import Symbol
from core.plan.cash_needs import CashNeed
from core.plan.drift import priced_value

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Targets:
    """Dollars by symbol, zero where all of it should go; and why each of the others stays as it is."""

    dollars: Mapping[Symbol, Decimal]
    kept: Mapping[Symbol, str]


def targets(account: Account, model: ModelPortfolio, market: Market, need: CashNeed) -> Targets:
    """The target value of everything that may be traded.

    Raises:
        WorldFailed: something that is held has no price.
    """
    invest = _to_invest(account, model, market, need)
    symbols = sorted({*account.symbols(), *model.weights})
    kept = {symbol: why for symbol in symbols if (why := _untouchable(account, symbol, market))}
    free = [symbol for symbol in symbols if symbol not in kept]
    return Targets(dollars=_shared(account, model, market, free=free, invest=invest), kept=kept)


def held_value(account: Account, symbol: Symbol, market: Market) -> Decimal:
    """Dollars at the market's price; what is not held needs no price."""
    shares = account.shares(symbol)
    return shares * market.prices[symbol].price if shares else ZERO


def _to_invest(account: Account, model: ModelPortfolio, market: Market, need: CashNeed) -> Decimal:
    lasting = priced_value(account, market) - need.due
    return max(lasting - max(need.floor, model.cash_weight * lasting), ZERO)


def _untouchable(account: Account, symbol: Symbol, market: Market) -> str | None:
    if symbol in account.do_not_trade:
        return "the client's instruction: do not trade"
    if symbol in market.restricted:
        return "not traded at this time"
    for stand_in, stands in account.stands_for.items():
        if symbol in (stand_in, stands.original) and market.session < stands.until:
            return f"{stand_in} stands in for {stands.original} until {stands.until}"
    instrument = market.instruments.get(symbol)
    if instrument is None or not instrument.tradable:
        return "not traded here"
    return None


def _shared(
    account: Account, model: ModelPortfolio, market: Market, *, free: list[Symbol], invest: Decimal
) -> dict[Symbol, Decimal]:
    others = {*account.symbols(), *model.weights} - set(free)
    left = max(invest - sum((held_value(account, symbol, market) for symbol in others), ZERO), ZERO)
    weights = {symbol: model.weights.get(symbol, ZERO) for symbol in free}
    whole = sum(weights.values(), ZERO)
    return {symbol: left * weight / whole if whole else ZERO for symbol, weight in weights.items()}
