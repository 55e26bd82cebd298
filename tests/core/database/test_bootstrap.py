"""The bootstrap and the rights that the five logins start with."""

from __future__ import annotations

import psycopg
import pytest

from core.database.bootstrap import bootstrap
from core.database.logins import LIMITS, OWNER, Logins
from core.database.server import Server, refuse_unfit
from core.errors import BadInput
from tests.fixtures.servers import SIDE_BY_SIDE, TEMPLATE, Database, TestServer

pytestmark = pytest.mark.database

FIVE = [role for role in LIMITS if role != OWNER]


@pytest.mark.parametrize("role", FIVE)
@pytest.mark.parametrize(
    "statement",
    [
        "create table public.mine (x int)",
        "create table gatehouse.mine (x int)",
        "create table copilot.mine (x int)",
        "create temporary table mine (x int)",
        "create schema mine",
        "create role mine",
        "create database mine",
        "set role gh_owner",
        "set session authorization gh_owner",
        "select lo_create(0)",
        "select lo_from_bytea(0, 'x')",
        "copy (select 1) to program 'true'",
        "drop extension vector",
    ],
)
def test_a_login_can_make_nothing_anywhere(database: Database, role: str, statement: str) -> None:
    with (
        psycopg.connect(database.of(role), autocommit=True) as connection,
        pytest.raises(psycopg.Error) as no,
    ):
        connection.execute(statement.encode())
    assert no.value.sqlstate == "42501"


@pytest.mark.parametrize("role", list(LIMITS))
def test_no_role_has_powers_over_the_server(database: Database, role: str) -> None:
    with psycopg.connect(database.superuser) as connection:
        row = connection.execute(
            "select rolsuper or rolcreaterole or rolcreatedb or rolinherit or rolreplication or rolbypassrls,"
            " rolcanlogin, rolconnlimit from pg_roles where rolname = %s",
            [role],
        ).fetchone()
    assert row == (False, True, LIMITS[role] * SIDE_BY_SIDE)  # bootstrap's own: the fixture looks


@pytest.mark.parametrize("role", FIVE)
def test_a_login_enters_no_other_database(server: TestServer, role: str) -> None:
    for other in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(server.logins.dsn(role, database=other))


def test_a_wrong_password_is_refused(server: TestServer) -> None:
    wrong = Logins(server.logins.host, server.logins.port, TEMPLATE, {OWNER: "wrong"})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong.dsn(OWNER, database="postgres"))


def test_the_bootstrap_runs_twice_and_keeps_the_passwords(
    server: TestServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It sets the roles' limits anew, for the whole server: they must stay what the tests side by side need.
    raised = {role: limit * SIDE_BY_SIDE for role, limit in LIMITS.items()}
    monkeypatch.setattr("core.database.bootstrap.LIMITS", raised)
    again = bootstrap(database.superuser, kept=server.logins, new_passwords=False, whole_server=True)
    assert again.passwords == server.logins.passwords
    assert again.database == database.name


def test_roles_without_their_passwords_are_not_taken_over_silently(database: Database) -> None:
    with pytest.raises(BadInput, match="--new-passwords") as no:
        bootstrap(database.superuser, kept=None, new_passwords=False, whole_server=False)
    assert no.value.field == "GATEHOUSE_HOME"


def test_a_new_function_is_nobodys_until_it_is_granted(database: Database) -> None:
    with psycopg.connect(database.owner) as connection:
        connection.execute("create function gatehouse.f() returns int language sql as 'select 1'")
        row = connection.execute(
            "select has_function_privilege('gh_gate', 'gatehouse.f()', 'execute')"
        ).fetchone()
    assert row == (False,)


@pytest.mark.parametrize(
    ("number", "vector", "says"), [(150008, "0.8.5", "16 is the oldest"), (160004, None, "no pgvector")]
)
def test_an_unfit_server_is_refused_in_one_line(number: int, vector: str | None, says: str) -> None:
    with pytest.raises(BadInput, match=says) as no:
        refuse_unfit(Server(number, f"{number // 10000}.8", vector))
    assert "\n" not in str(no.value)
