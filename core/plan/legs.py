"""A plan's trades as the numbered legs that people decide on.

Rule 1: legs are sells first, then buys that name the sells that pay for them: all of their account, or the
one that they stand in for.
Rule 2: a limit order without a limit is one at the far edge of its band, so it cannot trade outside it.
Rule 3: an order over time is a leg a part, in the order of the parts; each sells the next lots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from core.book.picture import Market
from core.ids import ProposalId, order_id_for
from core.money import tidy
from core.orders.content import Leg, LotChoice
from core.orders.events import OrderType, Side, TimeInForce
from core.orders.schedule import Schedule
from core.plan.band import Band, band
from core.plan.trade import Trade
from core.risk.limits import Limits
from core.shapes import worked_out

_LEG: Final = worked_out(Leg)


def legs_of(
    proposal: ProposalId, trades: Iterable[Trade], market: Market, limits: Limits, *, partly: bool
) -> tuple[Leg, ...]:
    """The trades as numbered legs. `partly`: a buy may be released with fewer shares.

    Raises:
        BadInput: no price on a symbol's tick lies within the firm's band.
    """
    ordered = sorted(trades, key=lambda trade: (trade.side is Side.BUY, trade.account, trade.symbol))
    sells = {n: trade for n, trade in enumerate(ordered) if trade.side is Side.SELL}
    legs = []
    for n, trade in enumerate(ordered):
        buys = trade.side is Side.BUY
        funded_by = tuple(n for n, sale in sells.items() if buys and _pays(sale, trade))
        edges = _band(trade, market, limits)
        legs.append(leg_of(proposal, n, trade, edges, funded_by, may_release_less=partly and buys))
    return tuple(legs)


def parts_of(trade: Trade, schedule: Schedule) -> Iterator[Trade]:
    """The trade's parts, in order. They add up to it, and so do their lots."""
    ends = Decimal(0)
    for part in range(1, schedule.parts + 1):
        begins, ends = ends, schedule.due_by(part)
        lots = tuple(_lots_between(trade.lots, begins, ends))
        yield replace(trade, quantity=ends - begins, lots=lots)


def _lots_between(lots: Iterable[LotChoice], begins: Decimal, ends: Decimal) -> Iterator[LotChoice]:
    """Of shares that are counted through the lots: those from the first number up to the second."""
    so_far = Decimal(0)
    for choice in lots:
        first, so_far = so_far, so_far + choice.quantity
        shares = min(ends, so_far) - max(begins, first)
        if shares > 0:
            yield LotChoice(lot=choice.lot, quantity=tidy(shares))


def _band(trade: Trade, market: Market, limits: Limits) -> Band:
    tick = market.instruments[trade.symbol].tick
    return band(reference=trade.reference_price, tick=tick, width=limits.price_band)


def _pays(sale: Trade, trade: Trade) -> bool:
    return sale.account == trade.account and trade.instead_of in (None, sale.symbol)


def leg_of(
    proposal: ProposalId,
    n: int,
    trade: Trade,
    edges: Band,
    funded_by: tuple[int, ...],
    *,
    may_release_less: bool,
) -> Leg:
    """The trade as the leg of that number, within those edges."""
    limit = trade.limit_price
    if trade.order_type is OrderType.LIMIT and limit is None:
        limit = edges.high if trade.side is Side.BUY else edges.low
    return _LEG(
        leg=n,
        order=order_id_for(proposal, n),
        account=trade.account,
        symbol=trade.symbol,
        side=trade.side,
        quantity=tidy(trade.quantity),
        order_type=trade.order_type,
        limit_price=limit,
        time_in_force=TimeInForce.DAY,
        lots=trade.lots,
        reference_price=tidy(trade.reference_price),
        band_low=edges.low,
        band_high=edges.high,
        funded_by=funded_by,
        may_release_less=may_release_less,
        replaces=trade.replaces,
        executed_before=trade.executed_before,
    )
