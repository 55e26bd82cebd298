"""Order tickets from the record: of one order, for whoever may see it, and of an advisor's, for an examiner.

Rule 1: a ticket is folded from the entries' own texts. For one order, what its account is comes from the row
    that the law decides by: an account's own stream is not shown to everybody who may see its orders.
Rule 2: who asks sees the tickets of her book, as she sees the record. The witness's login sees all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import AsyncPool
from core.database.rows import rows
from core.database.statements import statements
from core.errors import NotFound
from core.fact import Fact
from core.firm.events import AccountOpened
from core.ids import AccountId, OrderId, PersonId, TraceId
from core.ledger.envelope import opened
from core.ledger.events import KINDS
from core.orders.blocks import BlockAllocated, BlockFormed
from core.orders.events import ProposalAssessed, ProposalDrafted
from core.orders.order import OWN
from core.orders.ticket import Around, Held, Line, Ticket
from core.orders.ticketing import DECISIONS, fold
from core.people.asker import asking
from core.people.events import StepTaken

SQL: Final = statements(Path(__file__).with_name("tickets.sql"))
ON_TICKETS: Final[tuple[type[Fact], ...]] = (
    ProposalDrafted,
    ProposalAssessed,
    BlockFormed,
    BlockAllocated,
    *DECISIONS,
    *OWN,
)
READ: Final = tuple(
    name for name, kind in KINDS.items() if issubclass(kind, (*ON_TICKETS, AccountOpened, StepTaken))
)
PAGE: Final = 5_000

Connection = AsyncConnection[DictRow]


class OrderTickets:
    """For whoever presents a session."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def of(self, session: str, order: OrderId) -> Ticket:
        """The ticket of that order.

        Raises:
            NotFound: no such order in the asker's book.
        """
        async with asking(self._pool, session) as connection:
            found = await rows(connection, SQL["of_order"], {"order": order, "kinds": list(READ)})
            accounts = await rows(connection, SQL["account_of_order"], {"order": order})
        held = {AccountId(row["account"]): _held(row) for row in accounts}
        ticket = fold(*_gathered(found, held)).get(order)
        if ticket is None:
            raise NotFound(
                f"there is no order {order!r} in your book", fix="see the proposal's orders", field="order_id"
            )
        return ticket


async def tickets_of(
    connection: Connection, advisor: PersonId, *, since: datetime | None, before: datetime | None
) -> tuple[Ticket, ...]:
    """The tickets of that advisor's accounts whose orders were received then, by when they were.

    Reads the whole record once: what became of an order may stand anywhere behind it.
    """
    found: list[DictRow] = []
    after = 0
    while True:
        asked = {"after": after, "page": PAGE, "kinds": list(READ)}
        page = await rows(connection, SQL["of_all"], asked)
        if not page:
            break
        found += page
        after = page[-1]["seq"]
    tickets = fold(*_gathered(found, {})).values()
    return tuple(one for one in tickets if one.advisor == advisor and _within(one.received_at, since, before))


def _within(moment: datetime, since: datetime | None, before: datetime | None) -> bool:
    return (since is None or moment >= since) and (before is None or moment < before)


def _gathered(
    found: Iterable[Mapping[str, Any]], held: Mapping[AccountId, Held]
) -> tuple[list[Line], Around]:
    """The entries that tickets are folded from, and what stands around them."""
    lines: list[Line] = []
    accounts, models = dict(held), dict[TraceId, str]()
    for row in found:
        envelope = opened(row["text"])
        fact = envelope.fact
        if isinstance(fact, AccountOpened):
            accounts[fact.account] = Held(
                household=fact.household,
                advisor=fact.advisor,
                kind=fact.kind,
                capacity=fact.capacity,
                discretionary=fact.discretionary,
                custodian=fact.custodian,
            )
        elif isinstance(fact, StepTaken):
            models[envelope.trace_id] = fact.model
        else:
            at, role, actor = row["recorded_at"], row["role"], row["actor"]
            lines.append(Line(row["seq"], at, role, actor, envelope.trace_id, fact))
    return lines, Around(accounts, models)


def _held(row: Mapping[str, Any]) -> Held:
    return Held(**{name: row[name] for name in Held.__slots__})
