"""Asking a test's firm for its past, and folding the same past without the index."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from core.database.pools import async_pool
from core.ids import AccountId, OrderId, ProposalId
from core.ledger.envelope import Stored, stored
from core.projections.account_index import IndexFollower
from core.projections.as_of import Then
from core.projections.history import History, Moment, When
from tests.core.gate.deal import MARIA
from tests.fixtures.firm import Firm

Answer = TypeVar("Answer")
SETTLED: Final = datetime(2023, 1, 3, 15, tzinfo=UTC)


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(work)


async def index(firm: Firm) -> None:
    """Index to the end, as the worker does."""
    async with async_pool(firm.database.gate, name="test", most=1) as pool:
        await IndexFollower(pool).catch_up()


async def asked(firm: Firm, login: str, ask: Callable[[History, str], Awaitable[Answer]]) -> Answer:
    async with async_pool(firm.database.intake, name="test", most=2) as pool:
        return await ask(History(pool), firm.ticket(login))


async def account_at(firm: Firm, account: str, when: When = When(), login: str = MARIA) -> tuple[Any, Moment]:  # noqa: B008
    return await asked(firm, login, lambda past, ticket: past.account(ticket, AccountId(account), when))


async def proposal_at(firm: Firm, proposal: str, when: When, login: str = MARIA) -> tuple[Any, Moment]:
    return await asked(firm, login, lambda past, ticket: past.proposal(ticket, ProposalId(proposal), when))


async def order_at(firm: Firm, order: str, when: When, login: str = MARIA) -> tuple[Any, Moment]:
    return await asked(firm, login, lambda past, ticket: past.order(ticket, OrderId(order), when))


def journal(firm: Firm) -> list[Stored]:
    """All of it, in sequence."""
    whole = "select seq, recorded_at, role, actor, event_type, text from gatehouse.journal order by seq"
    return [stored(row) for row in firm.ask("superuser", whole)]


def prefix(entries: list[Stored], seq: int) -> Then:
    """The whole firm's entries up to that one, folded without the index."""
    then = Then()
    for entry in entries:
        if entry.seq <= seq:
            then.take(entry)
    return then


def recorded(firm: Firm, seq: int) -> datetime:
    at = firm.value("superuser", "select recorded_at from gatehouse.journal where seq = %s", seq)
    assert isinstance(at, datetime)
    return at


def head(firm: Firm) -> int:
    return int(firm.value("superuser", "select seq from gatehouse.head"))
