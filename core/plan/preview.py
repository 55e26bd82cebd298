"""What a plan would make of an account: the figures that people see beside it.

Rule 1: every figure follows from the picture, the trades and the assumptions, and from nothing else.
Rule 2: the after side is at the reference prices, less the estimated cost; tax is paid elsewhere.
Rule 3: drift is measured without the money that is due; weights and values show it.
Rule 4: dollars are in cents and weights at six decimals, both half to even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from core.book.gains import Gains
from core.book.picture import Account, Cash, Lot, Market
from core.ids import LotId, Symbol
from core.money import tidy, to_cents
from core.orders.content import AccountSummary, Row
from core.orders.events import Side
from core.plan.assumptions import Assumptions
from core.plan.cash_needs import cash_need, lasting
from core.plan.drift import CASH, largest_drift, weight_of
from core.plan.lots import gains_of
from core.plan.tax import NO_GAINS, estimated_tax
from core.plan.trade import Trade
from core.shapes import worked_out

ZERO: Final = Decimal(0)
_ROW, _SUMMARY = worked_out(Row), worked_out(AccountSummary)
ACCESS_FEE: Final = Decimal("0.003")
"""Dollars a share: the usual taker fee. Source: Regulation NMS Rule 610(c), 17 CFR 242.610(c)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One account's part of a preview."""

    rows: tuple[Row, ...]
    summary: AccountSummary


def shown(account: Account, trades: Sequence[Trade], market: Market, assumptions: Assumptions) -> Shown:
    """Rows and summary of an account with these trades. A holding without a price counts as nothing,
    and then no drift is given."""
    cost = estimated_cost(account, trades, market)
    after = traded(account, trades, market, cost)
    realised = _gains(account, trades, market)
    total = worth(account, market)
    summary = AccountSummary(
        account=account.id,
        value=to_cents(total),
        drift_before=drift_of(account, market, assumptions),
        drift_after=drift_of(after, market, assumptions),
        short_term_gain=to_cents(realised.short_term),
        long_term_gain=to_cents(realised.long_term),
        estimated_tax=estimated_tax(realised, kind=account.kind, rates=assumptions.rates),
        estimated_cost=cost,
        cash_after=to_cents(_cash(after.cash)),
        turnover=weight_of(sum((trade.dollars for trade in trades), ZERO), total),
    )
    return Shown(rows=_rows(account, after, market), summary=summary)


def shown_briefly(
    account: Account, trade: Trade, market: Market, assumptions: Assumptions, *, total: Decimal
) -> Shown:
    """As `shown`, of one trade, with the rows that it moves and no others. `total` is the account's worth.

    The figures are the same, worked out from what changes: a test holds the two equal.
    """
    cost = estimated_cost(account, (trade,), market)
    dollars = to_cents(trade.dollars)
    buys = trade.side is Side.BUY
    then, cash_then = account.shares(trade.symbol), _cash(account.cash)
    now = then + trade.quantity if buys else then - sum((one.quantity for one in trade.lots), ZERO)
    cash_now = cash_then - cost + (-dollars if buys else dollars)
    price = trade.reference_price
    after = total + (now - then) * price + cash_now - cash_then
    weights = account.model.weights if account.model else {}
    target = (weights.get(trade.symbol) or ZERO) if account.model else None
    share = _row(account, trade.symbol, (then, now), (then * price, now * price), (total, after), target)
    cash_target = account.model.cash_weight if account.model else None
    held = (to_cents(cash_then), to_cents(cash_now))
    cash = _row(account, CASH, held, (cash_then, cash_now), (total, after), cash_target)
    realised = _gains(account, (trade,), market)
    drifted = account.model is not None
    summary = _SUMMARY(
        account=account.id,
        value=to_cents(total),
        drift_before=drift_of(account, market, assumptions) if drifted else ZERO,
        drift_after=drift_of(traded(account, (trade,), market, cost), market, assumptions)
        if drifted
        else ZERO,
        short_term_gain=to_cents(realised.short_term),
        long_term_gain=to_cents(realised.long_term),
        estimated_tax=estimated_tax(realised, kind=account.kind, rates=assumptions.rates),
        estimated_cost=cost,
        cash_after=to_cents(cash_now),
        turnover=weight_of(trade.dollars, total),
    )
    return Shown((share, cash), summary)


Twice = tuple[Decimal, Decimal]  # before and after


def _row(
    account: Account, symbol: str, shares: Twice, values: Twice, totals: Twice, target: Decimal | None
) -> Row:
    return _ROW(
        account=account.id,
        symbol=symbol,
        shares_before=tidy(shares[0]),
        shares_after=tidy(shares[1]),
        value_before=to_cents(values[0]),
        value_after=to_cents(values[1]),
        weight_before=weight_of(values[0], totals[0]),
        weight_after=weight_of(values[1], totals[1]),
        target=target,
    )


