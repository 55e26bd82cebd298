"""A plan's trades as the numbered legs that people decide on.

Rule 1: legs are sells first, then buys that name the sells that pay for them: all of their account, or the
one that they stand in for.
Rule 2: a limit order without a limit is one at the far edge of its band, so it cannot trade outside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.book.picture import Market
from core.ids import ProposalId, order_id_for
from core.money import tidy
from core.orders.content import Leg
from core.orders.events import OrderType, Side, TimeInForce
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
        legs.append(_leg(proposal, n, trade, edges, funded_by, may_release_less=partly and buys))
    return tuple(legs)


def _band(trade: Trade, market: Market, limits: Limits) -> Band:
    tick = market.instruments[trade.symbol].tick
    return band(reference=trade.reference_price, tick=tick, width=limits.price_band)


def _pays(sale: Trade, trade: Trade) -> bool:
    return sale.account == trade.account and trade.instead_of in (None, sale.symbol)


def _leg(
    proposal: ProposalId,
    n: int,
    trade: Trade,
    edges: Band,
    funded_by: tuple[int, ...],
    *,
    may_release_less: bool,
) -> Leg:
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
