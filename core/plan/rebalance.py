"""Back to the model: what each account should sell and buy, in whole shares.

Rule 1: an account is ready, or set aside with a reason; one exception never stops the rest.
Rule 2: an account pays with its own cash and its own sells, and every basket is fundable at worst.
Rule 3: the same picture and assumptions give the same plan, to the share and to the cent.
Rule 4: this is arithmetic. Whether it is allowed is for `core.risk`, which is asked afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from core.book.picture import Account, Market, Picture
from core.errors import NotFound
from core.ids import AccountId, Symbol
from core.orders.content import AccountSummary, LotChoice, Preview, Row
from core.orders.events import OrderType, Side
from core.plan.assumptions import Assumptions
from core.plan.basket import Basket, fill_basket
from core.plan.lots import highest_cost_first
from core.plan.preview import shown, untouched
from core.plan.start import start
from core.plan.trade import Plan, Trade

Lots = Callable[[Symbol, Decimal], tuple[LotChoice, ...]]
"""Which lots a sale of so many shares uses."""
Way = Callable[[Account, Market, Assumptions], tuple[Trade, ...] | str]
"""One account's trades, sells first, or why there are none."""


def rebalance(picture: Picture, accounts: Sequence[AccountId], assumptions: Assumptions) -> Plan:
    """The plan for these accounts of the household, or for all of them where none is named.

    Raises:
        NotFound: an account is not of this household. Nothing is planned.
    """
    return plan_each(picture, accounts, assumptions, account_plan)


def plan_each(picture: Picture, accounts: Sequence[AccountId], assumptions: Assumptions, way: Way) -> Plan:
    """Every account in that way: ready, or set aside with the reason.

    Raises:
        NotFound: an account is not of this household. Nothing is planned.
    """
    trades: list[Trade] = []
    set_aside: dict[AccountId, str] = {}
    rows: list[Row] = []
    summaries: list[AccountSummary] = []
    for account in chosen(picture, accounts):
        found = way(account, picture.market, assumptions)
        if isinstance(found, str):
            set_aside[account.id] = found
            summaries.append(untouched(account, picture.market, assumptions, found))
            continue
        seen = shown(account, found, picture.market, assumptions)
        trades += found
        rows += seen.rows
        summaries.append(seen.summary)
    return Plan(tuple(trades), set_aside, Preview(rows=tuple(rows), accounts=tuple(summaries)))


def account_plan(account: Account, market: Market, assumptions: Assumptions) -> tuple[Trade, ...] | str:
    """The account's trades, sells first, or why there are none."""
    begun = start(account, account.model, market, assumptions)
    if isinstance(begun, str):
        return begun
    at, wanted, spare = begun.at, begun.wanted, begun.spare
    basket = fill_basket(at, wanted.dollars, spare=spare)
    if basket.missing:
        return what_is_missing(spare, basket.missing)
    trades = trades_of(
        account, market, basket, lambda s, shares: highest_cost_first(account, s, shares, on=market.session)
    )
    return trades or nothing_to_trade(wanted.kept, assumptions.minimum_trade)


def chosen(picture: Picture, accounts: Sequence[AccountId]) -> Iterable[Account]:
    known = {account.id: account for account in picture.household.accounts}
    unknown = sorted(set(accounts) - set(known))
    if unknown:
        raise NotFound(
            f"{', '.join(unknown)} is not an account of household {picture.household.id!r}",
            fix="name accounts of one household",
            field="accounts",
        )
    return [known[account] for account in sorted(set(accounts) or set(known))]


def trades_of(account: Account, market: Market, basket: Basket, lots: Lots) -> tuple[Trade, ...]:
    """The basket as trades: sells first, each by symbol."""
    sells = [
        limit_trade(account, market, symbol, Side.SELL, shares, lots(symbol, shares))
        for symbol, shares in sorted(basket.sells.items())
    ]
    buys = [
        limit_trade(account, market, symbol, Side.BUY, shares, ())
        for symbol, shares in sorted(basket.buys.items())
    ]
    return (*sells, *buys)


def limit_trade(
    account: Account,
    market: Market,
    symbol: Symbol,
    side: Side,
    quantity: Decimal,
    lots: tuple[LotChoice, ...],
    *,
    instead_of: Symbol | None = None,
) -> Trade:
    """A limit order at the far edge of its band, which is set with the legs."""
    return Trade(
        account=account.id,
        symbol=symbol,
        side=side,
        quantity=quantity,
        lots=lots,
        reference_price=market.prices[symbol].price,
        order_type=OrderType.LIMIT,
        limit_price=None,
        instead_of=instead_of,
    )


def nothing_to_trade(kept: Mapping[Symbol, str], minimum: Decimal) -> str:
    says = f"nothing to trade: no deviation reaches one share and ${minimum:,.2f}"
    held = "; ".join(f"{symbol}: {why}" for symbol, why in kept.items())
    return f"{says}, apart from what stays as it is ({held})" if held else says


def what_is_missing(spare: Decimal, missing: Decimal) -> str:
    return (
        f"${-spare:,.2f} must be raised for what is due and the cash floor, and selling everything "
        f"that may be sold leaves ${missing:,.2f} of it missing"
    )
