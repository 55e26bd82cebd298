"""Keeping the venues' newest quotes where everybody who values a holding reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from core.database.pools import AsyncPool, lend
from core.database.statements import statements
from core.execution.board import Board
from core.market.instruments import listings

SQL: Final = statements(Path(__file__).parents[1] / "projections" / "statements.sql")
TRADED: Final = tuple(row.symbol for row in listings() if row.tradable)


async def keep_quotes(pool: AsyncPool, board: Board) -> int:
    """Ask every venue for every traded instrument, keep what they quote, and answer how many there are.

    A venue that does not answer keeps no older quote: its rows go.
    """
    quotes = await board.quotes(TRADED)
    answered = {quote.venue for quote in quotes}
    async with lend(pool) as connection, connection.transaction():
        await connection.execute(SQL["drop_quotes_of_others"], {"venues": sorted(answered)})
        for quote in quotes:
            asked = {
                "symbol": quote.symbol,
                "venue": quote.venue,
                "bid": quote.bid,
                "ask": quote.ask,
                "session": quote.session,
                "taken_at": quote.taken_at,
                "synthetic": quote.synthetic,
            }
            await connection.execute(SQL["put_quote"], asked)
    return len(quotes)
