"""What only a server's administrator can do, once: the database, its roles, their rights and pgvector.

Rule 1: run again, it changes nothing but what is missing.
Rule 2: `gh_owner` owns the database and every object; no process of the product uses that login.
Rule 3: the five logins start with nothing but the right to connect. Every other right is granted by the
    migration that brings the object.
Rule 4: PUBLIC has no right at all: no connecting, no temporary tables, no schema, no new function,
    no large object.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.database.logins import AGENT, GATE, LIMITS, OWNER, Logins
from core.database.pools import connect, unreachable, unreadable
from core.database.server import look_at, refuse_unfit
from core.errors import BadInput, WorldFailed

SCHEMAS: Final = ("gatehouse", "copilot")
ATTRIBUTES: Final = sql.SQL("login nosuperuser nocreatedb nocreaterole noinherit noreplication nobypassrls")
# Anyone may make large objects by default, which would be a place to write outside every right of ours.
LARGE_OBJECTS: Final = (
    "lo_creat(integer)",
    "lo_create(oid)",
    "lo_from_bytea(oid, bytea)",
    "lo_open(oid, integer)",
    "lo_put(oid, bigint, bytea)",
    "lowrite(integer, bytea)",
)
# A login that drops what it owns drops its rights with it: one that was taken over could put its process out
# of work for good, and spoil the proof of who has which right.
RIGHTS_STAY: Final = """
create or replace function public.rights_stay() returns event_trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if session_user like 'gh\\_%' then
        raise exception 'the rights of % stay', session_user using errcode = 'insufficient_privilege';
    end if;
end $$;
revoke all on function public.rights_stay() from public;
drop event trigger if exists rights_stay;
create event trigger rights_stay on ddl_command_start when tag in ('DROP OWNED')
    execute function public.rights_stay();
