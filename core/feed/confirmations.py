"""Confirmations of an order's trades, for whoever may see the order."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN
from pathlib import Path
from typing import Final

from core.database.pools import AsyncPool
from core.database.rows import rows
from core.database.statements import statements
from core.errors import NotFound
from core.ids import AccountId, OrderId, Symbol
from core.orders.confirmation import Confirmation, confirmation
from core.orders.events import Side
from core.orders.trade import PRICE_STEP
from core.people.asker import asking

SQL: Final = statements(Path(__file__).with_name("confirmations.sql"))


class Confirmations:
    """For whoever presents a session."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def of(self, session: str, order: OrderId) -> tuple[Confirmation, ...]:
        """One for each trade date of that order that was confirmed, and has not changed since.

        Raises:
            NotFound: no such order in the asker's book has traded.
        """
        async with asking(self._pool, session) as connection:
            found = await rows(connection, SQL["of_order"], {"order": order})
        if not found:
            raise NotFound(f"no order {order!r} of your book has traded", fix="see the orders", field="order")
        return tuple(
            confirmation(
                order=order,
                account=AccountId(row["account"]),
                side=Side(row["side"]),
                symbol=Symbol(row["symbol"]),
                quantity=row["quantity"],
                average_price=(
                    (row["paid"] / row["quantity"]).quantize(PRICE_STEP, ROUND_HALF_EVEN)
                    if row["quantity"]
                    else None
                ),
                trade_date=row["trade_date"],
                settles_on=row["settles_on"],
                fees=row["fees"],
                net=row["net"],
                number=row["told"],
            )
            for row in found
            if row["told"] == row["changes"]
        )
