"""What a simulated venue lists: instruments with the last close, as plain values.

The prices and figures are the firm's market data; a venue keeps the last day of it and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.ids import Symbol
from core.market import instruments
from core.market.closes import closes
from core.market.prices import closing_prices
from core.venues.simulated.characters import Character


@dataclass(frozen=True, slots=True)
class Listing:
    """`close` is dollars per share; volume is shares a day. Volume and spread are synthetic."""

    symbol: Symbol
    close: Decimal
    tick: Decimal
    average_daily_volume: Decimal
    spread_bps: Decimal


def listed(character: Character) -> Mapping[Symbol, Listing]:
    """What a venue of this character trades, at the last session's closes."""
    prices = closing_prices(closes().last_session())
    kinds = {"share", "etf"} if character.takes_etfs else {"share"}
    return {
        row.symbol: Listing(
            symbol=row.symbol,
            close=prices[row.symbol].price,
            tick=row.tick,
            average_daily_volume=row.average_daily_volume,
            spread_bps=row.spread_bps,
        )
        for row in instruments.listings()
        if row.tradable and row.kind in kinds and row.symbol in prices
    }
