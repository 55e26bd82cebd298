"""The door of people and machines: sessions, messages, reads, direct drafts, the library. It decides nothing.

Rule 1: the login behind it (`gh_intake`) cannot submit, approve or release.
Rule 2: an advisor's message is journaled, sealed, before any model sees it.
Rule 3: words are opened only for whoever's book they are in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from psycopg.rows import DictRow

from core.best_execution.showing import ExecutionQuality
from core.book.picture import Picture
from core.book.views import HouseholdLine, JournalLine, MarketDay, ProposalView, Standing
from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.direct.corrections import Corrections
from core.direct.orders import DirectOrders
from core.direct.signals import Signals
from core.errors import BadInput, NotFound, WorldFailed
from core.fact import Entry, Sealed
from core.feed.confirmations import Confirmations
from core.feed.record import Record, line_of
from core.feed.steps import Steps
from core.feed.tickets import OrderTickets
from core.ids import (
    HouseholdId,
    MessageId,
    PersonId,
    ProposalId,
    SubjectId,
    ThreadId,
    TraceId,
    fresh_trace_id,
    uuid7,
)
from core.ledger.journal import Journal
from core.library.shelf import Library
from core.people import sessions
from core.people.asker import SQL, asking, present
from core.people.events import AnswerGiven, Cited, MessageReceived, ThreadOpened
from core.people.keystore import KeyStore
from core.people.preferences import Preferences
from core.people.repeated import record_once
from core.people.sessions import Session
from core.projections.history import History
from core.projections.households import read_households
from core.projections.lineage import Lineages
from core.projections.proposals import SQL as BOOK
from core.projections.proposals import read_proposal, read_proposals
from core.projections.reader import read_picture, read_pictures
from core.projections.venues import Seen, read_venues

MESSAGE_AT_MOST: Final = 8_000  # characters
LOOKS_EVERY: Final = timedelta(milliseconds=25)


@dataclass(frozen=True, slots=True)
class Person:
    person: PersonId
    login: str
    role: str
    name: str
    registrations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThreadLine:
    thread: ThreadId
    household: HouseholdId | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class MessageView:
    """`role` is "advisor" or "copilot". `trace` is that of the message and of everything that it caused."""

    message: MessageId
    trace: TraceId
    role: str
    text: str
    at: datetime
    cited: tuple[Cited, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Received:
    """A journaled message: its id, and the trace of everything that it causes."""

    message: MessageId
    trace: TraceId


class Intake:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self.record = Record(pool)
        self.steps = Steps(pool, keys)
        self.preferences = Preferences(pool, journal, keys, clock)
        self.history = History(pool)
        self.lineages = Lineages(pool)
        self.direct = DirectOrders(pool, journal, clock)
        self.corrections = Corrections(pool, journal, keys, clock)
        self.tickets = OrderTickets(pool)
        self.quality = ExecutionQuality(pool)
        self.confirmations = Confirmations(pool)
        self.library = Library(pool, journal, clock)
        self.signals = Signals(self.direct, keys, clock)

    # Sessions

    async def sign_in(self, login: str, password: str) -> Session:
        """As `core.people.sessions.sign_in`."""
        return await sessions.sign_in(self._pool, self._journal, self._clock, login, password)

    async def sign_out(self, ticket: str) -> None:
        await sessions.sign_out(self._pool, ticket)

    async def whoami(self, ticket: str) -> Person:
        """Who holds this ticket: nobody raises SignInRequired."""
        async with asking(self._pool, ticket) as connection:
            row = await one(connection, SQL["whoami"])
        name = self._open("name", Sealed.model_validate(row["name"])) if row["name"] else row["login"]
        return Person(row["person"], row["login"], row["role"], name, tuple(row["registrations"]))

    async def colleagues(self, ticket: str) -> Mapping[PersonId, str]:
        """The names of everybody who works here, by person."""
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["colleagues"])
        return {row["person"]: self._open("name", Sealed.model_validate(row["name"])) for row in found}

    async def thread_ticket(self, ticket: str, thread: ThreadId) -> str:
        """A copilot's ticket for this person's thread."""
        return await sessions.thread_ticket(self._pool, ticket, thread)

    # Conversations

    async def open_thread(self, ticket: str, household: HouseholdId | None) -> ThreadId:
        """A new conversation, pinned to one household or to none.

        Raises:
            Refused: the household is not in the book.
        """
        thread = ThreadId(f"thr-{uuid7(self._clock).hex}")
        fact = ThreadOpened(thread=thread, household=household)
        await self._journal.record(
            Entry(f"thread/{thread}", fact, fresh_trace_id(self._clock), ticket=ticket)
        )
        return thread

    async def threads(self, ticket: str) -> tuple[ThreadLine, ...]:
        """This person's conversations, newest first."""
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["threads"])
        return tuple(ThreadLine(r["thread"], r["household"], r["opened_at"]) for r in found)

    async def messages(self, ticket: str, thread: ThreadId) -> tuple[MessageView, ...]:
        """What was said in that thread, oldest first, in clear."""
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["thread_messages"], {"stream": f"thread/{thread}"})
        return tuple(self._message(row) for row in found)

    async def receive(self, ticket: str, thread: ThreadId, text: str, *, key: str) -> Received:
        """Journal what the advisor wrote. The same key and words answer the same message.

        Raises:
            BadInput: empty, or longer than 8,000 characters.
            NotFound: the thread is not hers.
            Conflict: the key came with other words before.
        """
        if not text.strip() or len(text) > MESSAGE_AT_MOST or "\x00" in text:
            raise BadInput(
                "a message has 1 to 8,000 characters", fix="write less, or something", field="text"
            )
        subject = await self._speaker(ticket, thread)
        message = MessageId("msg-" + sha256(f"{thread}/{key}".encode()).hexdigest()[:32])
        trace = TraceId(sha256(f"trace/{message}".encode()).hexdigest()[:32])

        def entry(back: int) -> Entry:
            sealed = self._keys.seal(subject, "message", text, back=back)
            fact = MessageReceived(thread=thread, message=message, text=sealed)
            return Entry(f"thread/{thread}", fact, trace, ticket=ticket, key=f"message/{message}")

        await record_once(self._journal, self._keys, subject, entry)
        return Received(message, trace)

    async def answer(
        self,
        ticket: str,
        thread: ThreadId,
        message: MessageId,
        text: str,
        cited: Sequence[Cited],
        model: str,
        trace: TraceId,
    ) -> None:
        """Journal what the advisor was shown. The same words to the same message are journaled once."""
        subject = await self._speaker(ticket, thread)
        key = f"answer/{message}/{sha256(text.encode()).hexdigest()}"

        def entry(back: int) -> Entry:
            sealed = self._keys.seal(subject, "answer", text, back=back)
            fact = AnswerGiven(thread=thread, message=message, text=sealed, cited=tuple(cited), model=model)
            return Entry(f"thread/{thread}", fact, trace, ticket=ticket, key=key)

        await record_once(self._journal, self._keys, subject, entry)

    # The book

    async def households(self, ticket: str) -> tuple[HouseholdLine, ...]:
        async with asking(self._pool, ticket) as connection:
            return await read_households(connection)

    async def picture(self, ticket: str, household: HouseholdId) -> Picture:
        async with asking(self._pool, ticket) as connection:
            return await read_picture(connection, household)

    async def pictures(self, ticket: str) -> tuple[Picture, ...]:
        async with asking(self._pool, ticket) as connection:
            return await read_pictures(connection, None)

    async def proposal(self, ticket: str, proposal: ProposalId) -> ProposalView:
        async with asking(self._pool, ticket) as connection:
            return await read_proposal(connection, proposal)

    async def proposals(self, ticket: str) -> tuple[ProposalView, ...]:
        async with asking(self._pool, ticket) as connection:
            return await read_proposals(connection)

    # Words

    async def clear(self, ticket: str, field: str, sealed: Sequence[Sealed]) -> tuple[str, ...]:
        """These words in clear. A forgotten subject's read "[forgotten]".

        Raises:
            NotFound: a subject is not in the ticket's book. Nothing is opened.
        """
        allowed = await self._subjects(ticket, names=field == "name")
        if not {s.subject for s in sealed} <= allowed:
            raise NotFound(
                "some of these words are not in your book", fix="ask for your own clients", field="sealed"
            )
        return tuple(self._open(field, s) for s in sealed)

    async def seal(
        self, ticket: str, subject: SubjectId, words: Sequence[tuple[str, str]]
    ) -> tuple[Sealed, ...]:
        """Texts, each with its field, sealed for a subject of the ticket's book, in order."""
        if subject not in await self._subjects(ticket, names=False):
            raise NotFound(
                f"{subject!r} is not in your book", fix="choose one of your own clients", field="subject"
            )
        return tuple(self._keys.seal(subject, field, text) for field, text in words)

    # The record

    async def trace(self, ticket: str, trace: TraceId) -> tuple[JournalLine, ...]:
        """Every entry of one cause, in order, as far as this person may read it."""
        async with asking(self._pool, ticket) as connection:
            return tuple(line_of(row) for row in await rows(connection, SQL["trace_lines"], {"trace": trace}))

    async def market_day(self) -> MarketDay:
        async with lend(self._pool) as connection:
            row = await one(connection, BOOK["market_day"])
        return MarketDay(row["session"], row["at"], row["state"])

    async def wait_for(self, seq: int, *, timeout: timedelta) -> None:
        """Until the worker has folded entry `seq`.

        Raises:
            WorldFailed: it has not in that time; the worker may be stopped.
        """
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                while await self.as_of() < seq:
                    await asyncio.sleep(LOOKS_EVERY.total_seconds())
        except TimeoutError as bad:
            raise WorldFailed(
                f"entry {seq} is not folded yet", fix="see that the worker runs, then retry"
            ) from bad

    async def standing(self) -> Standing:
        """How the firm stands, for whoever watches: numbers that name nobody, so no ticket."""
        async with lend(self._pool) as connection:
            return Standing(**await one(connection, BOOK["standing"]))

    async def venues(self, ticket: str) -> tuple[Seen, ...]:
        """How the workers see the venues now. Raises as `whoami`."""
        await self.whoami(ticket)
        async with lend(self._pool) as connection:
            return await read_venues(connection)

    async def as_of(self) -> int:
        """How far the worker has folded the journal."""
        async with lend(self._pool) as connection:
            return int((await one(connection, BOOK["as_of"]))["as_of_seq"])

    async def _subjects(self, ticket: str, *, names: bool) -> set[SubjectId]:
        """Whose words this ticket may read. `names`: colleagues too, who are known by name to all."""
        async with lend(self._pool) as connection, connection.transaction():
            await present(connection, ticket, by=SQL["present_any"])
            return {
                row["subject"] for row in await rows(connection, SQL["subjects_in_book"], {"names": names})
            }

    async def _speaker(self, ticket: str, thread: ThreadId) -> SubjectId:
        """Whose words a thread holds: its client household's, or the advisor's own where none is pinned."""
        for line in await self.threads(ticket):
            if line.thread == thread:
                return SubjectId(line.household or (await self.whoami(ticket)).person)
        raise NotFound(f"there is no conversation {thread!r} of yours", fix="open a new one", field="thread")

    def _open(self, field: str, sealed: Sealed) -> str:
        try:
            return self._keys.clear(field, sealed)
        except NotFound:
            return "[forgotten]"

    def _message(self, row: DictRow) -> MessageView:
        envelope = json.loads(row["text"])
        payload = envelope["payload"]
        asked = row["event_type"] == "MessageReceived"
        return MessageView(
            message=payload["message"],
            trace=envelope["trace_id"],
            role="advisor" if asked else "copilot",
            text=self._open("message" if asked else "answer", Sealed.model_validate(payload["text"])),
            at=row["recorded_at"],
            cited=() if asked else tuple(Cited.model_validate(c) for c in payload["cited"]),
            model="" if asked else payload["model"],
        )
