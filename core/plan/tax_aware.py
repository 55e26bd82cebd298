"""Back toward the model as far as it is worth tax and cost, and inside the tolerance whatever it costs.

Rule 1: what is weighed, and how, is `core.plan.weighing`; the answer is exact (`core.plan.settling`), and
whole shares that pay for themselves at worst are made of it as of any other targets (`core.plan.basket`).
Rule 2: sales use the lots that cost the least tax.
Rule 3: a gains budget is kept to the cent. Where no plan inside the tolerance keeps it, that is said, with
the least gains that would do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final

from core.book.picture import Account, Market, ModelPortfolio, Picture, value
from core.ids import ModelId, Symbol
from core.orders.content import LotChoice
from core.orders.events import Side
from core.plan.assumptions import Assumptions
from core.plan.basket import Basket, Table, fill_basket
from core.plan.drift import priced_value
from core.plan.lots import gains_of, least_tax_first
from core.plan.rebalance import nothing_to_trade, trades_of, what_is_missing
from core.plan.settling import least_tax, settle
from core.plan.start import start
from core.plan.targets import Targets, held_value
from core.plan.tax import TAXED_KINDS
from core.plan.trade import Trade
from core.plan.weighing import DOLLAR, Problem, Wish, problem
from core.risk.wash_sale import WINDOW

ZERO: Final = Decimal(0)
MICRO: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class TaxAware:
    """`weigh` False: only what the tolerance asks for. `washed` are symbols that the household bought within
    thirty days."""

    gains_budget: Decimal | None
    weigh: bool
    washed: frozenset[Symbol]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a plan of the account starts from."""

    at: Table
    wanted: Targets
    spare: Decimal
    problem: Problem


def tax_aware_plan(
    account: Account, market: Market, assumptions: Assumptions, way: TaxAware
) -> tuple[Trade, ...] | str:
    """The account's trades, sells first, or why there are none.

    Raises:
        IntegrityLost: the solver and the exact answer disagree. Nothing is planned.
    """
    asked = _asked(account, market, assumptions, way)
    return asked if isinstance(asked, str) else _planned(account, market, assumptions, way, asked)


def toward(
    account: Account, market: Market, assumptions: Assumptions, way: TaxAware
) -> tuple[Trade, ...] | str:
    """As `tax_aware_plan`, also where the account is in tolerance."""
    asked = _asked(account, market, assumptions, way, in_tolerance_too=True)
    return asked if isinstance(asked, str) else _planned(account, market, assumptions, way, asked)


def sales_for_cash(
    account: Account, market: Market, assumptions: Assumptions, way: TaxAware
) -> tuple[Trade, ...] | str:
    """Only the sales that raise what the account must have in cash, whatever its drift. It needs no model."""
    asked = _asked(account, market, assumptions, way, sales_only=True)
    return asked if isinstance(asked, str) else _planned(account, market, assumptions, way, asked)


def _planned(
    account: Account, market: Market, assumptions: Assumptions, way: TaxAware, asked: _Asked
) -> tuple[Trade, ...] | str:
    at, spare, wanted = asked.at, asked.spare, asked.wanted
    settled = settle(asked.problem)
    if settled is None:
        return _over_budget(asked.problem, way.gains_budget, assumptions)
    goals = _goals(at, wanted.dollars, settled.sold, settled.bought)
    basket = fill_basket(at, goals, spare=spare)
    if basket.missing:
        return what_is_missing(spare, basket.missing)
    kept = _in_budget(account, market, assumptions, basket, way.gains_budget)
    if kept != basket.sells:  # what is not sold does not pay for anything
        stay = {s: at.held_value(s) - kept.get(s, ZERO) * at.price(s) for s in basket.sells}
        basket = fill_basket(at, {**goals, **stay}, spare=spare)

    def lots(symbol: Symbol, shares: Decimal) -> tuple[LotChoice, ...]:
        return _lots(account, market, assumptions, symbol, shares)

    trades = trades_of(account, market, basket, lots)
    if way.gains_budget is not None and account.kind in TAXED_KINDS:
        parts = (gains_of(account, t.lots, price=t.reference_price, on=market.session) for t in trades)
        net = sum((part.total for part in parts), ZERO)
        if net > way.gains_budget:
            return (
                f"what must be raised takes ${net:,.2f} of net gains in whole shares, over the budget of "
                f"${way.gains_budget:,.2f}"
            )
    return trades or nothing_to_trade(wanted.kept, assumptions.minimum_trade)


def weighed(account: Account, market: Market, assumptions: Assumptions, way: TaxAware) -> Problem | str:
    """What a plan of the account weighs, or why there is nothing to plan."""
    asked = _asked(account, market, assumptions, way)
    return asked if isinstance(asked, str) else asked.problem


