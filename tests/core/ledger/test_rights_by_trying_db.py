"""Every login tries all that SQL offers against the journal.

Rule 1: what is tried is drawn from the catalog: a new table, function, kind or setting is tried by itself.
Rule 2: what a login is decided to have stands in `tests/core/gate/test_rights_db.py`; all else is refused.
Rule 3: the tables of the law and of the record are compared before and after, row for row.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from core.database.pools import conninfo
from tests.core.gate.test_rights_db import FUNCTIONS, ROLES, TABLES
from tests.fixtures.firm import Firm

AGENT, INTAKE, APPROVER, GATE, WITNESS = ROLES
WRITERS: Final = (AGENT, INTAKE, APPROVER, GATE)
LOGIN: Final = "maria.alvarez"
REFUSED: Final = psycopg.errors.InsufficientPrivilege
OURS: Final = ("gatehouse", "copilot")
CHANGES_BY_TRYING: Final = (
    "session",
    "asker",
    "failed_sign_in",
    "thread",
    "idempotency",
    "head",
    "stream_head",
)


@pytest.fixture(scope="module")
def firm(shared_firm: Firm) -> Iterator[Firm]:
    before = digest_of_all(shared_firm)
    yield shared_firm
    assert digest_of_all(shared_firm) == before
    seen = shared_firm.verified()
    assert seen.ok, seen.faults


def digest_of_all(firm: Firm) -> dict[str, Any]:
    """Of every table that no attempt may change; of the record, the part that was there before."""
    named = "select table_schema || '.' || table_name as name from information_schema.tables"
    tables = firm.ask(
        "superuser", f"{named} where table_schema = any(%s) and table_type = 'BASE TABLE'", [*OURS]
    )
    said: dict[str, Any] = {}
    for name in (row["name"] for row in tables):
        if name.rpartition(".")[2] not in CHANGES_BY_TRYING:
            old = " where t.seq <= 3632" if name == "gatehouse.journal" else ""
            rows = f"select md5(string_agg(t::text, '' order by t::text)) from {name} t{old}"
            said[name] = firm.value("superuser", rows)
    rights = "select md5(string_agg(relname || coalesce(relacl::text, ''), '' order by oid)) from pg_class"
    said["rights"] = firm.value("superuser", rights)
    said["functions"] = firm.value(
        "superuser", "select md5(string_agg(prosrc, '' order by oid)) from pg_proc"
    )
    return said


def code_of(firm: Firm, role: str, statement: str | sql.Composed, *words: Any) -> str:
    """What that login is told; undone at once where nothing refuses it."""
    connection = firm.connection(role)
    asked = statement.encode() if isinstance(statement, str) else statement
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(asked, words or None)
    except psycopg.Error as told:
        return str(told.sqlstate)
    return "00000"


# What can be done to a table beside the plain verbs

TO_A_TABLE: Final[dict[str, str]] = {
    "merge": "merge into {} t using (select 1) s on false when not matched then insert default values",
    "upsert": "insert into {} default values on conflict do nothing",
    "share": "lock table {} in share mode",
    "exclusive": "lock table {} in exclusive mode",
    "access exclusive": "lock table {} in access exclusive mode nowait",
    "schema": "alter table {} set schema public",
    "rename": "alter table {} rename to mine",
    "force": "alter table {} no force row level security",
    "policy": "create policy mine on {} using (true)",
    "grant": "grant select on {} to public with grant option",
    "analyze": "analyze {}",
    "statistics": "alter table {} set (autovacuum_enabled = off)",
    "unlogged": "alter table {} set unlogged",
    "inherit": "create table public.mine () inherits ({})",
    "like": "create table gatehouse.mine (like {})",
    "references": "create table copilot.mine (a text references {})",
}
NOTHING: Final = {"00000", "01007"}  # a warning: the grant gives nothing, the analyze leaves it out
BENIGN: Final = ("grant", "analyze")
NO: Final = {
    "42501": "insufficient privilege",
    "42809": "not of a view",
    "0A000": "nor, in PostgreSQL 16, a merge",
    "3F000": "no such schema",
    "42P17": "not of this object",
    "0LP01": "not a grant that there is",
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", TO_A_TABLE)
def test_nothing_can_be_done_to_a_table_that_is_not_decided_on(firm: Firm, role: str, verb: str) -> None:
    for table, rights in TABLES.items():
        may = rights.get(role, "")
        if verb in ("merge", "upsert") and "I" in may:
            continue
        if verb in ("share", "exclusive", "access exclusive") and set(may) & set("UD"):
            continue  # PostgreSQL gives these locks with the right to change rows: followers' tables alone
        said = code_of(firm, role, TO_A_TABLE[verb].format(table))
        harmless = verb in BENIGN and said in NOTHING
        assert said in NO or harmless, (table, said)


@pytest.mark.parametrize("role", ROLES)
def test_copying_into_a_table_is_inserting_into_it(firm: Firm, role: str) -> None:
    for table, rights in TABLES.items():
        if "I" in rights.get(role, ""):
            continue
        with (
            pytest.raises((REFUSED, psycopg.errors.WrongObjectType, psycopg.errors.FeatureNotSupported)),
            firm.connection(role).cursor().copy(f"copy {table} from stdin".encode()) as copy,
        ):
            copy.write("\n")


MAKES: Final = (
    "create table {}.mine (a int)",
    "create view {}.mine as select 1 as a",
    "create materialized view {}.mine as select 1 as a",
    "create sequence {}.mine",
    "create type {}.incoming as (a int)",
    "create domain {}.text as int",
    "create function {}.now() returns timestamptz language sql as 'select null::timestamptz'",
    "create procedure {}.mine() language sql as 'select 1'",
    "create aggregate {}.mine (int) (sfunc = int4pl, stype = int)",
    "create operator {}.= (leftarg = text, rightarg = text, function = textne)",
    'create collation {}.mine from "C"',
    "create text search configuration {}.mine (parser = default)",
    "create conversion {}.mine for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1",
    "create statistics {}.mine on seq, role from gatehouse.journal",
)
SCHEMAS: Final = ("gatehouse", "copilot", "public", "pg_catalog", "information_schema", "pg_temp", "pg_toast")


@pytest.mark.parametrize("role", ROLES)
def test_nothing_can_be_made_in_any_schema_that_could_shadow_a_name(firm: Firm, role: str) -> None:
    for statement, schema in itertools.product(MAKES, SCHEMAS):
        said = code_of(firm, role, statement.format(schema))
        assert said in ("42501", "42P13", "42883"), (statement, schema, said)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_becomes_anybody_else(firm: Firm, role: str) -> None:
    others = firm.ask("superuser", "select rolname from pg_roles where rolname <> %s", role)
    assert len(others) > len(ROLES)
    for other in (row["rolname"] for row in others):
        name = sql.Identifier(other)
        for form in (
            "set role {}",
            "set local role {}",
            "set session authorization {}",
            "grant {} to current_user",
        ):
            # XX000: PostgreSQL 16 of the database's owner, who is nobody's to grant
            said = code_of(firm, role, sql.SQL(form).format(name))
            assert said in ("42501", "0A000", "XX000"), (form, other, said)
        for setting in ("role", "session_authorization"):
            assert code_of(firm, role, "select set_config(%s, %s, false)", setting, other) == "42501", other
    assert firm.value(role, "select session_user::text || current_user::text") == role + role


@pytest.mark.parametrize("role", ROLES)
def test_a_login_is_a_member_of_nothing_and_has_no_attribute(firm: Firm, role: str) -> None:
    of_it = "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = %s"
    assert firm.value("superuser", of_it, role) == 0
    row = firm.ask("superuser", "select * from pg_roles where rolname = %s", role)[0]
    special = ("rolsuper", "rolinherit", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls")
    assert [row[name] for name in special] == [False] * len(special)


@pytest.mark.parametrize("role", ROLES)
def test_every_function_of_ours_is_called_and_refuses_whom_it_is_not_for(firm: Firm, role: str) -> None:
    rows = firm.ask(
        "superuser",
        "select replace(p.oid::regprocedure::text, 'gatehouse.', '') as name,"
        " n.nspname || '.' || p.proname as call, format_type(prorettype, null) as returns,"
        " array(select format_type(t, null) from unnest(p.proargtypes) t) as types"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any(%s)",
        [*OURS],
    )
    called = 0
    for row in rows:
        if role in FUNCTIONS.get(row["name"], set()):
            continue
        given = ", ".join(f"null::{kind}" for kind in row["types"])
        for form in ("select {}({})", "select * from {}({}) as x", "do $$begin perform {}({}); end$$"):
            said = code_of(firm, role, form.format(row["call"], given))
            assert said == "42501" or (said == "42804" and row["returns"] == "trigger"), row["name"]
            called += 1
    assert called >= 3 * 50


@pytest.mark.parametrize("role", ROLES)
def test_another_database_of_the_server_lets_nobody_in(firm: Firm, role: str) -> None:
    for database in ("postgres", "template1"):
        dsn = conninfo(firm.database.of(role), name="test")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn, dbname=database).close()


# What can be said to the append


def kinds(firm: Firm) -> dict[str, str]:
    rows = firm.ask("superuser", "select event_type, stream_prefix from gatehouse.event_kind")
    return {row["event_type"]: row["stream_prefix"] for row in rows}


def rights(firm: Firm) -> set[tuple[str, str]]:
    rows = firm.ask("superuser", "select event_type, role from gatehouse.event_right")
    return {(row["event_type"], row["role"]) for row in rows}


def ticket_for(firm: Firm, role: str) -> str | None:
    if role == AGENT:
        return firm.thread_ticket(LOGIN, firm.thread(LOGIN))
    return firm.ticket(LOGIN) if role in (INTAKE, APPROVER) else None


def stream_of(prefix: str) -> str:
    return prefix + "x" if prefix.endswith("/") else prefix


@pytest.mark.parametrize("role", WRITERS)
def test_every_kind_that_is_anothers_is_refused_alone_and_in_a_group(firm: Firm, role: str) -> None:
    ticket = ticket_for(firm, role)
    others = {kind: prefix for kind, prefix in kinds(firm).items() if (kind, role) not in rights(firm)}
    assert "AttemptRefused" in others
    for group in (None, "g"):
        for kind, prefix in others.items():
            item = firm.item(kind, stream_of(prefix), {}, ticket=ticket, group=group)
            said = firm.append(role, *([item, item] if group else [item]))
            assert said[0].answer == "refused", kind
            assert "no_right" in {one.code for one in said}, (kind, said)


@pytest.mark.parametrize("role", WRITERS)
def test_a_kind_of_ones_own_lives_in_its_own_streams(firm: Firm, role: str) -> None:
    ticket, prefixes = ticket_for(firm, role), kinds(firm)
    items, tried = [], []
    for kind in sorted(kind for kind, may in rights(firm) if may == role):
        for prefix in sorted(set(prefixes.values())):
            if not prefix.startswith(prefixes[kind]):
                items.append(firm.item(kind, stream_of(prefix), {}, ticket=ticket))
                tried.append((kind, prefix))
    answers = [said for at in range(0, len(items), 100) for said in firm.append(role, *items[at : at + 100])]
    for what, said in zip(tried, answers, strict=True):
        assert said.answer == "refused", (what, said)


FORGED: Final[dict[str, Any]] = {
    "actor": "pri-1",
    "role": GATE,
    "person": "pri-1",
    "session_user": "gh_owner",
    "seq": 1,
    "recorded_at": "2000-01-01T00:00:00Z",
    "digest": "00",
    "session": {"person": "pri-1"},
}


@pytest.mark.parametrize("role", WRITERS)
def test_words_about_the_actor_beside_or_in_an_entry_change_nobody(firm: Firm, role: str) -> None:
    """With each kind that the login may write: what is recorded, and be it the refusal, is the caller's."""
    ticket = ticket_for(firm, role)
    me = "adv-1" if ticket else role
    for kind in sorted(kind for kind, may in rights(firm) if may == role):
        before = firm.value("superuser", "select seq from gatehouse.head")
        item = firm.item(kind, stream_of(kinds(firm)[kind]), FORGED, ticket=ticket)
        firm.append(role, {**FORGED, **item})
        rows = firm.ask("superuser", "select role, actor from gatehouse.journal where seq > %s", before)
        assert [(row["role"], row["actor"]) for row in rows] == [(role, me)], kind


