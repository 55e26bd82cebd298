"""The follower: it reads the journal in sequence and keeps the stored projections equal to the fold.

Rule 1: rows and the place reached change in one transaction: a kill between them is no state.
Rule 2: at start the fold is replayed from the first entry; only what the rows have not seen is written.
Rule 3: an entry that cannot be folded stops it: nothing is skipped.
Rule 4: an entry is folded once. A page whose rows could not be written is written later, not folded again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from core.book import cash, lots, positions
from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.database.statements import statements
from core.ids import AccountId, OrderId
from core.ledger.envelope import stored
from core.ledger.journal import SQL as JOURNAL
from core.orders.order import Order
from core.projections.folded import FOLDED, Changed, Folded

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
PAGE: Final = 500
ORDER: Final = TypeAdapter(Order)

Connection = AsyncConnection[DictRow]


class Follower:
    """One for each worker; the only writer of the book's projections."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool
        self._seq = 0
        self._unwritten: Changed | None = None  # of a page that is in the fold and may not be in the rows
        self.folded = Folded()

    @property
    def seq(self) -> int:
        """How far it has read."""
        return self._seq

    async def step(self) -> bool:
        """Fold the next page and write what it changed. False: there was none.

        Raises:
            IntegrityLost, IllegalTransition: an entry cannot be folded. Nothing of its page was written.
        """
        async with lend(self._pool) as connection, connection.transaction():
            if self._unwritten is None:
                page = await rows(connection, JOURNAL["entries_after"], {"after": self._seq, "page": PAGE})
                if not page:
                    return False
                self._unwritten = await self._fold(connection, page)
            if self._unwritten is not None:
                await self._write(connection, self._unwritten, self._seq)
        self._unwritten = None
        return True

    async def _fold(self, connection: Connection, page: Sequence[DictRow]) -> Changed | None:
        """Take a page into the fold, once; what it changed, or None where the rows have seen all of it."""
        written = (await one(connection, SQL["follower"]))["as_of_seq"]
        changed = Changed()
        for row in page:
            if row["event_type"] in FOLDED:
                self.folded.apply(stored(row), changed if row["seq"] > written else Changed())
        self._seq = page[-1]["seq"]
        return changed if self._seq > written else None

    async def catch_up(self) -> None:
        """Read to the end."""
        while await self.step():
            pass

    async def _write(self, connection: Connection, changed: Changed, seq: int) -> None:
        for reference in changed.references.values():
            advisor = self.folded.advisors.get(reference.account or reference.household or "")
            asked = {
                "kind": reference.kind,
                "id": reference.id,
                "advisor": advisor,
                "household": reference.household,
                "account": reference.account,
                "state": Jsonb(reference.state),
                "seq": seq,
            }
            await connection.execute(SQL["put_reference"], asked)
        for account in sorted(changed.accounts):
            await self._write_account(connection, account, seq)
        for order in sorted(changed.orders):
            await self._write_order(connection, order, seq)
        await connection.execute(SQL["follow"], {"seq": seq})

    async def _write_account(self, connection: Connection, account: AccountId, seq: int) -> None:
        mine = {"account": account, "advisor": self.folded.advisors[account], "seq": seq}
        await connection.execute(SQL["drop_lots"], mine)
        for lot in self.folded.lots.get(account, lots.NO_LOTS).open:
            asked = {
                **mine,
                "lot": lot.id,
                "symbol": lot.symbol,
                "quantity": lot.quantity,
                "cost_per_share": lot.cost_per_share,
                "acquired_on": lot.acquired_on,
            }
            await connection.execute(SQL["put_lot"], asked)
        await connection.execute(SQL["drop_positions"], mine)
        held = self.folded.positions.get(account, positions.NO_POSITIONS)
        for symbol, quantity in sorted(held.shares.items()):
            await connection.execute(SQL["put_position"], {**mine, "symbol": symbol, "quantity": quantity})
        day = self.folded.session or date.min
        dollars = cash.on(self.folded.cash.get(account, cash.NO_CASH), day, reserved=cash.ZERO)
        asked = {
            **mine,
            "settled": dollars.settled,
            "unsettled": dollars.unsettled,
            "held": dollars.held,
        }
        await connection.execute(SQL["put_cash"], asked)

    async def _write_order(self, connection: Connection, order_id: OrderId, seq: int) -> None:
        order = self.folded.orders[order_id]
        routed = self.folded.routed.get(order_id)
        average = order.average_price
        state: dict[str, Any] = {
            **json.loads(ORDER.dump_json(order)),
            "average_price": None if average is None else format(average, "f"),
            "scores": [score.model_dump(mode="json") for score in routed.scores] if routed else [],
            "says": self.folded.says.get(order_id, ""),
        }
        asked = {
            "order_id": order.id,
            "proposal": order.proposal,
            "leg": order.leg,
            "account": order.account,
            "advisor": self.folded.advisors[order.account],
            "status": order.status.value,
            "state": Jsonb(state),
            "seq": seq,
        }
        await connection.execute(SQL["put_order"], asked)
