"""People's data at the approver's door: asking to forget, confirming it, holds, retention, new keys.

Rule 1: who acts is the session's person; whether she may is the append's answer.
Rule 2: a note is sealed under its writer, never under the subject that it is about.
Rule 3: a refusal that a period or a hold causes names it, with its rule and its last day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import BadInput, NotFound, NotPermitted, Refused
from core.fact import Entry, Fact, Sealed
from core.forgetting.carrying_out import SQL
from core.forgetting.events import (
    AccountClosed,
    ForgetConfirmed,
    ForgetRequested,
    ForgettingDeclined,
    ForgettingWithdrawn,
    KeyRotationRequested,
    LegalHoldKept,
    LegalHoldLifted,
    LegalHoldLiftRequested,
    LegalHoldPlaced,
    Matter,
    Reason,
    RetentionLengthened,
)
from core.forgetting.retention import said
from core.ids import AccountId, PersonId, SubjectId, TraceId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import asking
from core.people.keystore import KeyStore

BARRED: Final = ("legal_hold", "retention_runs")
NOTE_AT_MOST: Final = 4_000  # characters


@dataclass(frozen=True, slots=True)
class Bar:
    """One reason why a subject cannot be forgotten now. `until` None: it has no end yet."""

    code: str
    kind: str
    until: date | None

    @property
    def says(self) -> str:
        if self.code == "legal_hold":
            return f"a legal hold ({self.kind.replace('_', ' ')}) keeps it until two people lift it"
        return said(self.kind, self.until)


class RecordKeeping:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock

    async def ask(
        self, ticket: str, subject: SubjectId, reason: Reason, note: str | None, *, key: str
    ) -> tuple[str, Recorded]:
        """Ask that a subject be forgotten; the request's id, for the other person. The same key is the same.

        Raises:
            NotFound: there are no words about it, or none any more.
            Refused: not of compliance or operations, one's own data, asked before, a hold or a period runs.
        """
        person = await self._supervisor(ticket, subject)
        request = _id("fgt", person, subject, key)
        fact = ForgetRequested(request=request, subject=subject, reason=reason, note=self._note(person, note))
        return request, await self._about(ticket, subject, fact, f"forget/{request}")

    async def decide(self, ticket: str, request: str, step: str) -> Recorded:
        """`step` is confirm, decline or withdraw.

        Raises:
            NotFound: there is no such request that she may see.
            Refused: the same person, nobody of compliance, decided before, a hold or a period runs.
        """
        row = await self._one(ticket, "forgetting_of", "request", request)
        kinds: dict[str, type[ForgetConfirmed | ForgettingDeclined | ForgettingWithdrawn]] = {
            "confirm": ForgetConfirmed,
            "decline": ForgettingDeclined,
            "withdraw": ForgettingWithdrawn,
        }
        subject = SubjectId(row["subject"])
        fact = kinds[step](request=request, subject=subject)
        return await self._about(ticket, subject, fact, f"{step}/{request}", trace=TraceId(row["trace"]))

    async def hold(
        self, ticket: str, subject: SubjectId, matter: Matter, note: str | None, *, key: str
    ) -> tuple[str, Recorded]:
        """Place a legal hold; its id."""
        person = await self._supervisor(ticket, subject)
        hold = _id("hld", person, subject, key)
        fact = LegalHoldPlaced(hold=hold, subject=subject, matter=matter, note=self._note(person, note))
        return hold, await self._about(ticket, subject, fact, f"hold/{hold}")

    async def lift(self, ticket: str, hold: str) -> tuple[str, Recorded]:
        """The first person's lift asks, another person's lifts. Answers the hold's state after it."""
        row = await self._one(ticket, "hold_of", "hold", hold)
        subject = SubjectId(row["subject"])
        if row["status"] == "HELD":
            asked = LegalHoldLiftRequested(hold=hold, subject=subject)
            return "LIFT_ASKED", await self._about(ticket, subject, asked, None)
        lifted = LegalHoldLifted(hold=hold, subject=subject)
        return "LIFTED", await self._about(ticket, subject, lifted, f"lift/{hold}")

    async def keep(self, ticket: str, hold: str) -> Recorded:
        """Say no to lifting it."""
        subject = SubjectId((await self._one(ticket, "hold_of", "hold", hold))["subject"])
        return await self._about(ticket, subject, LegalHoldKept(hold=hold, subject=subject), None)

    async def rotate(self, ticket: str, subject: SubjectId | None, *, key: str) -> Recorded:
        """Ask for a new key for a subject, or for every one. The worker makes it in a moment."""
        person = await self._supervisor(ticket, subject)
        fact = KeyRotationRequested(request=_id("rot", person, subject or "", key), subject=subject)
        return await self._record(ticket, "keys", fact, f"rotate/{fact.request}")

    async def lengthen(self, ticket: str, kind: str, years: int) -> Recorded:
        """Keep a class of records longer."""
        return await self._record(ticket, "retention", RetentionLengthened(kind=kind, years=years), None)

    async def close_account(self, ticket: str, account: AccountId) -> Recorded:
        """Operations closes an empty account, on the firm's day."""
        async with asking(self._pool, ticket) as connection:
            session = (await one(connection, "select session from gatehouse.market_day"))["session"]
        fact = AccountClosed(account=account, closed_on=session.isoformat())
        return await self._record(ticket, f"account/{account}", fact, f"close/{account}")

    async def kept(self, ticket: str, subject: SubjectId) -> tuple[Bar, ...]:
        """What speaks against forgetting it now, the longest first.

        Raises:
            NotPermitted: she does not supervise: no answer of hers would mean that nothing does.
            NotFound: there are no words about it, or none any more.
        """
        if not (await self._asker(ticket, subject))["supervises"]:
            raise NotPermitted(
                "your role does not see what keeps a subject's data", fix="ask compliance or operations"
            )
        return await self._bars(ticket, subject)

    async def _bars(self, ticket: str, subject: SubjectId) -> tuple[Bar, ...]:
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["bars"], {"subject": subject})
        return tuple(Bar(**row) for row in found)

    async def forgettings(self, ticket: str) -> Sequence[dict[str, Any]]:
        """Every request, newest first."""
        async with asking(self._pool, ticket) as connection:
            return await rows(connection, SQL["forgettings"])

    async def holds(self, ticket: str) -> Sequence[dict[str, Any]]:
        """Every legal hold, newest first."""
        async with asking(self._pool, ticket) as connection:
            return await rows(connection, SQL["holds"])

    async def _supervisor(self, ticket: str, subject: SubjectId | None) -> PersonId:
        """Who asks. One who does not supervise meets the law."""
        return PersonId((await self._asker(ticket, subject))["person"])

    async def _asker(self, ticket: str, subject: SubjectId | None) -> dict[str, Any]:
        """Who asks, and whether she supervises: to her, a subject that nobody wrote about is not found."""
        async with asking(self._pool, ticket) as connection:
            who = await one(
                connection,
                "select gatehouse.asker_person() as person, gatehouse.asker_sees_all() as supervises",
            )
        if who["supervises"] and subject is not None and not self._keys.versions(subject):
            raise NotFound(
                f"there are no words about {subject!r}", fix="check the id; or it was forgotten before"
            )
        return who

    async def _one(self, ticket: str, statement: str, name: str, wanted: str) -> dict[str, Any]:
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL[statement], {name: wanted})
        if not found:
            raise NotFound(f"there is no {name} {wanted!r}", fix="see `gatehouse people holds`", field=name)
        return found[0]

    async def _about(
        self, ticket: str, subject: SubjectId, fact: Fact, key: str | None, *, trace: TraceId | None = None
    ) -> Recorded:
        try:
            return await self._record(ticket, f"subject/{subject}", fact, key, trace=trace)
        except Refused as no:
            bars = await self._bars(ticket, subject) if no.code in BARRED else ()
            if not bars:
                raise
            raise Refused(no.code, "; ".join(bar.says for bar in bars), fix=no.fix) from no

    async def _record(
        self, ticket: str, stream: str, fact: Fact, key: str | None, *, trace: TraceId | None = None
    ) -> Recorded:
        entry = Entry(stream, fact, trace or fresh_trace_id(self._clock), ticket=ticket, key=key)
        return (await self._journal.record(entry))[0]

    def _note(self, person: PersonId, note: str | None) -> Sealed | None:
        if note is None:
            return None
        if not note.strip() or len(note) > NOTE_AT_MOST:
            raise BadInput(
                f"a note has 1 to {NOTE_AT_MOST:,} characters", fix="write less, or none", field="note"
            )
        return self._keys.seal(SubjectId(person), "note", note)


def _id(kind: str, person: PersonId, subject: str, key: str) -> str:
    return f"{kind}-{sha256(f'{person}/{subject}/{key}'.encode()).hexdigest()[:32]}"