def thread_ticket_of_an_ended_session(firm: Firm) -> str:
    own = Firm(firm.database, firm.keys_folder)
    own._connections.update(firm._connections)
    own._tickets[LOGIN] = own.sign_in(LOGIN)
    ticket = own.thread_ticket(LOGIN, own.thread(LOGIN))
    firm.ask(INTAKE, "select gatehouse.close_session(%s)", own.ticket(LOGIN))
    return ticket


def expired(firm: Firm) -> str:
    ticket = firm.sign_in(LOGIN)
    firm.ask(
        "superuser",
        "update gatehouse.session set expires_at = clock_timestamp() where ticket_hash = sha256(%s::bytea)",
        ticket.encode(),
    )
    return ticket


@pytest.mark.parametrize("role", WRITERS)
def test_a_ticket_that_is_not_this_doors_writes_no_kind(firm: Firm, role: str) -> None:
    others_door = firm.ticket(LOGIN) if role == AGENT else firm.thread_ticket(LOGIN, firm.thread(LOGIN))
    hashed = firm.value("superuser", "select encode(ticket_hash, 'hex') from gatehouse.session limit 1")
    tickets = {
        "the other door's": others_door,
        "an ended thread's": thread_ticket_of_an_ended_session(firm),
        "an expired one": expired(firm),
        "its hash": hashed,
        "a pattern": "%",
        "nothing at all": "",
    }
    for kind in sorted(kind for kind, may in rights(firm) if may == role):
        stream = stream_of(kinds(firm)[kind])
        said = firm.append(role, *(firm.item(kind, stream, {}, ticket=t) for t in tickets.values()))
        for which, one in zip(tickets, said, strict=True):
            assert one.code in ("wrong_ticket", "session_ended"), (kind, which, one)


