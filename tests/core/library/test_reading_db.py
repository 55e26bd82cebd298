"""A document's passages through the agents' door: all of it, in order, and nobody else's."""

from __future__ import annotations

import asyncio
from datetime import date

from core.book.views import Passage
from core.clock import WallClock
from core.database.logins import AGENT, INTAKE
from core.database.pools import async_pool
from core.desk import Desk
from core.ids import SubjectId
from core.library.find import filing
from core.library.shelf import Document, Library
from tests.core.library.filings import TEXT
from tests.fixtures.firm import Firm

MARIA, DAVID, HANNAH = "maria.alvarez", "david.nakamura", "hannah.lindqvist"


async def store(firm: Firm, subject: str | None) -> str:
    async with async_pool(firm.database.intake, name="test", most=2) as pool, firm.journal(INTAKE) as journal:
        document = Document(
            title="Acme 10-K",
            source="company filing",
            dated=date(2022, 11, 1),
            text=TEXT,
            subject=SubjectId(subject) if subject else None,
        )
        login = MARIA if subject else HANNAH  # research fills the shelves that everybody reads
        return (await Library(pool, journal, WallClock()).store(firm.ticket(login), document)).document


async def read(firm: Firm, login: str, document: str) -> tuple[Passage, ...]:
    ticket = firm.thread_ticket(login, firm.thread(login))
    async with async_pool(firm.database.agent, name="test", most=2) as pool, firm.journal(AGENT) as journal:
        return await Desk(pool, journal, ticket, WallClock()).passages_of([document], limit=100)


def test_all_of_a_document_is_read_in_order_and_one_about_a_client_by_her_advisor_alone(
    shared_firm: Firm,
) -> None:
    public = asyncio.run(store(shared_firm, None))
    for login in (MARIA, DAVID):
        found = asyncio.run(read(shared_firm, login, public))
        assert [one.ordinal for one in found] == list(range(len(found)))
        assert filing(found).issuer == "Acme Holdings Inc."
    hers = asyncio.run(store(shared_firm, "hh-101"))
    assert asyncio.run(read(shared_firm, MARIA, hers))
    assert asyncio.run(read(shared_firm, DAVID, hers)) == ()
