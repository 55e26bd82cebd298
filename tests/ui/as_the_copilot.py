"""What a copilot would put on record where it is a double: through its own login and door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from core.clock import WallClock
from core.correspondence.rules import laid_out
from core.database.pools import async_pool
from core.desk import Desk
from core.ids import HouseholdId, MessageId, SubjectId, ThreadId, TraceId, fresh_trace_id
from core.ledger.journal import Journal
from core.orders.events import Span
from core.people.keystore import KeyStore
from core.people.sessions import thread_ticket
from tests.fixtures.office import Office


def drafts_email(office: Office, login: str, household: str) -> str:
    """A draft of an e-mail in a new conversation of hers, as `draft_email` lays it out. Its id."""
    thread = ThreadId(office.of(login).open_thread(household))
    keys = KeyStore(Path(office.env["GATEHOUSE_KEYSTORE"]))
    subject, text = (
        keys.seal(SubjectId(household), "email", words)
        for words in ("About our meeting", laid_out("clients", "I would like to see you in January."))
    )

    async def draft(desk: Desk, trace: TraceId) -> str:
        return await desk.draft_email(
            HouseholdId(household),
            subject=subject,
            text=text,
            thread=thread,
            agent="research",
            trace=trace,
            key="email",
        )

    return _at_its_door(office, login, thread, draft)


def keeps(office: Office, login: str, text: str) -> str:
    """A preference that she stated in a new conversation. Its id."""
    client = office.of(login)
    thread = ThreadId(client.open_thread(None))
    list(client.say(thread, text, key=f"says-{thread}"))
    [said] = [one for one in client.messages(thread) if one["role"] == "advisor"]
    span = Span(field="preference", message=MessageId(said["message"]), start=0, end=len(text))

    async def keep(desk: Desk, trace: TraceId) -> str:
        return await desk.keep_preference(span, thread=thread, agent="proposal", trace=trace, key="one")

    return _at_its_door(office, login, thread, keep)


def _at_its_door(
    office: Office, login: str, thread: ThreadId, act: Callable[[Desk, TraceId], Awaitable[str]]
) -> str:
    async def go() -> str:
        clock = WallClock()
        async with (
            async_pool(office.database.intake, name="test", most=1) as intake,
            async_pool(office.database.agent, name="test", most=1) as pool,
            Journal(pool, clock) as journal,
        ):
            ticket = await thread_ticket(intake, str(office.of(login).ticket), thread)
            return await act(Desk(pool, journal, ticket, clock), fresh_trace_id(clock))

    return asyncio.run(go())