# What a client can set


def settings(firm: Firm) -> list[tuple[str, str]]:
    """Each setting that any client may change, with values at its ends."""
    rows = firm.ask(
        "superuser",
        "select name, vartype, enumvals, min_val, max_val from pg_settings"
        " where context = 'user' order by name",
    )
    found = []
    for row in rows:
        if row["vartype"] == "bool":
            values = ["on", "off"]
        elif row["vartype"] == "enum":
            values = list(row["enumvals"])
        elif row["vartype"] in ("integer", "real"):
            values = [row["min_val"], row["max_val"]]
        else:
            values = ["", "pg_temp, public", "x"]
        found += [(row["name"], value) for value in values]
    return found


CUSTOM: Final = (
    "gatehouse.actor",
    "gatehouse.person",
    "gatehouse.role",
    "session.user",
    "app.user",
    "jwt.claims",
)


def test_no_setting_makes_an_entry_anybody_elses_or_the_record_wrong(firm: Firm) -> None:
    """Each is set to its ends before one append: that breaks off, or writes what it always would."""
    thread = firm.thread(LOGIN)
    ticket = firm.thread_ticket(LOGIN, thread)
    payload = {"thread": thread, "agent": "a", "step": "plan", "model": "m"}
    tried = [*settings(firm), *((name, "pri-1") for name in CUSTOM)]
    assert len(tried) > 200
    recorded = []
    for name, value in tried:
        item = firm.item("StepTaken", f"thread/{thread}", payload, ticket=ticket)
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(conninfo(firm.database.agent, name="test"), autocommit=True) as client,
        ):
            client.execute("select set_config(%s, %s, false)", [name, value])
            client.execute("select answer from gatehouse.append(%s::jsonb)", [json.dumps([item])])
            recorded.append(item["text"])
    rows = firm.ask(
        "superuser",
        "select role, actor, text from gatehouse.journal where stream = %s and event_type = 'StepTaken'",
        f"thread/{thread}",
    )
    assert len(recorded) > 150
    assert {row["text"] for row in rows} >= set(recorded)
    assert {(row["role"], row["actor"]) for row in rows} == {(AGENT, "adv-1")}


