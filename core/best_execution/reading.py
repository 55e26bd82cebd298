"""Which rules are in force, as the append has them, and what the worker remembers of venues."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.best_execution.events import RouteRecorded
from core.best_execution.versions import rules_of
from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import IntegrityLost
from core.fact import Fact
from core.ids import Digest
from core.ledger.envelope import stored
from core.routing.evidence import Evidence, evidence_read
from core.routing.remembering import Remembered, remembered
from core.routing.rules import InForce

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
LATELY: Final = 50_000
"""Entries of the record that are looked through for what is remembered of venues."""

Connection = AsyncConnection[DictRow]


class RulesInForce:
    """Asked at each routing: `await rules()`."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool

    async def __call__(self) -> InForce:
        """The version that decides on the firm's business day, and the set that decides beside it.

        Raises:
            WorldFailed: the database does not answer. Nothing is routed meanwhile.
        """
        async with lend(self._pool) as connection:
            return await read_in_force(connection)


async def read_in_force(connection: Connection) -> InForce:
    """As `RulesInForce`, on a connection that is there."""
    row = await one(connection, SQL["in_force"])
    waiting = None
    if row["waiting"] is not None:
        waiting = rules_of(row["next"], Digest(row["waiting_digest"]), row["waiting"])
    return InForce(rules_of(row["version"], Digest(row["digest"]), row["routing"]), waiting)


def evidence_of(fact: Fact) -> Evidence:
    """What a recorded choice rested on.

    Raises:
        IntegrityLost: the entry holds none that can be read.
    """
    if not isinstance(fact, RouteRecorded):
        raise IntegrityLost(
            f"{fact.event_type()} is no routing", fix="run `gatehouse audit verify`; a person must look"
        )
    return evidence_read(fact.evidence)


async def read_lately(pool: AsyncPool, clock: Clock, now: timedelta) -> tuple[Remembered, ...]:
    """What came of the newest orders, each with its moment on the clock that says `now`."""
    async with lend(pool) as connection:
        found = [stored(row) for row in await rows(connection, SQL["lately"], {"entries": LATELY})]
    began = clock.now() - now
    return remembered((entry.fact, entry.recorded_at - began) for entry in found)
