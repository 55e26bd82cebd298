"""The watch list: what compliance keeps an eye on, and what was proposed and traded in it.

Rule 1: it is compliance's alone. Which symbol and why is sealed under a subject of its own; the database
    shows rows and entries to compliance alone; no rule, no plan and no other view reads any of it.
Rule 2: so a hit changes nothing for anybody else: no verdict, no text, no time, no view.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import BadInput, NotPermitted
from core.fact import Entry, Sealed
from core.ids import AccountId, OrderId, PersonId, ProposalId, SubjectId, Symbol, fresh_trace_id, uuid7
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.limits.events import WatchListed, WatchUnlisted
from core.people.asker import asking
from core.people.keystore import KeyStore

SQL: Final = statements(Path(__file__).with_name("watch.sql"))
COMPLIANCE: Final = SubjectId("firm-compliance")
CAUSE_AT_MOST: Final = 4_000  # characters


@dataclass(frozen=True, slots=True)
class Watched:
    """`cause` is the words of whoever listed it. `until` None: it is watched."""

    watch: str
    symbol: Symbol
    cause: str
    listed_by: PersonId
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One order, or planned one, in a watched symbol. `status` is the order's, or the proposal's before."""

    symbol: Symbol
    proposal: ProposalId
    order: OrderId
    account: AccountId
    advisor: PersonId
    side: str
    quantity: Decimal
    filled: Decimal
    status: str
    session: date
    assessed_at: datetime


class Watching:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock

    async def list_(self, ticket: str, symbol: Symbol, cause: str) -> tuple[str, Recorded]:
        """Watch it from now on; the entry's id.

        Raises:
            Refused: not of compliance.
        """
        if not cause.strip() or len(cause) > CAUSE_AT_MOST:
            raise BadInput("a cause has 1 to 4,000 characters", fix="write why", field="cause")
        watch = f"wch-{uuid7(self._clock).hex}"
        words = json.dumps({"symbol": symbol, "cause": cause})
        fact = WatchListed(watch=watch, entry=self._keys.seal(COMPLIANCE, "watch", words))
        return watch, await self._record(ticket, watch, fact)

    async def unlist(self, ticket: str, watch: str) -> Recorded:
        """Watch it no more.

        Raises:
            Refused: not of compliance, or it is not watched.
        """
        return await self._record(ticket, watch, WatchUnlisted(watch=watch))

    async def report(self, ticket: str) -> tuple[tuple[Watched, ...], tuple[Hit, ...]]:
        """What is or was watched, newest first, and every order in what is watched now, newest first.

        Raises:
            NotPermitted: not of compliance. Nothing is said of what the list holds.
        """
        async with asking(self._pool, ticket) as connection:
            if not (await one(connection, SQL["compliance"]))["compliance"]:
                raise NotPermitted("that is for compliance", fix="ask compliance")
            watched = tuple(self._watched(row) for row in await rows(connection, SQL["watched"]))
            symbols = sorted({one.symbol for one in watched if one.until is None})
            found = await rows(connection, SQL["hits"], {"symbols": symbols})
        return watched, _hits(found)

    def _watched(self, row: DictRow) -> Watched:
        words = json.loads(self._keys.clear("watch", Sealed.model_validate(row["entry"])))
        return Watched(
            watch=row["watch"],
            symbol=Symbol(words["symbol"]),
            cause=words["cause"],
            listed_by=row["listed_by"],
            since=row["listed_at"],
            until=row["unlisted_at"],
        )

    async def _record(self, ticket: str, watch: str, fact: WatchListed | WatchUnlisted) -> Recorded:
        trace = fresh_trace_id(self._clock)
        return (await self._journal.record(Entry(f"watch/{watch}", fact, trace, ticket=ticket)))[0]


def _hits(found: Sequence[DictRow]) -> tuple[Hit, ...]:
    return tuple(
        Hit(
            symbol=row["symbol"],
            proposal=row["proposal"],
            order=row["order_id"],
            account=row["account"],
            advisor=row["advisor"],
            side=row["side"],
            quantity=row["quantity"],
            filled=row["filled"],
            status=row["status"],
            session=row["session"],
            assessed_at=row["drafted_at"],
        )
        for row in found
    )