@pytest.mark.parametrize("milliseconds", [1, 2, 3, 5, 8, 13, 21, 34])
def test_a_batch_broken_off_in_the_middle_leaves_nothing(firm: Firm, milliseconds: int) -> None:
    thread = firm.thread(LOGIN)
    ticket = firm.thread_ticket(LOGIN, thread)
    payload = {"thread": thread, "agent": "a", "step": "plan", "model": "m"}
    items = [
        firm.item("StepTaken", f"thread/{thread}", payload, ticket=ticket, stream_version=2 + n)
        for n in range(100)
    ]
    done = 0
    with psycopg.connect(conninfo(firm.database.agent, name="test"), autocommit=True) as client:
        client.execute(f"set statement_timeout = {milliseconds}".encode())
        with contextlib.suppress(psycopg.errors.QueryCanceled):
            client.execute("select answer from gatehouse.append(%s::jsonb)", [json.dumps(items)])
            done = 100
    assert firm.version(f"thread/{thread}") == 1 + done


def test_a_flood_of_notices_holds_up_no_append(firm: Firm) -> None:
    """LISTEN and NOTIFY are everybody's in PostgreSQL: nothing of the law may hang on them."""
    thread = firm.thread(LOGIN)
    ticket = firm.thread_ticket(LOGIN, thread)
    payload = {"thread": thread, "agent": "a", "step": "plan", "model": "m"}
    with psycopg.connect(conninfo(firm.database.witness, name="test")) as flood:
        flood.execute("listen journal")
        flood.execute("select pg_notify('journal', n || repeat('x', 7000)) from generate_series(1, 2000) n")
        item = firm.item("StepTaken", f"thread/{thread}", payload, ticket=ticket)
        assert firm.append(AGENT, item)[0].ok
        flood.commit()


