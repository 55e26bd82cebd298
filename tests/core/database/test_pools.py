"""Connections: their timeouts, their names, and what is said when the server does not answer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from core.database.pools import async_pool, connect
from core.database.statements import statements
from core.errors import IntegrityLost, WorldFailed
from tests.fixtures.servers import Database

pytestmark = pytest.mark.database


def test_a_statement_that_takes_too_long_is_ended(database: Database) -> None:
    with (
        connect(database.gate, name="test", statement_within=timedelta(milliseconds=100)) as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute("select pg_sleep(5)")


def test_the_server_sees_who_it_is(database: Database) -> None:
    with connect(database.gate, name="worker") as connection:
        row = connection.execute(
            "select current_setting('application_name') as name, session_user as role"
        ).fetchone()
    assert row == {"name": "gatehouse-worker", "role": "gh_gate"}


@pytest.mark.anyio
async def test_a_connection_that_was_cut_is_replaced_before_it_is_lent(database: Database) -> None:
    async with async_pool(database.gate, name="worker", most=1) as pool:
        async with pool.connection() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(database.superuser, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", [pid])
        async with pool.connection() as connection:
            cursor = await connection.execute("select 1 as x")
            assert await cursor.fetchone() == {"x": 1}
            assert connection.info.backend_pid != pid


def test_a_server_that_does_not_answer_is_one_line_without_the_password(database: Database) -> None:
    with pytest.raises(WorldFailed) as no:
        connect(make_conninfo(database.gate, host="/nowhere", password="hunter2"), name="test")
    assert "\n" not in str(no.value)
    assert "hunter2" not in str(no.value)


def test_statements_are_found_by_their_names(tmp_path: Path) -> None:
    file = tmp_path / "statements.sql"
    file.write_text("-- About the file.\n\n-- one --\n-- Why.\nselect 1;\n-- two_more --\nselect 2;\n")
    assert dict(statements(file)) == {"one": "-- Why.\nselect 1;", "two_more": "select 2;"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("select 1;\n-- one --\nselect 1;", "without a name"),
        ("-- a --\nselect 1;\n-- a --\nselect 2;", "twice"),
    ],
)
def test_statements_without_a_name_of_their_own_are_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "statements.sql"
    file.write_text(text)
    with pytest.raises(IntegrityLost, match=says):
        statements(file)
