"""Carrying out what two people decided: the worker's turn at forgetting.

Rule 1: nothing is deleted before `ForgettingBegun` stands in the journal; the append takes it only while
    nothing bars it, and takes no hold after it.
Rule 2: every step can be repeated: after a kill the worker finds the request begun, and does all of it again.
Rule 3: `SubjectForgotten` comes last and says what went from where, and where no process of ours can reach.
    The append refuses it while a row of the subject is left.
Rule 4: a key that comes back, from a backup of the key store, is destroyed again when a worker starts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import structlog

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.database.statements import statements
from core.errors import Conflict, Refused
from core.fact import Entry
from core.forgetting.events import ForgettingBegun, Reached, SubjectForgotten, Unreached
from core.ids import SubjectId, TraceId
from core.ledger.journal import Journal
from core.people.keystore import KeyStore

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
log = structlog.get_logger(__name__)

KEYS: Final = "key"
UNREACHED: Final[tuple[Unreached, ...]] = (
    Unreached(store="key_store_backup", why="a copy of the key store opens the words again; destroy it"),
    Unreached(store="database_backup", why="holds what was deleted from tables, until it is overwritten"),
    Unreached(store="database_dead_rows", why="deleted rows and the write-ahead log stay until reused"),
    Unreached(store="disk", why="a journal, snapshot or spare block may keep an overwritten file"),
    Unreached(store="export", why="holds ciphertext alone; what was opened from it elsewhere is elsewhere"),
    Unreached(store="outside_copy", why="what people printed, copied or sent"),
    Unreached(store="other_subject", why="words about the same person in another subject's texts"),
    Unreached(store="login", why="the login name of somebody who works here is in clear"),
)


class CarryingOut:
    """One for each worker."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys

    async def sweep(self) -> None:
        """Destroy the keys of everybody who was forgotten and whose key is there again."""
        async with lend(self._pool) as connection:
            gone = [SubjectId(row["subject"]) for row in await rows(connection, SQL["forgotten"])]
        for subject in gone:
            if not self._keys.is_forgotten(subject):
                self._keys.forget(subject)
                log.warning("a_forgotten_key_was_back", subject=subject)

    async def turn(self) -> bool:
        """Carry out what is due. Whether anything was recorded.

        Raises:
            WorldFailed: the key store or the database cannot be written. What was begun is begun again.
        """
        async with lend(self._pool) as connection:
            due = await rows(connection, SQL["due"])
        moved = False
        for row in due:
            request, subject, trace = row["request"], SubjectId(row["subject"]), TraceId(row["trace"])
            if row["status"] == "CONFIRMED":
                begun = ForgettingBegun(request=request, subject=subject)
                if not await self._record(begun, trace, f"begin/{request}"):
                    continue
            stores = await self._reach(request, subject)
            fact = SubjectForgotten(request=request, subject=subject, stores=stores, unreached=UNREACHED)
            moved = await self._record(fact, trace, f"forgotten/{request}") or moved
        return moved

    async def _reach(self, request: str, subject: SubjectId) -> tuple[Reached, ...]:
        """The key first: from that moment every copy of its texts, wherever it is, is shut."""
        count = self._keys.forget(subject)
        async with lend(self._pool) as connection, connection.transaction():
            found = await rows(connection, SQL["forget_stores"], {"request": request})
        stores = (Reached(store=row["store"], count=row["rows"]) for row in found)
        return (Reached(store=KEYS, count=count), *stores)

    async def _record(self, fact: ForgettingBegun | SubjectForgotten, trace: TraceId, key: str) -> bool:
        entry = Entry(f"subject/{fact.subject}", fact, trace, key=key)
        try:
            await self._journal.record(entry)
        except (Refused, Conflict) as no:
            log.warning("forgetting_waits", request=fact.request, says=no.says)
            return False
        return True
