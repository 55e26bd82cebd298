"""Statements that are sent together: their rows are a cursor's, and a broken one leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.ahead import sent
from core.database.pools import AsyncPool, async_pool, lend
from core.database.rows import Statement, together
from core.errors import WorldFailed
from tests.fixtures.servers import Database

pytestmark = [pytest.mark.database, pytest.mark.anyio]

ASKED: dict[str, Statement] = {
    "plain": ("select 1 as one, 'a' as a, null as nothing", None),
    "per cent": ("select 7 %% 4 as left, '%%' like '%%' as yes;", {}),
    "typed": (
        """select %(d)s::date as d, %(at)s::timestamptz as at, %(n)s::numeric as n, %(b)s::bytea as b,
                  %(names)s::text[] as names, %(none)s::text[] as none, %(n)s::numeric * 2 as again""",
        {
            "d": date(2022, 12, 29),
            "at": datetime(2022, 12, 29, 15, tzinfo=UTC),
            "n": Decimal("12.50"),
            "b": b"\x00\xff",
            "names": ["a", 'b"{,', "ü"],
            "none": None,
            "unused": 1,
        },
    ),
    "json": ("select jsonb_build_object('a', 1.5, 'b', array[1, 2]) as state", None),
    "none": ("select 1 as one where false", None),
    "many": ("select n, repeat('x', 200) as text from generate_series(1, %(most)s) as n", {"most": 2000}),
}


@asynccontextmanager
async def pooled(database: Database) -> AsyncIterator[AsyncPool]:
    async with async_pool(database.agent, name="test", most=1) as pool:
        yield pool


async def answers(connection: AsyncConnection[DictRow], asked: dict[str, Statement]) -> dict[str, Any]:
    async with sent(connection, asked) as found:
        assert found == {}
    return found


async def test_their_rows_are_those_of_a_cursor_each_however_often_they_are_asked(database: Database) -> None:
    async with pooled(database) as pool, lend(pool) as connection:
        for _ in range(3):
            assert await answers(connection, ASKED) == await together(connection, ASKED)


async def test_a_statement_is_asked_with_other_types_than_before(database: Database) -> None:
    async with pooled(database) as pool, lend(pool) as connection:
        for value in (1, 10**6, 10**12, Decimal("1.5"), None, "1"):
            asked: dict[str, Statement] = {"it": ("select %(v)s::text as v", {"v": value})}
            assert await answers(connection, asked) == await together(connection, asked)


async def test_neither_side_waits_for_the_other_where_much_is_said_by_both(database: Database) -> None:
    long = "x" * 400_000
    asked: dict[str, Statement] = {f"{n}": ("select %(t)s::text as t", {"t": long}) for n in range(40)}
    async with pooled(database) as pool, lend(pool) as connection, asyncio.timeout(60):
        found = await answers(connection, asked)
    assert all(rows == [{"t": long}] for rows in found.values())
    assert len(found) == 40


async def test_they_are_one_transaction_that_ends_with_them(database: Database) -> None:
    says: dict[str, Statement] = {
        "set": ("select set_config('gatehouse.said', 'this', true) as said", None),
        "read": ("select current_setting('gatehouse.said', true) as said", None),
        "at": ("select now() as at, pg_sleep(0.01)", None),
        "then": ("select now() as at", None),
    }
    async with pooled(database) as pool, lend(pool) as connection:
        found = await answers(connection, says)
        assert found["read"] == [{"said": "this"}]
        assert found["at"][0]["at"] == found["then"][0]["at"]
        after = await answers(connection, {"read": says["read"]})
    assert after["read"] in ([{"said": ""}], [{"said": None}])


async def test_where_one_fails_none_answers_and_its_connection_is_not_lent_again(database: Database) -> None:
    asked: dict[str, Statement] = {
        "forgets": ("delete from copilot.checkpoint returning 1 as one", None),
        "fails": ("select 1 / %(zero)s as broken", {"zero": 0}),
        "after": ("select 1 as one", None),
    }
    async with pooled(database) as pool:
        async with lend(pool) as connection:
            await connection.execute("insert into copilot.checkpoint values ('t', '', 'c', 'b')")
            pid = connection.info.backend_pid
            with pytest.raises(psycopg.errors.DivisionByZero):
                await answers(connection, asked)
            assert connection.closed
        async with lend(pool) as connection:
            assert connection.info.backend_pid != pid
            left = await answers(connection, {"left": ("select count(*) as n from copilot.checkpoint", None)})
    assert left == {"left": [{"n": 1}]}


async def test_whoever_stops_in_between_leaves_no_answer_to_the_next(database: Database) -> None:
    async with pooled(database) as pool:
        async with lend(pool) as connection:
            with pytest.raises(KeyError):
                async with sent(connection, ASKED):
                    raise KeyError
            assert connection.closed

        async def waits() -> None:
            async with lend(pool) as connection:
                await answers(connection, {"slow": ("select pg_sleep(30)", None)})

        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with lend(pool) as connection:
            assert await answers(connection, {"one": ("select 1 as one", None)}) == {"one": [{"one": 1}]}


async def test_a_server_that_hangs_up_meanwhile_is_the_worlds_fault(database: Database) -> None:
    async with pooled(database) as pool:

        async def asks() -> None:
            async with lend(pool) as connection:
                with psycopg.connect(database.superuser, autocommit=True) as other:
                    other.execute("select pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
                await answers(connection, ASKED)

        with pytest.raises(WorldFailed):
            await asks()
