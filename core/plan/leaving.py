"""Out of one position over the years, within a budget of gains for each.

Rule 1: this year's sale takes the lots of least gain a dollar first, losses before all, in whole shares, as
long as the household's net gains of the year stay within the budget. Later years are a forecast: the same
price, the same budget, lots turned long-term by then. Only this year's sale is proposed.
Rule 2: where no tax is paid, everything goes at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from core.book.activity import Activity
from core.book.picture import Account, Lot, Picture
from core.ids import Symbol
from core.money import tidy, to_cents, whole_shares_down
from core.orders.content import LotChoice
from core.orders.events import Side
from core.plan.assumptions import Assumptions
from core.plan.harvest import realised_this_year
from core.plan.lots import gains_of, tax_a_dollar
from core.plan.rebalance import limit_trade
from core.plan.start import why_blocked
from core.plan.tax import TAXED_KINDS, estimated_tax
from core.plan.trade import Trade

ZERO: Final = Decimal(0)
MOST_YEARS: Final = 30


@dataclass(frozen=True, slots=True)
class YearsSale:
    """What one year would sell. Dollars; `gain` is net, `left` is shares after it."""

    year: int
    shares: Decimal
    gain: Decimal
    tax: Decimal
    left: Decimal


def exit_plan(
    account: Account,
    picture: Picture,
    assumptions: Assumptions,
    *,
    symbol: Symbol,
    gains_budget: Decimal | None,
) -> tuple[Trade, ...] | str:
    """This year's sale, or why there is none. No budget: all of it now."""
    market = picture.market
    blocked = why_blocked(account, market)
    if blocked:
        return blocked
    instrument = market.instruments.get(symbol)
    if instrument is None or not instrument.tradable:
        return f"{symbol} is not traded here"
    if symbol in account.do_not_trade:
        return f"{symbol}: the client's instruction: do not trade"
    if account.free_shares(symbol) < 1:
        return f"the account holds no whole share of {symbol}"
    lots = _this_year(account, picture, assumptions, symbol, gains_budget)
    shares = sum((choice.quantity for choice in lots), ZERO)
    if not shares:
        realised = realised_this_year(picture).total
        return (
            f"a share of {symbol} more would go over the year's budget of ${gains_budget or ZERO:,.2f}: "
            f"${realised:,.2f} of net gains are realised already"
        )
    return (limit_trade(account, market, symbol, Side.SELL, shares, lots),)


def years(
    account: Account,
    picture: Picture,
    assumptions: Assumptions,
    *,
    symbol: Symbol,
    gains_budget: Decimal | None,
) -> tuple[YearsSale, ...]:
    """This year's sale and what would follow, until nothing is left or can go; thirty years at most."""
    return tuple(_years(account, picture, assumptions, symbol, gains_budget))


def _years(
    account: Account, picture: Picture, assumptions: Assumptions, symbol: Symbol, budget: Decimal | None
) -> Iterator[YearsSale]:
    on, seen = picture.market.session, picture
    for _ in range(MOST_YEARS):
        lots = _this_year(account, seen, assumptions, symbol, budget)
        if not lots:
            return
        price = seen.market.prices[symbol].price
        gains = gains_of(account, lots, price=price, on=on)
        account = _without(account, lots)
        left = account.shares(symbol)
        tax = estimated_tax(gains, kind=account.kind, rates=assumptions.rates)
        shares = sum((choice.quantity for choice in lots), ZERO)
        yield YearsSale(on.year, tidy(shares), to_cents(gains.total), tax, tidy(left))
        if left < 1:
            return
        on = date(on.year + 1, on.month, min(on.day, 28))
        seen = replace(seen, market=replace(seen.market, session=on), activity=_quiet(seen))


def _this_year(
    account: Account, picture: Picture, assumptions: Assumptions, symbol: Symbol, budget: Decimal | None
) -> tuple[LotChoice, ...]:
    market = picture.market
    price, on, rates = market.prices[symbol].price, market.session, assumptions.rates
    lots = sorted(
        (lot for lot in account.lots if lot.symbol == symbol),
        key=lambda lot: (
            tax_a_dollar(lot, price, kind=account.kind, on=on, rates=rates),
            lot.acquired_on,
            lot.id,
        ),
    )
    if budget is None or account.kind not in TAXED_KINDS:
        return _whole([(lot, _free(account, lot)) for lot in lots])
    left = budget - realised_this_year(picture).total
    taken = []
    for lot in lots:
        free, gain = _free(account, lot), price - lot.cost_per_share
        shares = free if gain <= 0 else min(free, (max(left, ZERO) / gain).to_integral_value(ROUND_FLOOR))
        left -= shares * gain
        taken.append((lot, shares))
        if shares < free:
            break
    return _whole(taken)


def _whole(taken: Sequence[tuple[Lot, Decimal]]) -> tuple[LotChoice, ...]:
    """Fractions stay, at the end of the last lot."""
    left = whole_shares_down(sum((shares for _, shares in taken), ZERO))
    chosen = []
    for lot, shares in taken:
        used = min(shares, left)
        if used > 0:
            chosen.append(LotChoice(lot=lot.id, quantity=tidy(used)))
            left -= used
    return tuple(chosen)


def _free(account: Account, lot: Lot) -> Decimal:
    return lot.quantity - account.reserved_lots.get(lot.id, ZERO)


def _without(account: Account, choices: Sequence[LotChoice]) -> Account:
    sold = {choice.lot: choice.quantity for choice in choices}
    kept = (lot.without(sold.get(lot.id, ZERO)) for lot in account.lots)
    return replace(account, lots=tuple(lot for lot in kept if lot.quantity > 0))


def _quiet(picture: Picture) -> Activity:
    return replace(picture.activity, executed=())
