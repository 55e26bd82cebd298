"""Reading the record from wherever one stopped, as the person who asks and no further than her book.

Rule 1: entries are committed in the order of their sequences, so whoever read up to one has missed nothing.
Rule 2: one page looks at a bounded stretch: where little of the record fits, it is short and says how far it
    looked, and the next goes on from there.
Rule 3: nothing is kept between two pages: each presents the ticket again, and ends with the session.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.views import JournalLine
from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.errors import IntegrityLost, NotFound
from core.fact import PolicyDecision
from core.feed.chosen import SQL, Chosen, choose
from core.ids import OrderId, TraceId
from core.ledger.events import KINDS, fact_of
from core.orders.events import Finding, OrderType, Side, apart
from core.orders.external import External, Stored, Terms, external
from core.orders.order import OrderOwn
from core.people.asker import asking

LOOKS: Final = 8  # stretches that one page looks through
WIDER: Final = 4  # times the one before, where that had too little
WIDEST: Final = 25_000  # entries in one stretch

ORDER_EVENTS: Final = tuple(name for name, kind in KINDS.items() if issubclass(kind, OrderOwn.__args__))

Connection = AsyncConnection[DictRow]


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries in their order. `after` is how far was looked, `head` how far the record was."""

    lines: tuple[JournalLine, ...]
    after: int
    head: int

    @property
    def caught_up(self) -> bool:
        return self.after >= self.head


class Record:
    """The record, for whoever presents a ticket."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def head(self) -> int:
        """The newest sequence."""
        async with lend(self._pool) as connection:
            return int((await one(connection, SQL["head_seq"]))["seq"])

    async def before(self, moment: datetime) -> int:
        """The last entry that was recorded before a moment; 0 where there is none."""
        async with lend(self._pool) as connection:
            return int((await one(connection, SQL["seq_before"], {"moment": moment}))["seq"])

    async def choose(
        self,
        ticket: str,
        *,
        trace: str | None = None,
        actor: str | None = None,
        account: str | None = None,
        types: Iterable[str] = (),
        among: Iterable[str] = KINDS,
    ) -> Chosen:
        """As `core.feed.chosen.choose`, for this ticket's person."""
        async with asking(self._pool, ticket) as connection:
            return await choose(
                connection, trace=trace, actor=actor, account=account, types=types, among=among
            )

    async def page(self, ticket: str, chosen: Chosen, *, after: int, most: int) -> Page:
        """At most `most` chosen entries that follow `after`, oldest first."""
        async with asking(self._pool, ticket) as connection:
            return await _onward(connection, chosen, after, most)

    async def newest(self, ticket: str, chosen: Chosen, *, most: int) -> Page:
        """The newest `most` chosen entries, oldest first: as many as a bounded look back finds."""
        async with asking(self._pool, ticket) as connection:
            return await _backward(connection, chosen, most)

    async def externals(self, ticket: str, page: Page) -> tuple[tuple[int, External], ...]:
        """The order events of a page in their external form, each by its sequence."""
        async with asking(self._pool, ticket) as connection:
            return await _externals(connection, page.lines)

    async def order_events(self, ticket: str, order: OrderId) -> tuple[External, ...]:
        """Everything that happened to that order, in its external form. Nothing while its leg is held.

        Raises:
            NotFound: no such order in the asker's book.
        """
        async with asking(self._pool, ticket) as connection:
            if order not in await _terms(connection, [order]):
                raise NotFound(
                    f"there is no order {order!r} in your book",
                    fix="see the proposal's orders",
                    field="order_id",
                )
            found = await rows(connection, SQL["order_lines"], {"stream": f"order/{order}"})
            return tuple(event for _, event in await _externals(connection, [line_of(row) for row in found]))


