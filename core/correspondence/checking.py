"""The worker reads each adopted e-mail again, by the same rules as whoever served its advisor.

Rule 1: what it finds is computed from the words that the record holds, and from nothing that anybody said.
Rule 2: a difference is named in the entry. A review goes by what either found, and waits for this.
Rule 3: a text that does not open is left: it is reviewed by nobody. It keeps no other one waiting.
"""

from __future__ import annotations

from typing import Final

import structlog
from psycopg.rows import DictRow

from core.correspondence.events import EmailChecked
from core.correspondence.rules import found_in
from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.errors import Conflict, IntegrityLost, NotFound, Refused
from core.fact import Entry, Sealed
from core.ids import TraceId
from core.ledger.journal import Journal
from core.people.keystore import KeyStore

AT_ONCE: Final = 50
FIELD: Final = "email"
TO_CHECK: Final = "select * from gatehouse.emails_to_check(%(most)s)"

log = structlog.get_logger(__name__)


class Checking:
    """One for each worker that has the duties."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._unopened: set[str] = set()  # digests

    async def turn(self) -> None:
        """Read what was adopted since."""
        async with lend(self._pool) as connection:
            waiting = await rows(connection, TO_CHECK, {"most": AT_ONCE + len(self._unopened)})
        for row in waiting:
            if row["digest"] in self._unopened:
                continue
            fact = self._read(row)
            if fact is not None:
                await self._record(fact, TraceId(row["trace"]))

    def _read(self, row: DictRow) -> EmailChecked | None:
        try:
            subject, text = (
                self._keys.clear(FIELD, Sealed.model_validate(row[name])) for name in ("subject", "text")
            )
        except (NotFound, IntegrityLost) as shut:
            self._unopened.add(row["digest"])
            log.warning("email_not_read", email=row["email"], says=shut.says)
            return None
        findings = tuple(one.finding for one in found_in(subject, text))
        differs = set(findings) != set(row["findings"])
        if differs:
            log.error("email_findings_differ", email=row["email"])
        same = {name: row[name] for name in ("email", "household", "digest")}
        return EmailChecked(**same, findings=findings, differs=differs)

    async def _record(self, fact: EmailChecked, trace: TraceId) -> None:
        key = f"email/check/{fact.email}/{fact.digest}"
        try:
            await self._journal.record(Entry(f"email/{fact.email}", fact, trace, key=key))
        except (Refused, Conflict) as no:  # edited or withdrawn meanwhile
            log.info("email_not_checked", email=fact.email, says=no.says)
