"""The worker's part in halts: file and record are brought to one, and an alert that nobody answers halts.

Rule 1: halted in either is halted. A halt that the record does not know goes into it; one that it knows
    goes into the file; only one that it says is lifted goes out of the file.
Rule 2: a file that cannot be believed becomes a halt of everything, in the record: a person looks, and
    resumes.
Rule 3: an alert is raised once for each thing that it is about. One that is critical and unanswered when
    its time is over halts the scope that it names, no wider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import structlog

from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.database.statements import statements
from core.errors import Conflict, OutcomeUnknown, Refused, WorldFailed
from core.fact import Entry, Fact, Sealed
from core.halts.events import AlertKind, AlertRaised, TradingHalted
from core.halts.file import Halt, HaltFile, fresh_halt_id
from core.halts.scope import Scope
from core.halts.watch import Watch
from core.ids import OrderId, SubjectId, VenueName, fresh_trace_id
from core.ledger.journal import Journal
from core.people.keystore import KeyStore

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
LOOKS_EVERY: Final = timedelta(milliseconds=150)
AWAY: Final = timedelta(seconds=1)
MACHINE: Final = SubjectId("machine")
"""Whose words a reason is that was written at the machine itself."""

log = structlog.get_logger(__name__)

About = tuple[AlertKind, Scope, OrderId | None, VenueName | None]


class Keeping:
    """One for each worker. `alarms` is what the execution wants a person to look at, now."""

    def __init__(
        self,
        pool: AsyncPool,
        journal: Journal,
        keys: KeyStore,
        clock: Clock,
        file: HaltFile,
        watch: Watch,
        alarms: Callable[[], Iterable[About]],
        acknowledged_within: timedelta,
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self._file = file
        self._watch = watch
        self._alarms = alarms
        self._within = acknowledged_within
        self._raised: set[str] = set()
        self._told: set[Scope] = set()

    async def begin(self) -> None:
        """Before anything is sent: a first file where there is none, and what the record says.

        Raises:
            WorldFailed: the database or the folder cannot be reached.
        """
        if self._file.missing:
            known = await self._known(())
            self._file.make(halt for halt, lifted in known.values() if not lifted)
        await self.turn()

    async def run(self) -> None:
        while True:
            pause = LOOKS_EVERY
            try:
                await self.turn()
                await self.raise_alarms()
                await self._halt_unanswered()
            except (WorldFailed, OutcomeUnknown) as away:
                log.warning("halts_wait", says=away.says)
                pause = AWAY
            except (Refused, Conflict) as no:
                log.error("halt_not_recorded", says=no.says)
            await asyncio.sleep(pause.total_seconds())

    async def turn(self) -> None:
        """Bring file and record to one."""
        now = self._file.read()
        if now.fault is not None:
            log.error("halt_file_not_believed", says=now.fault)
            now = self._file.add()  # sets it aside, and halts everything
        known = await self._known([halt.id for halt in now.halts])
        standing = tuple(halt for halt, lifted in known.values() if not lifted)
        self._watch.recorded(standing)
        self._tell({halt.scope for halt in standing})
        lifted = {halt.id for halt, over in known.values() if over}
        for halt in now.halts:
            if halt.id not in known and not await self._take_in(halt):
                lifted.add(halt.id)  # another of the same stands already
        self._file.settle(standing, lifted=lifted)

    def _tell(self, scopes: set[Scope]) -> None:
        if scopes != self._told:
            log.warning("trading_halted" if scopes else "trading_resumed", scopes=sorted(scopes))
            self._told = scopes

    async def raise_alarms(self) -> None:
        """Tell a person of what the execution cannot mend by itself.

        Raises:
            WorldFailed, OutcomeUnknown: it is not on record yet.
        """
        for about in list(self._alarms()):
            kind, scope, order, venue = about
            alert = "alt-" + sha256(f"{kind}/{scope}/{order}/{venue}".encode()).hexdigest()[:32]
            if alert in self._raised:
                continue
            fact = AlertRaised(
                alert=alert, severity="critical", scope=scope, kind=kind, order=order, venue=venue
            )
            try:
                await self._record(f"alert/{alert}", fact, f"alert/{alert}")
                log.error("alert_raised", kind=kind, scope=scope, order=order, venue=venue)
            except (Refused, Conflict):
                pass  # raised before this process began
            self._raised.add(alert)

    async def _halt_unanswered(self) -> None:
        async with lend(self._pool) as connection:
            overdue = await rows(connection, SQL["alerts_overdue"], {"within": self._within})
        for row in overdue:
            halt = Halt(fresh_halt_id(), Scope(row["scope"]), self._clock.now(), "alert")
            fact = TradingHalted(halt=halt.id, scope=halt.scope, cause="alert", alert=row["alert"])
            await self._record(f"halt/{halt.scope}", fact, f"halt/{row['alert']}")
            self._file.add(halt)
            log.error("alert_unanswered", scope=halt.scope, alert=row["alert"])

    async def _known(self, ids: Iterable[str]) -> Mapping[str, tuple[Halt, bool]]:
        """Halts of the record by id, and whether they were lifted."""
        async with lend(self._pool) as connection:
            found = await rows(connection, SQL["halts_known"], {"ids": list(ids)})
        return {
            row["halt"]: (
                Halt(row["halt"], Scope(row["scope"]), row["halted_at"], row["cause"], row["named"]),
                row["lifted"],
            )
            for row in found
        }

    async def _take_in(self, halt: Halt) -> bool:
        """Record a halt that came beside the record. False where the record has no use for it.

        Front and worker record first and write the file after: one of theirs that the record does not know
        is of a record that was since put back to an earlier state. It stands, as the machine's.
        """
        fact = TradingHalted(
            halt=halt.id,
            scope=halt.scope,
            cause="file" if halt.cause == "file" else "machine",
            reason=self._sealed(halt.reason),
            halted_at=halt.at,
            named=halt.named,
        )
        try:
            await self._record(f"halt/{halt.scope}", fact, f"halt/{halt.id}")
        except Refused as no:
            if no.code == "halted_before":
                return False
            raise
        log.warning("halt_taken_in", scope=halt.scope, halt=halt.id)
        return True

    def _sealed(self, reason: str | None) -> Sealed | None:
        return self._keys.seal(MACHINE, "reason", reason) if reason else None

    async def _record(self, stream: str, fact: Fact, key: str) -> None:
        await self._journal.record(Entry(stream, fact, fresh_trace_id(self._clock), key=key))