# Even with temporary objects, which no login may make

SHADOWS: Final = (
    "create table pg_temp.journal (seq bigint, text text)",
    "create table pg_temp.head (one boolean, seq bigint, digest bytea, recorded_at timestamptz)",
    "insert into pg_temp.head values (true, 7, '', '2000-01-01')",
    "create table pg_temp.session as select null::uuid as session, null::bytea as ticket_hash, 'x' as person",
    "create table pg_temp.event_right as select 'OrderReleased' as event_type, 'gh_agent' as role",
    "create type pg_temp.incoming as (a int)",
    "create domain pg_temp.jsonb as text",
    "create function pg_temp.now() returns timestamptz language sql as 'select timestamptz ''2000-01-01'''",
    "create function pg_temp.clock_timestamp() returns timestamptz return timestamptz '2000-01-01'",
    "create function pg_temp.sha256(bytea) returns bytea language sql as 'select ''\\x00''::bytea'",
    "create function pg_temp.session_user() returns name language sql as 'select ''gh_owner''::name'",
    "create function pg_temp.textne_as_eq(text, text) returns boolean language sql as 'select true'",
    "create operator pg_temp.= (leftarg = text, rightarg = text, function = pg_temp.textne_as_eq)",
    "create operator pg_temp.|| (leftarg = bytea, rightarg = bytea, function = byteacat)",
    "set search_path = pg_temp, pg_catalog, gatehouse",
)


@pytest.mark.parametrize("role", WRITERS)
def test_temporary_objects_that_shadow_names_would_change_nothing_either(firm: Firm, role: str) -> None:
    """The right to make them is lent for once: the second wall stands without the first."""
    name = sql.Identifier(firm.database.name)
    superuser = firm.connection("superuser")
    superuser.execute(sql.SQL("grant temporary on database {} to {}").format(name, sql.Identifier(role)))
    try:
        ticket = ticket_for(firm, role)
        item = firm.item("OrderReleased" if role != GATE else "ProposalDrafted", "order/x", {}, ticket=ticket)
        head = firm.value("superuser", "select seq from gatehouse.head")
        with psycopg.connect(conninfo(firm.database.of(role), name="test"), autocommit=True) as client:
            for statement in SHADOWS:
                client.execute(statement.encode())
            row = client.execute(
                "select answer, code from gatehouse.append(%s::pg_catalog.jsonb)", [json.dumps([item])]
            ).fetchone()
    finally:
        superuser.execute(
            sql.SQL("revoke temporary on database {} from {}").format(name, sql.Identifier(role))
        )
    assert row == ("refused", "no_right")
    entry = firm.ask("superuser", "select * from gatehouse.journal where seq = %s", head + 1)[0]
    assert (entry["event_type"], entry["role"]) == ("AttemptRefused", role)
    assert entry["recorded_at"].year > 2020
