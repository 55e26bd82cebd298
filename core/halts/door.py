"""Halts at the approver's door: stopping, resuming, acknowledging, and what waits in a scope.

Rule 1: who acts is the session's person; whether she may is the append's answer.
Rule 2: a halt is recorded, then on disk, then held by every worker; then it is answered.
Rule 3: a person resumes what she saw: exactly the halts that stood when she asked.
Rule 4: without the database nobody's session can be looked at: then the machine's own command stops trading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import BadInput, Conflict, NotFound
from core.fact import Entry, Fact, Sealed
from core.halts.beside import Beside, Stopped
from core.halts.events import AlertAcknowledged, Cause, TradingHalted, TradingResumed
from core.halts.file import Halt
from core.halts.keeping import SQL
from core.halts.scope import Scope
from core.ids import AccountId, OrderId, PersonId, SubjectId, Symbol, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import asking
from core.people.keystore import KeyStore
from core.people.repeated import record_once

REASON_AT_MOST: Final = 1_000  # characters


@dataclass(frozen=True, slots=True)
class Standing:
    """One halt that holds now. `reason` is in clear; none where nobody wrote one, or where it was
    forgotten."""

    halt: str
    scope: Scope
    cause: Cause
    person: PersonId | None
    alert: str | None
    reason: str | None
    halted_at: datetime


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that is out and has not ended. `status` UNKNOWN: sent, and no answer that can be read."""

    order: OrderId
    account: AccountId
    symbol: Symbol
    side: str
    quantity: Decimal
    filled: Decimal
    status: str
    venue: str | None


@dataclass(frozen=True, slots=True)
class CashDue:
    """A client's own money that is due today. A halt does not hold it back."""

    account: AccountId
    what: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class InScope:
    """What a halt leaves in its scope."""

    orders: tuple[OpenOrder, ...]
    cash_due: tuple[CashDue, ...]


class Halting:
    """One for each process that serves people."""

    def __init__(
        self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock, beside: Beside
    ) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self._beside = beside

    async def halt(
        self, ticket: str, scope: Scope, reason: str | None, *, key: str
    ) -> tuple[str, Recorded, Stopped]:
        """Stop it; the halt's id first. The same key is the same halt.

        Raises:
            Refused: not hers to stop, no such thing, or she has stopped it already.
            Conflict: that halt was resumed since.
            WorldFailed: the database or the halt file cannot be reached.
        """
        if reason is not None and (not reason.strip() or len(reason) > REASON_AT_MOST):
            raise BadInput(
                f"a reason has 1 to {REASON_AT_MOST:,} characters", fix="write less, or none", field="reason"
            )
        person = await self._person(ticket)
        halt = f"hlt-{sha256(f'{person}/{scope}/{key}'.encode()).hexdigest()[:32]}"

        def entry(back: int) -> Entry:
            sealed = (
                None if reason is None else self._keys.seal(SubjectId(person), "reason", reason, back=back)
            )
            fact = TradingHalted(halt=halt, scope=scope, cause="person", reason=sealed)
            trace = fresh_trace_id(self._clock)
            return Entry(f"halt/{scope}", fact, trace, ticket=ticket, key=f"halt/{halt}")

        recorded = await record_once(self._journal, self._keys, SubjectId(person), entry)
        if recorded.duplicate and halt not in {one.halt for one in await self.standing(ticket)}:
            raise Conflict("that halt was resumed since", fix="use a fresh key to stop it again")
        known = Halt(halt, scope, self._clock.now(), "person", named=person)
        return halt, recorded, await self._beside.stop(known)

    async def resume(self, ticket: str, scope: Scope) -> Recorded:
        """Let orders of that scope leave again, as another person than those who stopped it.

        Raises:
            NotFound: it is not halted, as far as she is shown.
            Refused: she has stopped it herself, may not resume, or another halt came meanwhile.
        """
        async with asking(self._pool, ticket) as connection:
            seen = await rows(connection, SQL["standing_of"], {"scope": scope})
        if not seen:
            raise NotFound(
                f"trading is not stopped for {scope!r}", fix="see `gatehouse halts`", field="scope"
            )
        fact = TradingResumed(scope=scope, halts=tuple(row["halt"] for row in seen))
        return await self._record(ticket, f"halt/{scope}", fact)

    async def acknowledge(self, ticket: str, alert: str) -> Recorded:
        """She has seen it and answers for it.

        Raises:
            Refused: there is none, it is not hers to answer for, or somebody has.
        """
        return await self._record(ticket, f"alert/{alert}", AlertAcknowledged(alert=alert))

    async def standing(self, ticket: str) -> tuple[Standing, ...]:
        """What is halted now, as far as she is shown; the widest first."""
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["standing"])
        return tuple(
            Standing(
                halt=row["halt"],
                scope=Scope(row["scope"]),
                cause=row["cause"],
                person=row["person"] or row["named"],
                alert=row["alert"],
                reason=self._clear(row["reason"]),
                halted_at=row["halted_at"],
            )
            for row in found
        )

    async def alerts(self, ticket: str) -> Sequence[dict[str, Any]]:
        """What waits for a person to acknowledge it, the most pressing first."""
        async with asking(self._pool, ticket) as connection:
            return await rows(connection, SQL["alerts"])

    async def in_scope(self, ticket: str, scope: Scope) -> InScope:
        """Open and unknown orders, and clients' cash due today, as far as she is shown them."""
        async with asking(self._pool, ticket) as connection:
            orders = await rows(connection, SQL["orders_in"], {"scope": scope})
            cash = await rows(connection, SQL["cash_due_in"], {"scope": scope})
        return InScope(
            tuple(
                OpenOrder(
                    OrderId(row["order_id"]),
                    AccountId(row["account"]),
                    Symbol(row["symbol"]),
                    row["side"],
                    row["quantity"],
                    row["filled"],
                    row["status"],
                    row["venue"],
                )
                for row in orders
            ),
            tuple(CashDue(AccountId(row["account"]), row["kind"], Decimal(row["amount"])) for row in cash),
        )

    async def _person(self, ticket: str) -> PersonId:
        async with asking(self._pool, ticket) as connection:
            return PersonId((await one(connection, "select gatehouse.asker_person() as person"))["person"])

    async def _record(self, ticket: str, stream: str, fact: Fact) -> Recorded:
        entry = Entry(stream, fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]

    def _clear(self, reason: Any) -> str | None:
        if not reason:
            return None
        try:
            return self._keys.clear("reason", Sealed.model_validate(reason))
        except NotFound:
            return None
