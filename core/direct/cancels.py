"""Asking that an order be executed no further: at the approver's door, by a person, with nobody's leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.database.pools import AsyncPool
from core.database.rows import rows
from core.direct.askers import SQL
from core.errors import NotFound
from core.fact import Entry
from core.ids import AccountId, OrderId, ProposalId, Symbol, ThreadId, TraceId
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.orders.events import CancelRequested, Side
from core.people.asker import asking


@dataclass(frozen=True, slots=True)
class CancelDraft:
    """A request that an agent drafted, of an order that is live and that nobody has asked to cancel."""

    draft: str
    order: OrderId
    proposal: ProposalId
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Decimal
    filled: Decimal
    limit_price: Decimal | None
    thread: ThreadId
    agent: str
    drafted_at: datetime


class Cancels:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal) -> None:
        self._pool = pool
        self._journal = journal

    async def ask(self, ticket: str, order: OrderId) -> Recorded:
        """What never left ends with this; what is out is cancelled at its venue, which has the last word.

        Raises:
            NotFound: there is no such order that she may see.
            Refused: not hers to cancel, it has ended, it was asked for before, or people still decide on it.
        """
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["trace_of"], {"order": order})
        if not found:
            raise NotFound(
                f"there is no order {order!r} in your book", fix="see `orders list`", field="order_id"
            )
        fact = CancelRequested(order=order)
        trace = TraceId(found[0]["trace"])
        entry = Entry(f"order/{order}", fact, trace, ticket=ticket, key=f"cancel/{order}")
        return (await self._journal.record(entry))[0]

    async def drafted(self, ticket: str) -> tuple[CancelDraft, ...]:
        """What agents drafted in her book and nobody has asked for yet, newest first."""
        async with asking(self._pool, ticket) as connection:
            return tuple(
                CancelDraft(
                    draft=row["draft"],
                    order=OrderId(row["order_id"]),
                    proposal=ProposalId(row["proposal"]),
                    account=AccountId(row["account"]),
                    symbol=Symbol(row["symbol"]),
                    side=Side(row["side"]),
                    quantity=row["released_quantity"],
                    filled=row["filled"],
                    limit_price=row["limit_price"],
                    thread=ThreadId(row["thread"]),
                    agent=row["agent"],
                    drafted_at=row["drafted_at"],
                )
                for row in await rows(connection, SQL["cancel_drafts"])
            )
