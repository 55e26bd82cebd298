"""Held e-mails at the approver's door: what waits, adopted, reviewed, returned, withdrawn. Nothing is sent.

Rule 1: who acts is the session's person, on the digest that she saw; the append compares both, and decides.
Rule 2: what rules find is found here, in the words as they stand, and is never taken from the copilot. It is
    not the last word either: the worker reads an adopted text again, and a review waits for that.
Rule 3: a double click is one act: the same person's same act on the same digest has one key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from psycopg.rows import DictRow

from core.clock import Clock
from core.correspondence.events import (
    EmailAdopted,
    EmailReturned,
    EmailReviewed,
    EmailWithdrawn,
)
from core.correspondence.rules import Found, found_in
from core.database.pools import AsyncPool
from core.database.rows import rows
from core.database.statements import statements
from core.errors import BadInput, IntegrityLost, NotFound
from core.fact import Entry, Fact, Sealed
from core.ids import Digest, HouseholdId, PersonId, SubjectId, ThreadId, TraceId
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import asking
from core.people.keystore import KeyStore
from core.people.repeated import record_once

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
FIELD: Final = "email"
AT_MOST: Final = 500  # in a list
SUBJECT_AT_MOST: Final = 200  # characters
TEXT_AT_MOST: Final = 8_000
COMMENT_AT_MOST: Final = 4_000
CHECKED_WITHIN: Final = timedelta(seconds=5)
LOOKS_EVERY: Final = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class HeldEmail:
    """One as it stands. `text` and `subject` are empty where its household was forgotten (`forgotten`), or
    where whoever drafted it sealed no words of that household's (`damaged`).

    `agent`, `model` and `manifest` say what drafted version 1; `adopted_by` who made the newest hers.
    """

    email: str
    household: HouseholdId
    advisor: PersonId
    status: str
    version: int
    digest: Digest
    subject: str
    text: str
    forgotten: bool
    damaged: bool
    found: tuple[Found, ...]
    checked: bool  # the worker has read this very text
    agent: str
    model: str | None
    manifest: Digest | None
    adopted_by: PersonId | None
    decided_by: PersonId | None
    decided_at: datetime | None
    comment: str | None
    thread: ThreadId
    trace: TraceId
    drafted_at: datetime
    changed_at: datetime


class HeldEmails:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock

    async def all(self, ticket: str, household: HouseholdId | None = None) -> tuple[HeldEmail, ...]:
        """Those of the asker's books, what waits first; a principal's are everybody's."""
        return await self._read(ticket, household=household)

    async def one(self, ticket: str, email: str) -> HeldEmail:
        """Raises NotFound: there is none that she may read."""
        found = await self._read(ticket, email=email)
        if not found:
            raise NotFound("there is no such e-mail", fix="see `gatehouse emails list`", field="email")
        return found[0]

    async def adopt(self, ticket: str, email: str, seen: Digest, subject: str, text: str) -> Recorded:
        """Its advisor makes exactly this text hers, from the one that she saw. It goes to a principal.

        Raises:
            Refused: not hers, changed since she saw it, withdrawn, or the same text was adopted before.
        """
        held = await self.one(ticket, email)
        subject = _words(subject, "subject", SUBJECT_AT_MOST)
        text = _words(text, "text", TEXT_AT_MOST)
        findings = tuple(one.finding for one in found_in(subject, text))

        def fact(back: int) -> Fact:
            return EmailAdopted(
                email=email,
                household=held.household,
                seen=seen,
                subject=self._sealed(held, FIELD, subject, back),
                text=self._sealed(held, FIELD, text, back),
                findings=findings,
            )

        return await self._record(ticket, held, fact, f"adopt/{email}/{seen}")

    async def review(self, ticket: str, email: str, digest: Digest, comment: str | None) -> Recorded:
        """A principal who is not its author has read exactly this; with words of hers where rules found
        something.

        Raises:
            Refused: her own, not a registered principal, not independent, not adopted, changed, decided, or
                the comment is missing.
        """
        held = await self._once_checked(ticket, email, digest)
        words = _words(comment, "comment", COMMENT_AT_MOST) if comment and comment.strip() else None

        def fact(back: int) -> Fact:
            said = self._sealed(held, "comment", words, back) if words else None
            return EmailReviewed(email=email, household=held.household, digest=digest, comment=said)

        return await self._record(ticket, held, fact, f"review/{email}/{digest}")

    async def send_back(self, ticket: str, email: str, digest: Digest, comment: str) -> Recorded:
        """A principal returns it to its advisor with a comment. Raises as `review`."""
        held = await self.one(ticket, email)
        words = _words(comment, "comment", COMMENT_AT_MOST)

        def fact(back: int) -> Fact:
            said = self._sealed(held, "comment", words, back)
            return EmailReturned(email=email, household=held.household, digest=digest, comment=said)

        return await self._record(ticket, held, fact, f"return/{email}/{digest}")

    async def withdraw(self, ticket: str, email: str) -> Recorded:
        """Its advisor drops it. Raises Refused: not hers, reviewed, or withdrawn before."""
        held = await self.one(ticket, email)

        def fact(_: int) -> Fact:
            return EmailWithdrawn(email=email, household=held.household)

        return await self._record(ticket, held, fact, f"withdraw/{email}")

    async def _once_checked(self, ticket: str, email: str, digest: Digest) -> HeldEmail:
        """That e-mail, once the worker has read that text, or the wait is over: the append decides."""
        left = CHECKED_WITHIN
        while True:
            held = await self.one(ticket, email)
            if held.checked or held.digest != digest or held.status != "ADOPTED" or left <= timedelta(0):
                return held
            await asyncio.sleep(LOOKS_EVERY.total_seconds())
            left -= LOOKS_EVERY

    async def _read(
        self, ticket: str, *, email: str | None = None, household: HouseholdId | None = None
    ) -> tuple[HeldEmail, ...]:
        asked = {"email": email, "household": household, "limit": AT_MOST}
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["emails"], asked)
        return tuple(self._opened(row) for row in found)

    async def _record(self, ticket: str, held: HeldEmail, fact: Callable[[int], Fact], key: str) -> Recorded:
        def entry(back: int) -> Entry:
            return Entry(f"email/{held.email}", fact(back), held.trace, ticket=ticket, key=f"email/{key}")

        return await record_once(self._journal, self._keys, SubjectId(held.household), entry)

    def _sealed(self, held: HeldEmail, field: str, words: str, back: int) -> Sealed:
        return self._keys.seal(SubjectId(held.household), field, words, back=back)

    def _opened(self, row: DictRow) -> HeldEmail:
        damaged = False
        try:
            subject, text = self._clear(FIELD, row["subject"]), self._clear(FIELD, row["text"])
        except IntegrityLost:
            if row["version"] > 1:
                raise
            # The copilot's own draft, which it may have filled with anything: one of these hides no other.
            subject = text = None
            damaged = True
        unread = subject is None or text is None
        return HeldEmail(
            email=row["email"],
            household=row["household"],
            advisor=row["advisor"],
            status=row["status"],
            version=row["version"],
            digest=Digest(row["digest"]),
            subject=subject or "",
            text=text or "",
            forgotten=unread and not damaged,
            damaged=damaged,
            found=() if unread else found_in(subject or "", text or ""),
            checked=row["checked_digest"] == row["digest"],
            agent=row["agent"],
            model=row["model"],
            manifest=row["manifest"],
            adopted_by=row["adopted_by"],
            decided_by=row["decided_by"],
            decided_at=row["decided_at"],
            comment=self._clear("comment", row["comment"]) if row["comment"] else None,
            thread=row["thread"],
            trace=row["trace"],
            drafted_at=row["drafted_at"],
            changed_at=row["changed_at"],
        )

    def _clear(self, field: str, sealed: object) -> str | None:
        """None: its subject was forgotten."""
        try:
            return self._keys.clear(field, Sealed.model_validate(sealed))
        except NotFound:
            return None


def _words(text: str, field: str, most: int) -> str:
    if not text.strip() or len(text) > most or "\x00" in text:
        raise BadInput(
            f"{field} must have 1 to {most:,} characters", fix="write less, or something", field=field
        )
    return text.strip()
