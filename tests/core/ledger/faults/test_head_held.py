"""Somebody keeps the head: stopped in the middle of it, or in a transaction of his own. The others go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

import psycopg
import pytest

from core.clock import WallClock
from core.database.pools import async_pool, connect_async, conninfo
from core.ledger.journal import Journal
from core.people.keystore import KeyStore
from core.worker import Halts, Parts, Worker
from core.worker.process import telling
from tests.core.ledger.faults.callers import (
    LOGIN,
    crowd,
    every_answer_was_true,
    names,
    talk_of,
    until_told,
    words_in,
)
from tests.fixtures.firm import Firm
from tests.fixtures.halts import KEY

AGENT: Final = "gh_agent"


@asynccontextmanager
async def watched(firm: Firm) -> AsyncIterator[None]:
    """While the product's own watchdog looks after the head. The rest of the worker is not started."""
    async with (
        async_pool(firm.database.gate, name="test", most=2) as pool,
        Journal(pool, WallClock()) as journal,
    ):
        parts = Parts(
            place=partial(connect_async, firm.database.gate, name="test-place"),
            pool=pool,
            journal=journal,
            keys=KeyStore(firm.keys_folder),
            clock=WallClock(),
            venues=(),
            tell=telling([]),
            halts=Halts(firm.keys_folder / "halts", KEY, timedelta(minutes=5)),
            custodians=(),
        )
        watchdog = asyncio.create_task(Worker(parts)._keep_the_head_free())
        try:
            yield
        finally:
            watchdog.cancel()
            await asyncio.gather(watchdog, return_exceptions=True)


def item_of(firm: Firm, word: str) -> dict[str, Any]:
    thread = firm.thread(LOGIN)
    payload = {"thread": thread, "agent": "planner", "step": "plan", "model": word}
    ticket = firm.thread_ticket(LOGIN, thread)
    return firm.item("StepTaken", f"thread/{thread}", payload, ticket=ticket)


def opened(firm: Firm) -> psycopg.Connection[Any]:
    """A hostile copilot's connection."""
    return psycopg.connect(conninfo(firm.database.agent, name="hostile"), autocommit=True)


APPEND: Final = "select answer from gatehouse.append(%s::jsonb)"

Holding = Callable[[psycopg.Connection[Any], str], None]


def by_begin(connection: psycopg.Connection[Any], entries: str) -> None:
    connection.execute("begin")
    connection.execute(APPEND, [entries])


def by_autocommit_off(connection: psycopg.Connection[Any], entries: str) -> None:
    connection.autocommit = False
    connection.execute(APPEND, [entries])


def by_a_read_first(connection: psycopg.Connection[Any], entries: str) -> None:
    """Fast enough to look like one statement."""
    connection.execute(f"begin; select 1; {APPEND.replace('%s', quoted(entries))}".encode())


def by_a_cursor(connection: psycopg.Connection[Any], entries: str) -> None:
    with connection.transaction():
        connection.execute(f"declare mine cursor for {APPEND.replace('%s', quoted(entries))}".encode())
        connection.execute("fetch all from mine")
        connection.execute("select pg_sleep(30)")


def by_a_savepoint(connection: psycopg.Connection[Any], entries: str) -> None:
    connection.execute("begin; savepoint mine")
    connection.execute(APPEND, [entries])


def by_a_pipeline(connection: psycopg.Connection[Any], entries: str) -> None:
    """Statements of one pipeline are one transaction until its end."""
    with connection.pipeline():
        connection.execute(APPEND, [entries])
        connection.execute("select pg_sleep(30)")


def by_a_block(connection: psycopg.Connection[Any], entries: str) -> None:
    body = f"begin perform gatehouse.append({quoted(entries)}::jsonb); perform pg_sleep(30); end"
    connection.execute(f"do language plpgsql $mine$ {body} $mine$".encode())


def by_a_slow_statement(connection: psycopg.Connection[Any], entries: str) -> None:
    connection.execute(f"{APPEND.replace('%s', quoted(entries))} where pg_sleep(30) is not null".encode())


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


# What the server says to whom it ends; and to whom it refused the append at once, on a slow machine.
ENDED: Final = ("57P01", "25000")