def _asked(
    account: Account,
    market: Market,
    assumptions: Assumptions,
    way: TaxAware,
    *,
    in_tolerance_too: bool = False,
    sales_only: bool = False,
) -> _Asked | str:
    model = account.model or (as_it_is(account, market) if sales_only else None)
    begun = start(account, model, market, assumptions, in_tolerance_too=in_tolerance_too)
    if isinstance(begun, str):
        return begun
    model, need, spare, wanted = begun.model, begun.need, begun.spare, begun.wanted
    worth = priced_value(account, market) - need.due
    asked = problem(
        account,
        market,
        assumptions,
        wanted.dollars,
        value=worth,
        spare=spare,
        wanted_cash=ZERO if sales_only else max(model.cash_weight * worth - need.floor, ZERO),
        wish=Wish(
            model.tolerance,
            way.weigh,
            way.gains_budget,
            way.washed,
            sales_only,
            {symbol: model.tolerance_of(symbol) for symbol in wanted.dollars},
        ),
    )
    short = asked.floor - asked.cash - sum(one.most for one in asked.sells)
    if short > 0:
        return what_is_missing(spare, Decimal(short) / DOLLAR)
    return _Asked(begun.at, wanted, spare, asked)


def as_it_is(account: Account, market: Market) -> ModelPortfolio | None:
    """What it holds now as a model, for an account that has none. None where it cannot be valued."""
    total = value(account, market) if all(s in market.prices for s in account.symbols()) else ZERO
    if total <= 0:
        return None
    weights = {s: held_value(account, s, market) / total for s in account.symbols()}
    rest = 1 - sum(weights.values(), ZERO)
    return ModelPortfolio(ModelId("as-it-is"), "As it is", 1, weights, rest, Decimal(1))


def bought_lately(picture: Picture) -> frozenset[Symbol]:
    """What the household bought within thirty days, or has on order: a loss on it may be washed."""
    since = picture.market.session - WINDOW
    lots = (lot for account in picture.household.accounts for lot in account.lots)
    return frozenset(
        {lot.symbol for lot in lots if lot.acquired_on >= since}
        | {
            done.symbol
            for done in picture.activity.executed
            if done.side is Side.BUY and done.traded_on >= since
        }
        | {asked.symbol for asked in picture.activity.asked if asked.side is Side.BUY and asked.remaining > 0}
    )


def _goals(
    at: Table,
    dollars: Mapping[Symbol, Decimal],
    sold: Mapping[Symbol, Fraction],
    bought: Mapping[Symbol, Fraction],
) -> Mapping[Symbol, Decimal]:
    """What each holding should be worth afterwards."""
    nothing = Fraction(0)
    return {
        symbol: at.held_value(symbol) + _dollars(bought.get(symbol, nothing) - sold.get(symbol, nothing))
        for symbol in dollars
    }


def _dollars(micro: Fraction) -> Decimal:
    return (Decimal(micro.numerator) / micro.denominator / DOLLAR).quantize(MICRO, ROUND_HALF_EVEN)


def _lots(
    account: Account, market: Market, assumptions: Assumptions, symbol: Symbol, shares: Decimal
) -> tuple[LotChoice, ...]:
    price, on = market.prices[symbol].price, market.session
    return least_tax_first(account, symbol, shares, price=price, on=on, rates=assumptions.rates)


def _in_budget(
    account: Account, market: Market, assumptions: Assumptions, basket: Basket, budget: Decimal | None
) -> Mapping[Symbol, Decimal]:
    """Whole shares round losses away, too: where the net gain is over its budget, dear sales shrink."""
    if budget is None or account.kind not in TAXED_KINDS:
        return basket.sells
    sells = dict(basket.sells)

    def gain(symbol: Symbol, shares: Decimal) -> Decimal:
        chosen = _lots(account, market, assumptions, symbol, shares)
        return gains_of(account, chosen, price=market.prices[symbol].price, on=market.session).total

    gains = {symbol: gain(symbol, shares) for symbol, shares in sells.items()}
    for symbol in sorted(sells, key=lambda s: (-gains[s] / sells[s], s)):
        while sells[symbol] > 0 and sum(gains.values(), ZERO) > budget and gains[symbol] > 0:
            over = sum(gains.values(), ZERO) - budget
            last = gains[symbol] - gain(symbol, sells[symbol] - 1)
            fewer = (over / last).to_integral_value(ROUND_CEILING) if last > 0 else Decimal(1)
            sells[symbol] = max(sells[symbol] - max(fewer, Decimal(1)), ZERO)
            gains[symbol] = gain(symbol, sells[symbol]) if sells[symbol] else ZERO
    return {symbol: shares for symbol, shares in sells.items() if shares}


def _over_budget(weighed: Problem, budget: Decimal | None, assumptions: Assumptions) -> str:
    least = Decimal(least_tax(weighed)) / DOLLAR / assumptions.rates.long_term
    return (
        f"no plan inside the tolerance keeps within ${budget or ZERO:,.2f} of gains: it takes at least "
        f"${least:,.2f}, counted as long-term gains"
    )
