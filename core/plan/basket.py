"""Targets into whole shares that the account's own cash and its own sells can pay for.

Rule 1: a quantity is rounded toward the target and never across it.
Rule 2: what must stay in cash stays even if every sale brings its least and every buy takes its most;
where sells rounded toward their targets raise too little, the most overweight holdings give more.
Rule 3: buys that the cash does not reach shrink together; what is left over goes to the largest gaps.
Rule 4: a deviation below the minimum trade is left alone, except to raise cash that must be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from core.book.picture import Account, Market
from core.ids import Symbol
from core.money import whole_shares_down
from core.orders.cost import least_received, most_paid
from core.plan.assumptions import Assumptions
from core.plan.band import Band, band
from core.plan.drift import shares_of

ZERO: Final = Decimal(0)
Shares = Mapping[Symbol, Decimal]


@dataclass(frozen=True, slots=True)
class Basket:
    """Whole shares. `missing` is dollars that selling everything allowed would still not raise."""

    sells: Shares
    buys: Shares
    missing: Decimal


@dataclass(frozen=True, slots=True)
class Table:
    """One account's side of the market: prices, the edges of their bands, and the custodian's ticket."""

    account: Account
    market: Market
    bands: Mapping[Symbol, Band]
    ticket_fee: Decimal
    minimum: Decimal
    held: Shares

    def held_value(self, symbol: Symbol) -> Decimal:
        return self.held.get(symbol, ZERO) * self.price(symbol)

    def free(self, symbol: Symbol) -> Decimal:
        """Whole shares that a sale may still promise."""
        if not self.account.reserved_lots:
            return whole_shares_down(self.held.get(symbol, ZERO))
        return whole_shares_down(self.account.free_shares(symbol))

    def price(self, symbol: Symbol) -> Decimal:
        return self.market.prices[symbol].price

    def brings(self, symbol: Symbol, shares: Decimal) -> Decimal:
        return least_received(quantity=shares, price=self.bands[symbol].low, ticket_fee=self.ticket_fee)

    def takes(self, symbol: Symbol, shares: Decimal) -> Decimal:
        return most_paid(quantity=shares, price=self.bands[symbol].high, ticket_fee=self.ticket_fee)

    def worth_it(self, symbol: Symbol, shares: Decimal) -> bool:
        return shares > 0 and shares * self.price(symbol) >= self.minimum


def table(account: Account, market: Market, symbols: Iterable[Symbol], assumptions: Assumptions) -> Table:
    """Raises:
    BadInput: no price on the tick lies within the firm's band of a symbol's price.
    """
    width = assumptions.limits.price_band
    bands = {
        symbol: band(reference=market.prices[symbol].price, tick=market.instruments[symbol].tick, width=width)
        for symbol in symbols
    }
    fee = market.custodians[account.custodian].ticket_fee
    return Table(account, market, bands, fee, assumptions.minimum_trade, shares_of(account))


def fill_basket(at: Table, targets: Mapping[Symbol, Decimal], *, spare: Decimal) -> Basket:
    """The orders that bring the account nearest to its targets. `spare` as `spare_cash` has it."""
    sells = _toward(at, targets)
    sells, missing = _raise_cash(at, targets, sells, spare)
    budget = spare + sum((at.brings(symbol, shares) for symbol, shares in sells.items()), ZERO)
    buys = _within(at, _wanted(at, targets, sells), budget)
    return Basket(sells=sells, buys=buys, missing=missing)


def _toward(at: Table, targets: Mapping[Symbol, Decimal]) -> dict[Symbol, Decimal]:
    sells = {}
    for symbol, target in targets.items():
        excess = at.held_value(symbol) - target
        shares = min(_whole(excess, at.price(symbol)), at.free(symbol))
        if at.worth_it(symbol, shares):
            sells[symbol] = shares
    return sells


def _raise_cash(
    at: Table, targets: Mapping[Symbol, Decimal], sells: Shares, spare: Decimal
) -> tuple[dict[Symbol, Decimal], Decimal]:
    raised = dict(sells)
    missing = -spare - sum((at.brings(symbol, shares) for symbol, shares in raised.items()), ZERO)
    for symbol in sorted(targets, key=lambda s: (-_excess(at, targets, raised, s), s)):
        if missing <= 0:
            break
        before = raised.get(symbol, ZERO)
        brought = at.brings(symbol, before) if before else ZERO
        after = _enough(at, symbol, before=before, dollars=missing + brought)
        if after > before and at.brings(symbol, after) > brought:
            raised[symbol] = after
            missing -= at.brings(symbol, after) - brought
    return raised, max(missing, ZERO)


def _enough(at: Table, symbol: Symbol, *, before: Decimal, dollars: Decimal) -> Decimal:
    most = at.free(symbol)
    a_share = at.brings(symbol, Decimal(1)) + at.ticket_fee
    if a_share <= 0:
        return before
    shares = ((dollars + at.ticket_fee) / a_share).to_integral_value(ROUND_CEILING)
    return max(before, min(shares, most))


def _excess(at: Table, targets: Mapping[Symbol, Decimal], sells: Shares, symbol: Symbol) -> Decimal:
    left = at.held_value(symbol) - sells.get(symbol, ZERO) * at.price(symbol)
    return left - targets[symbol]


def _wanted(at: Table, targets: Mapping[Symbol, Decimal], sells: Shares) -> dict[Symbol, Decimal]:
    wanted = {}
    for symbol, target in targets.items():
        gap = target - at.held_value(symbol)
        shares = _whole(gap, at.price(symbol))
        if symbol not in sells and at.worth_it(symbol, shares):
            wanted[symbol] = shares
    return wanted


def _within(at: Table, wanted: Shares, budget: Decimal) -> dict[Symbol, Decimal]:
    buys = dict(wanted)
    while buys and _cost(at, buys) > budget:
        tickets = len(buys) * (at.ticket_fee + Decimal("0.03"))  # a cent of rounding in each part
        share = max(budget - tickets, ZERO) / _cost(at, buys)
        shrunk = {symbol: whole_shares_down(shares * share) for symbol, shares in buys.items()}
        buys = {symbol: shares for symbol, shares in shrunk.items() if at.worth_it(symbol, shares)}
    return _topped_up(at, buys, wanted, budget)


def _topped_up(
    at: Table, buys: dict[Symbol, Decimal], wanted: Shares, budget: Decimal
) -> dict[Symbol, Decimal]:
    def gap(symbol: Symbol) -> Decimal:
        return (wanted[symbol] - buys.get(symbol, ZERO)) * at.price(symbol)

    left = budget - _cost(at, buys)
    for symbol in sorted(wanted, key=lambda s: (-gap(s), s)):
        before = buys.get(symbol, ZERO)
        if before == wanted[symbol]:
            continue
        paid = at.takes(symbol, before) if before else ZERO
        shares = _affordable(at, symbol, most=wanted[symbol], dollars=left + paid)
        if shares > before and at.worth_it(symbol, shares):
            left += paid - at.takes(symbol, shares)
            buys[symbol] = shares
    return {symbol: buys[symbol] for symbol in sorted(buys)}


def _affordable(at: Table, symbol: Symbol, *, most: Decimal, dollars: Decimal) -> Decimal:
    low, high = 0, int(most)
    while low < high:
        middle = (low + high + 1) // 2
        if at.takes(symbol, Decimal(middle)) <= dollars:
            low = middle
        else:
            high = middle - 1
    return Decimal(low)


def _cost(at: Table, buys: Shares) -> Decimal:
    return sum((at.takes(symbol, shares) for symbol, shares in buys.items()), ZERO)


def _whole(dollars: Decimal, price: Decimal) -> Decimal:
    return whole_shares_down(max(dollars, ZERO) / price)
