"""Having an order tried again that was set aside: at the approver's door, by operations.

Rule 1: it can never be a second order: its id is derived, its venue is asked first, and what people
    decided on is asked again of the very bytes.
"""

from __future__ import annotations

from core.database.pools import AsyncPool
from core.database.rows import rows
from core.direct.askers import SQL
from core.errors import NotFound
from core.fact import Entry
from core.ids import OrderId, TraceId
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.orders.aside import OrderRedriven
from core.people.asker import asking


class Redrives:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal) -> None:
        self._pool = pool
        self._journal = journal

    async def ask(self, ticket: str, order: OrderId) -> Recorded:
        """The worker that has the order goes on with it.

        Raises:
            NotFound: there is no such order that she may see.
            Refused: she is not of operations, it has ended, or it is not set aside.
        """
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["trace_of"], {"order": order})
        if not found:
            raise NotFound(
                f"there is no order {order!r} in your book", fix="see `orders list`", field="order_id"
            )
        entry = Entry(f"aside/{order}", OrderRedriven(order=order), TraceId(found[0]["trace"]), ticket=ticket)
        return (await self._journal.record(entry))[0]
