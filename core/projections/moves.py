"""Reading what a household's accounts are made of, fact by fact, each with the session on which it counts.

Rule 1: the connection decides what is seen: a household outside the book has no facts.
Rule 2: an execution and its corrections count on the trade's date; what came in, on the market clock's day.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.rows import rows
from core.fact import Fact
from core.ids import HouseholdId
from core.ledger.events import fact_of
from core.market.calendar import NEW_YORK
from core.orders.corrections import TradeBusted, TradeCorrected
from core.orders.events import OrderFilled
from core.plan.day_ends import Moved

MOVES: Final = "select * from gatehouse.moves_of(%(household)s)"


async def read_moves(connection: AsyncConnection[DictRow], household: HouseholdId) -> tuple[Moved, ...]:
    """In the order of the record."""
    found = await rows(connection, MOVES, {"household": household})
    return tuple(moved(row) for row in found)


def moved(row: DictRow) -> Moved:
    envelope = json.loads(row["text"])
    fact = fact_of(row["event_type"], envelope["event_version"], envelope["payload"])
    return Moved(_day(fact, row["market_at"]), fact)


def _day(fact: Fact, market_at: datetime) -> date:
    if isinstance(fact, OrderFilled | TradeCorrected | TradeBusted):
        return date.fromisoformat(fact.trade_date)
    return market_at.astimezone(NEW_YORK).date()