def untouched(account: Account, market: Market, assumptions: Assumptions, why: str) -> AccountSummary:
    """The summary of an account that is set aside. What has no price is left out of its value."""
    now = drift_of(account, market, assumptions)
    nothing = Decimal("0.00")
    return AccountSummary(
        account=account.id,
        value=to_cents(worth(account, market)),
        drift_before=now,
        drift_after=now,
        short_term_gain=nothing,
        long_term_gain=nothing,
        estimated_tax=nothing,
        estimated_cost=nothing,
        cash_after=to_cents(_cash(account.cash)),
        turnover=ZERO,
        set_aside=why,
    )


def estimated_cost(account: Account, trades: Sequence[Trade], market: Market) -> Decimal:
    """Dollars: half the spread, the usual access fee and the custodian's tickets."""
    ticket = market.custodians[account.custodian].ticket_fee
    return sum(
        (
            to_cents(trade.dollars * market.instruments[trade.symbol].spread_bps / 20_000)
            + to_cents(trade.quantity * ACCESS_FEE)
            + ticket
            for trade in trades
        ),
        Decimal("0.00"),
    )


def traded(account: Account, trades: Sequence[Trade], market: Market, cost: Decimal) -> Account:
    """The account as it would be, had every trade filled at its reference price."""
    lots = {lot.id: lot for lot in account.lots}
    paid = cost
    for trade in trades:
        if trade.side is Side.BUY:
            paid += to_cents(trade.dollars)
            planned = LotId(f"planned/{trade.symbol}")
            lots[planned] = Lot(planned, trade.symbol, trade.quantity, trade.reference_price, market.session)
        else:
            paid -= to_cents(trade.dollars)
            for choice in trade.lots:
                lot = lots[choice.lot]
                lots[choice.lot] = lot.without(choice.quantity)
    cash = replace(account.cash, unsettled=account.cash.unsettled - paid)
    return replace(account, lots=tuple(lot for lot in lots.values() if lot.quantity > 0), cash=cash)


def worth(account: Account, market: Market) -> Decimal:
    """Dollars, leaving out what has no price."""
    priced = [lot for lot in account.lots if lot.symbol in market.prices]
    shares = sum((lot.quantity * market.prices[lot.symbol].price for lot in priced), ZERO)
    return shares + _cash(account.cash)


def drift_of(account: Account, market: Market, assumptions: Assumptions) -> Decimal:
    """The largest of the account's, once what is due has left; none where something has no price."""
    unpriced = [symbol for symbol in account.symbols() if symbol not in market.prices]
    need = cash_need(account, session=market.session, horizon=assumptions.outflow_horizon)
    return ZERO if unpriced else largest_drift(lasting(account, need), market)


def _cash(cash: Cash) -> Decimal:
    return cash.settled + cash.unsettled + cash.held


def _gains(account: Account, trades: Sequence[Trade], market: Market) -> Gains:
    short, long = NO_GAINS.short_term, NO_GAINS.long_term
    for trade in trades:
        part = gains_of(account, trade.lots, price=trade.reference_price, on=market.session)
        short, long = short + part.short_term, long + part.long_term
    return Gains(short_term=short, long_term=long)


def _rows(before: Account, after: Account, market: Market) -> tuple[Row, ...]:
    weights = before.model.weights if before.model else {}
    symbols = sorted({*before.symbols(), *after.symbols(), *weights})
    shares = [_share_row(before, after, symbol, market, weights.get(symbol)) for symbol in symbols]
    return (*shares, _cash_row(before, after, market))


def _share_row(
    before: Account, after: Account, symbol: Symbol, market: Market, target: Decimal | None
) -> Row:
    price = market.prices[symbol].price if symbol in market.prices else ZERO
    then, now = before.shares(symbol), after.shares(symbol)
    return Row(
        account=before.id,
        symbol=symbol,
        shares_before=tidy(then),
        shares_after=tidy(now),
        value_before=to_cents(then * price),
        value_after=to_cents(now * price),
        weight_before=weight_of(then * price, worth(before, market)),
        weight_after=weight_of(now * price, worth(after, market)),
        target=(target or ZERO) if before.model else None,
    )


def _cash_row(before: Account, after: Account, market: Market) -> Row:
    then, now = _cash(before.cash), _cash(after.cash)
    return Row(
        account=before.id,
        symbol=CASH,
        shares_before=to_cents(then),
        shares_after=to_cents(now),
        value_before=to_cents(then),
        value_after=to_cents(now),
        weight_before=weight_of(then, worth(before, market)),
        weight_after=weight_of(now, worth(after, market)),
        target=before.model.cash_weight if before.model else None,
    )
