"""The journal's connections, on loan: kept while they are busy, given back, believed while they live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import psycopg
import pytest

from core.clock import WallClock
from core.database.pools import AsyncPool, async_pool
from core.errors import OutcomeUnknown
from core.ledger import journal as client
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from tests.core.gate.deal import AGENT
from tests.core.ledger.test_journal_db import Talk
from tests.fixtures.firm import Firm

BORROWED: Final = "select count(*) from pg_stat_activity where application_name = 'gatehouse-lines'"


@pytest.fixture
def talk(firm: Firm) -> Talk:
    return Talk(firm)


@asynccontextmanager
async def journal_of(talk: Talk, *, most: int) -> AsyncIterator[tuple[Journal, AsyncPool]]:
    pool = async_pool(talk.firm.database.agent, name="lines", most=most)
    async with pool, Journal(pool, WallClock()) as journal:
        yield journal, pool


@pytest.mark.anyio
async def test_one_connection_serves_a_caller_that_comes_again(talk: Talk) -> None:
    async with journal_of(talk, most=4) as (journal, pool):
        for n in range(30):
            await journal.record(talk.step(model=str(n)))
        assert pool.get_stats()["requests_num"] < 10
    assert talk.models() == [str(n) for n in range(30)]


@pytest.mark.anyio
async def test_a_pool_of_one_is_shared_with_whoever_else_asks(talk: Talk) -> None:
    """The journal is busy without a pause; the reader has its turn all the same."""
    async with journal_of(talk, most=1) as (journal, pool):

        async def busy() -> None:
            while True:
                await journal.record(talk.step())

        caller = asyncio.create_task(busy())
        await journal.record(talk.step())
        for _ in range(5):
            async with asyncio.timeout(5), pool.connection() as connection:
                await connection.execute("select 1")
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)


@pytest.mark.anyio
async def test_what_rests_goes_back_to_its_pool(talk: Talk) -> None:
    async with journal_of(talk, most=1) as (journal, pool):
        await journal.record(talk.step())
        async with asyncio.timeout(5), pool.connection() as connection:
            await connection.execute("select 1")
        assert await journal.record(talk.step())


@pytest.mark.anyio
async def test_a_line_that_broke_while_it_rested_is_not_asked(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be an unknown outcome for an entry without a key."""
    monkeypatch.setattr("core.ledger.line.LINGERS", timedelta(minutes=5))
    ended = (
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse-lines'"
    )
    async with journal_of(talk, most=2) as (journal, _):
        for n in range(5):
            await journal.record(talk.step(model=str(n)))
            await asyncio.to_thread(talk.firm.ask, "superuser", ended)
            while int(await asyncio.to_thread(talk.firm.value, "superuser", BORROWED)) > 1:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)  # the line hears of it
    assert talk.models() == [str(n) for n in range(5)]


@pytest.mark.anyio
async def test_statements_that_somebody_dropped_are_prepared_again(talk: Talk) -> None:
    async with journal_of(talk, most=1) as (journal, pool):
        await journal.record(talk.step(model="before"))
        async with pool.connection() as connection:
            await connection.execute("deallocate all")
        (said,) = await journal.record(talk.step(model="after"))
        assert isinstance(said, Recorded)
    assert talk.models() == ["before", "after"]


@pytest.mark.anyio
async def test_more_than_a_socket_takes_at_once_is_sent_in_pieces(talk: Talk) -> None:
    async with journal_of(talk, most=2) as (journal, _):
        words = "é" * 100_000
        together = [talk.step(model=words) for _ in range(8)]
        assert len(await journal.record(*together)) == 8


@pytest.mark.anyio
async def test_whoever_waits_too_long_is_told_and_its_line_is_not_used_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "WAITS", timedelta(seconds=1))
    superuser = talk.firm.database.superuser
    async with journal_of(talk, most=2) as (journal, _):
        await journal.record(talk.step(model="before"))
        async with await psycopg.AsyncConnection.connect(superuser) as holder:
            await holder.execute("select from gatehouse.head for update")
            begun = asyncio.get_running_loop().time()
            with pytest.raises(OutcomeUnknown, match="in time"):
                await journal.record(talk.step(model="too late"))
            assert 0.9 < asyncio.get_running_loop().time() - begun < 5
            await holder.rollback()
        (said,) = await journal.record(talk.step(model="after"))
        assert not said.duplicate
    assert talk.models() in (["before", "after"], ["before", "too late", "after"])


@pytest.mark.anyio
@pytest.mark.parametrize("together", [1, 2])
async def test_an_entry_whose_session_ends_while_it_waits_for_the_head_is_refused(
    talk: Talk, together: int
) -> None:
    """Its text is looked at before; who asks, only when it is its turn."""
    firm = talk.firm
    item = firm.item("StepTaken", f"thread/{talk.thread}", _payload(talk), ticket=talk.ticket)
    with psycopg.connect(firm.database.superuser) as holder:
        holder.execute("select from gatehouse.head for update")
        waiting = asyncio.create_task(asyncio.to_thread(firm.append, AGENT, *[item] * together))
        await asyncio.to_thread(_until_somebody_waits, firm)
        firm.ask("superuser", "update gatehouse.session set closed_at = now() where thread = %s", talk.thread)
        holder.rollback()
        answers = await waiting
    assert [(one.answer, one.code) for one in answers] == [("refused", "session_ended")] * together


def _payload(talk: Talk) -> dict[str, object]:
    return {"thread": talk.thread, "agent": "a", "step": "plan", "model": "m"}


def _until_somebody_waits(firm: Firm) -> None:
    here = "pid in (select pid from pg_stat_activity where datname = current_database())"
    kinds = "locktype in ('transactionid', 'tuple')"
    waits = f"select count(*) from pg_locks where not granted and {kinds} and {here}"
    while firm.value("superuser", waits) == 0:
        pass