HOLDING: Final[dict[str, Holding]] = {
    "begin": by_begin,
    "autocommit off": by_autocommit_off,
    "a read first": by_a_read_first,
    "a cursor": by_a_cursor,
    "a savepoint": by_a_savepoint,
    "a pipeline": by_a_pipeline,
    "a block": by_a_block,
    "a slow statement": by_a_slow_statement,
}


@pytest.mark.anyio
@pytest.mark.parametrize("way", HOLDING)
async def test_who_keeps_a_transaction_open_around_an_append_is_ended_and_the_others_go_on(
    firm: Firm, way: str
) -> None:
    voice = talk_of(firm)
    entries = json.dumps([item_of(firm, "hostile")])
    with opened(firm) as hostile:
        async with watched(firm), voice.journal() as journal, crowd(voice, journal, *names(keyed=4, bare=4)):
            await until_told(voice, recorded=10)
            held = asyncio.create_task(asyncio.to_thread(attempt, HOLDING[way], hostile, entries))
            await until_told(voice, recorded=10)
            await asyncio.wait([held], timeout=60)
            await until_told(voice, recorded=40)
            assert await held in (None, *ENDED)
        with pytest.raises(psycopg.Error):
            hostile.execute("select 1")
    assert "hostile" not in words_in(firm)
    assert voice.told.nothing == set(), dict(voice.told.raised)
    await every_answer_was_true(firm, voice.told)


def attempt(way: Holding, connection: psycopg.Connection[Any], entries: str) -> str | None:
    """What it was told, where it was told something."""
    try:
        way(connection, entries)
    except psycopg.Error as told:
        return told.sqlstate
    return None


@pytest.mark.anyio
async def test_a_two_phase_transaction_cannot_keep_the_head(firm: Firm) -> None:
    voice = talk_of(firm)
    entries = json.dumps([item_of(firm, "hostile")])
    with opened(firm) as hostile:
        hostile.execute("begin")
        hostile.execute(APPEND, [entries])
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):  # the server keeps none of them
            hostile.execute("prepare transaction 'mine'")
    async with voice.journal() as journal, crowd(voice, journal, "keyed-0", "bare-0"):
        await until_told(voice, recorded=10)
    assert "hostile" not in words_in(firm)
    await every_answer_was_true(firm, voice.told)


LATE: Final = (
    "begin; select pg_sleep(0.3)",
    "begin; select pg_current_xact_id()",
    "begin isolation level serializable; select pg_sleep(0.3)",
    "begin; savepoint s; select pg_current_xact_id()",
    "begin; select pg_sleep(0.3); savepoint s",
)


@pytest.mark.parametrize("before", LATE)
def test_an_append_inside_a_transaction_is_refused_and_what_it_did_is_undone(
    shared_firm: Firm, before: str
) -> None:
    item = item_of(shared_firm, "hostile")
    with opened(shared_firm) as hostile:
        hostile.execute(before.encode())
        with pytest.raises(psycopg.errors.InvalidTransactionState):
            hostile.execute(APPEND, [json.dumps([item])])
    assert "hostile" not in words_in(shared_firm)


@pytest.mark.anyio
async def test_while_a_backend_that_holds_the_head_is_stopped_nobody_is_told_a_wrong_thing(
    firm: Firm,
) -> None:
    """SIGSTOP of a process of the server's, which no client can send. It hears the watchdog afterwards."""
    voice = talk_of(firm)
    entries = json.dumps([item_of(firm, "stopped")])
    with opened(firm) as stopped:
        pid = stopped.info.backend_pid
        async with watched(firm), voice.journal() as journal:
            async with crowd(voice, journal, *names(keyed=4, bare=4)):
                await until_told(voice, recorded=10)
                await asyncio.to_thread(stopped.execute, f"begin; {APPEND.replace('%s', quoted(entries))}")
                os.kill(pid, signal.SIGSTOP)
                try:
                    await until_told(voice, raised=1)  # after the wait for a lock that every connection has
                finally:
                    os.kill(pid, signal.SIGCONT)
                await until_told(voice, recorded=40)
            await voice.repeat_the_keyed(journal)
        with contextlib.suppress(psycopg.Error):
            stopped.execute("commit")
    assert voice.told.unknown == set()
    assert "stopped" not in words_in(firm)
    await every_answer_was_true(firm, voice.told)