"""
UNKNOWN_DATABASE: Final = "3D000"


def bootstrap(admin: str, *, kept: Logins | None, new_passwords: bool, whole_server: bool) -> Logins:
    """Make what is missing in the database that `admin` (a superuser's or owner's DSN) names.

    `kept` are the logins of an earlier run: their passwords stay. `whole_server` closes the server's other
    databases to PUBLIC too, which is right only where the server is ours.

    Raises:
        BadInput: the server will not do; or its roles exist, we hold no password for them, and
            `new_passwords` is not asked for. Nothing was changed.
        NotPermitted, WorldFailed: the login lacks a right, or the server does not answer.
    """
    try:
        parts = conninfo_to_dict(admin)
    except psycopg.ProgrammingError:
        raise unreadable("bootstrap") from None
    database = str(parts.get("dbname") or "gatehouse")
    with _maintenance(admin, database) as connection:
        refuse_unfit(look_at(connection))
        passwords = _roles(connection, kept=kept, new_passwords=new_passwords)
        _database(connection, database, whole_server=whole_server)
        logins = Logins(
            host=str(parts.get("host") or connection.info.host),
            port=str(parts.get("port") or connection.info.port),
            database=database,
            passwords=passwords,
        )
    with connect(make_conninfo(admin, dbname=database), name="bootstrap") as connection:
        _extension(connection)
        _schemas(connection)
        _watchdog(connection)
    with connect(logins.dsn(OWNER), name="bootstrap") as connection:
        connection.execute("alter default privileges revoke execute on functions from public")
    return logins


def _maintenance(admin: str, database: str) -> Connection[Any]:
    """A connection to a database that surely exists: the target itself, or else `postgres`."""
    try:
        return Connection.connect(make_conninfo(admin, connect_timeout=5), autocommit=True)
    except psycopg.OperationalError as bad:
        if "does not exist" not in str(bad) or database not in str(bad):
            raise unreachable(bad) from bad
    return connect(make_conninfo(admin, dbname="postgres"), name="bootstrap")


def _roles(connection: Connection[Any], *, kept: Logins | None, new_passwords: bool) -> dict[str, str]:
    found = connection.execute("select rolname from pg_roles where rolname = any(%s)", [list(LIMITS)])
    existing = {_first(row) for row in found}
    if existing and kept is None and not new_passwords:
        raise BadInput(
            f"the server has the role {min(existing)}, and this GATEHOUSE_HOME has no password for it",
            fix="use the GATEHOUSE_HOME that made it, or give all roles new ones with --new-passwords",
            field="GATEHOUSE_HOME",
        )
    passwords: dict[str, str] = {}
    for role, limit in LIMITS.items():
        held = None if kept is None or new_passwords else kept.passwords.get(role)
        passwords[role] = held or secrets.token_urlsafe(32)
        verb = sql.SQL("alter role" if role in existing else "create role")
        _do(
            connection,
            sql.SQL("{} {} {} connection limit {} password {}").format(
                verb, sql.Identifier(role), ATTRIBUTES, sql.Literal(limit), sql.Literal(passwords[role])
            ),
        )
    return passwords


def _database(connection: Connection[Any], database: str, *, whole_server: bool) -> None:
    name = sql.Identifier(database)
    # An administrator who is no superuser must be a member of the role that is to own.
    _do(connection, sql.SQL("grant {} to current_user").format(sql.Identifier(OWNER)))
    there = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
    if there is None:
        _do(connection, sql.SQL("create database {} owner {}").format(name, sql.Identifier(OWNER)))
    else:
        _do(connection, sql.SQL("alter database {} owner to {}").format(name, sql.Identifier(OWNER)))
    _do(connection, sql.SQL("revoke all on database {} from public").format(name))
    roles = sql.SQL(", ").join(map(sql.Identifier, LIMITS))
    _do(connection, sql.SQL("grant connect on database {} to {}").format(name, roles))
    if whole_server:
        for other in ("postgres", "template1"):
            _do(connection, sql.SQL("revoke all on database {} from public").format(sql.Identifier(other)))


def _extension(connection: Connection[Any]) -> None:
    try:
        connection.execute("create extension if not exists vector")
    except psycopg.errors.InsufficientPrivilege as bad:
        raise BadInput(
            "this login may not create the extension 'vector'",
            fix="let an administrator run `create extension vector` in that database, then start again",
            field="DATABASE_URL",
        ) from bad


def _watchdog(connection: Connection[Any]) -> None:
    """The owner's function may end a backend that keeps the journal's head from everybody."""
    _do(connection, sql.SQL("grant pg_signal_backend to {} with inherit true").format(sql.Identifier(OWNER)))


def _schemas(connection: Connection[Any]) -> None:
    owner = sql.Identifier(OWNER)
    for schema in SCHEMAS:
        name = sql.Identifier(schema)
        _do(connection, sql.SQL("create schema if not exists {} authorization {}").format(name, owner))
        _do(connection, sql.SQL("revoke all on schema {} from public").format(name))
    _do(connection, sql.SQL("revoke all on schema public from public"))
    # pgvector's type lives there; the owner and the copilot alone have vectors.
    readers = sql.SQL("{}, {}").format(owner, sql.Identifier(AGENT))
    _do(connection, sql.SQL("grant usage on schema public to {}").format(readers))
    if _is_superuser(connection):
        for function in LARGE_OBJECTS:
            _do(
                connection,
                sql.SQL("revoke execute on function pg_catalog.{} from public").format(sql.SQL(function)),
            )
        _advisory_locks(connection)
        _do(connection, sql.SQL(RIGHTS_STAY))


def _advisory_locks(connection: Connection[Any]) -> None:
    """They order our own work; a login that need not take one could keep the worker from its place."""
    found = connection.execute(
        "select oid::regprocedure::text from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
        " and proname like 'pg%advisory%'"
    ).fetchall()
    takers = sql.SQL("{}, {}").format(sql.Identifier(OWNER), sql.Identifier(GATE))
    for row in found:
        function = sql.SQL(_first(row))
        _do(connection, sql.SQL("revoke execute on function {} from public").format(function))
        _do(connection, sql.SQL("grant execute on function {} to {}").format(function, takers))


def _is_superuser(connection: Connection[Any]) -> bool:
    row = connection.execute("select usesuper from pg_user where usename = current_user").fetchone()
    return bool(row is not None and _first(row))


def _first(row: Any) -> Any:
    return next(iter(row.values())) if isinstance(row, dict) else row[0]


def _do(connection: Connection[Any], statement: sql.Composed | sql.SQL) -> None:
    try:
        connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as bad:
        raise BadInput(
            f"this login may not do that: {bad.diag.message_primary}",
            fix="give DATABASE_URL a login that may create databases and roles",
            field="DATABASE_URL",
        ) from bad
    except psycopg.OperationalError as bad:
        raise WorldFailed(
            f"the server stopped the bootstrap: {bad.diag.message_primary or bad}", fix="run it again"
        ) from bad
