"""Cash made from holdings, and holdings made from cash.

Rule 1: raising sells what costs the least tax and drift, and buys nothing; what is above the floor and due
already counts toward the sum that is asked for.
Rule 2: investing buys what the model lacks, and sells nothing; it never uses what must stay in cash.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Market, Outflow
from core.errors import BadInput
from core.money import to_cents
from core.plan.assumptions import Assumptions
from core.plan.basket import fill_basket, table
from core.plan.cash_needs import cash_need, spare_cash
from core.plan.rebalance import nothing_to_trade, trades_of
from core.plan.start import why_blocked
from core.plan.targets import held_value, targets
from core.plan.tax_aware import TaxAware, sales_for_cash
from core.plan.trade import Trade

ZERO: Final = Decimal(0)


def raise_cash(
    account: Account, market: Market, assumptions: Assumptions, *, dollars: Decimal, way: TaxAware
) -> tuple[Trade, ...] | str:
    """Sales that leave at least so many dollars to spend, at worst; or why there are none."""
    wanted = replace(
        account, outflows=(*account.outflows, Outflow("asked", "withdrawal", dollars, market.session))
    )
    need = cash_need(wanted, session=market.session, horizon=assumptions.outflow_horizon)
    if spare_cash(wanted, need) >= 0:
        free = spare_cash(
            account, cash_need(account, session=market.session, horizon=assumptions.outflow_horizon)
        )
        return f"${free:,.2f} can be spent already, above what is due and the floor"
    return sales_for_cash(wanted, market, assumptions, way)


def invest_cash(
    account: Account,
    market: Market,
    assumptions: Assumptions,
    *,
    dollars: Decimal | None,
    most_orders: int | None,
) -> tuple[Trade, ...] | str:
    """Purchases with what need not stay in cash, at most `dollars` of it; or why there are none.
    `most_orders` keeps to the largest gaps."""
    model = account.model
    if model is None:
        return "the account has no model portfolio"
    blocked = why_blocked(account, market)
    if blocked:
        return blocked
    need = cash_need(account, session=market.session, horizon=assumptions.outflow_horizon)
    spare = spare_cash(account, need)
    if spare <= 0:
        there = max(account.cash.available, ZERO)
        return f"nothing to invest: ${there:,.2f} is needed for what is due and the floor"
    wanted = targets(account, model, market, need)
    held = {symbol: held_value(account, symbol, market) for symbol in wanted.dollars}
    gaps = {symbol: wanted.dollars[symbol] - held[symbol] for symbol in held}
    keep = sorted((s for s in gaps if gaps[s] > 0), key=lambda s: (-gaps[s], s))[:most_orders]
    goals = {s: max(held[s], wanted.dollars[s]) if s in keep else held[s] for s in held}
    try:
        at = table(account, market, goals, assumptions)
    except BadInput as bad:
        return bad.says
    most = spare if dollars is None else min(spare, to_cents(dollars))
    basket = fill_basket(at, goals, spare=most)
    trades = trades_of(account, market, replace(basket, sells={}), lambda _, __: ())
    return trades or nothing_to_trade(wanted.kept, assumptions.minimum_trade)