def line_of(row: Mapping[str, Any]) -> JournalLine:
    """A row of `gatehouse.journal_line` with its envelope read."""
    envelope = json.loads(row["text"])
    return JournalLine(
        seq=row["seq"],
        recorded_at=row["recorded_at"],
        role=row["role"],
        actor=row["actor"],
        event_id=UUID(envelope["event_id"]),
        event_type=row["event_type"],
        event_version=envelope["event_version"],
        stream=row["stream"],
        stream_version=envelope["stream_version"],
        trace=row["trace_id"],
        occurred_at=datetime.fromisoformat(envelope["occurred_at"]),
        policy_decisions=tuple(envelope["policy_decisions"]),
        payload=envelope["payload"],
    )


async def _onward(connection: Connection, chosen: Chosen, after: int, most: int) -> Page:
    head = int((await one(connection, SQL["head_seq"]))["seq"])
    page, width = Page((), after, head), _first_width(chosen, most, head)
    for _ in range(LOOKS):
        if page.caught_up or len(page.lines) >= most:
            break
        high, wanted = min(page.after + width, head), most - len(page.lines)
        lines = await _stretch(connection, chosen, page.after, high, wanted, direction=1)
        looked = lines[-1].seq if len(lines) == wanted else high
        page = replace(page, lines=page.lines + lines, after=looked)
        width = min(width * WIDER, max(width, WIDEST))
    return page


async def _backward(connection: Connection, chosen: Chosen, most: int) -> Page:
    head = int((await one(connection, SQL["head_seq"]))["seq"])
    lines: tuple[JournalLine, ...] = ()
    high, width = head, _first_width(chosen, most, head)
    for _ in range(LOOKS):
        if high == 0 or len(lines) >= most:
            break
        low = max(0, high - width)
        found = await _stretch(connection, chosen, low, high, most - len(lines), direction=-1)
        lines = found[::-1] + lines
        high, width = low, min(width * WIDER, max(width, WIDEST))
    return Page(lines, head, head)


def _first_width(chosen: Chosen, most: int, head: int) -> int:
    """A trace has an index of its own: the whole record is one stretch."""
    return head if chosen.trace else most * WIDER


async def _stretch(
    connection: Connection, chosen: Chosen, low: int, high: int, most: int, *, direction: int
) -> tuple[JournalLine, ...]:
    asked = {**chosen.asked(), "low": low, "high": high, "most": most, "direction": direction}
    # Never prepared: a plan for every choice at once would use no index of any.
    cursor = await connection.execute(SQL["lines"], asked, prepare=False)
    return tuple(line_of(row) for row in await cursor.fetchall())


async def _externals(
    connection: Connection, lines: Iterable[JournalLine]
) -> tuple[tuple[int, External], ...]:
    own = [line for line in lines if line.event_type in ORDER_EVENTS]
    terms = await _terms(connection, {line.payload["order"] for line in own})
    return tuple(
        (line.seq, external(_stored(line), terms[line.payload["order"]]))
        for line in own
        if line.payload["order"] in terms  # a block is no account's order: its parts say what it did
    )


async def _terms(connection: Connection, orders: Iterable[str]) -> Mapping[OrderId, Terms]:
    found = await rows(connection, SQL["order_terms"], {"orders": sorted(orders)})
    return {
        row["order_id"]: Terms(
            order=row["order_id"],
            leg=row["leg"],
            account=row["account"],
            symbol=row["symbol"],
            side=Side(row["side"]),
            quantity=row["quantity"],
            order_type=OrderType(row["order_type"]),
            limit_price=row["limit_price"],
            findings=apart(Finding.model_validate(f) for f in row["findings"]),
        )
        for row in found
    }


def _stored(line: JournalLine) -> Stored:
    fact = fact_of(line.event_type, line.event_version, line.payload)
    if not isinstance(fact, OrderOwn):
        raise IntegrityLost(
            f"entry {line.seq} is no event of an order",
            fix="run `gatehouse audit verify`; a person must look",
        )
    return Stored(
        event_id=line.event_id,
        event_version=line.event_version,
        trace=TraceId(line.trace),
        occurred_at=line.occurred_at,
        role=line.role,
        actor=line.actor,
        policy_decisions=tuple(PolicyDecision(d["policy"], d["result"]) for d in line.policy_decisions),
        fact=fact,
    )
