"""The rights on the journal, against what the migrations give: whatever is changed by hand is named."""

from __future__ import annotations

import asyncio
import json
from typing import Final

import pytest

from core.database.pools import connect_async
from core.ledger import draw_rights, rights
from core.ledger.rights import DRAWING, Lines, compare, differences
from tests.fixtures.firm import Firm
from tests.fixtures.servers import Database

BY_HAND: Final[dict[str, str]] = {
    "grant insert on gatehouse.journal to gh_agent": "table journal",
    "grant update (actor) on gatehouse.journal to gh_gate": "column journal.actor",
    "alter table gatehouse.journal owner to postgres": "table journal",
    "alter table gatehouse.journal disable trigger journal_rows_stay": "trigger journal_rows_stay",
    "drop trigger journal_stays on gatehouse.journal": "trigger journal_stays",
    "create trigger also before insert on gatehouse.journal execute function gatehouse.refuse_change()": (
        "trigger also"
    ),
    "create rule quietly as on delete to gatehouse.journal do instead nothing": "rule quietly",
    "grant execute on function gatehouse.append(jsonb) to gh_witness": "function append(jsonb)",
    "alter function gatehouse.append(jsonb) reset search_path": "function append(jsonb)",
    "create or replace function gatehouse.refuse_change() returns trigger language plpgsql as"
    " 'begin return new; end'": "function refuse_change()",
    "create function gatehouse.more() returns int language sql as 'select 1'": "function more()",
    "insert into gatehouse.event_right values ('OrderReleased', 'gh_agent')": "right of gh_agent",
    "delete from gatehouse.event_right where event_type = 'OrderReleased'": (
        "right of gh_gate to OrderReleased"
    ),
    "update gatehouse.event_kind set law = null where event_type = 'OrderReleased'": "kind OrderReleased",
    "grant all on schema gatehouse to public": "schema gatehouse",
}


def read(database: Database) -> Lines:
    """With the witness's login."""

    async def look() -> Lines:
        async with await connect_async(database.witness, name="test") as connection:
            return await rights.read(connection)

    return asyncio.run(look())


def test_the_drawing_is_that_of_these_migrations(database: Database) -> None:
    again = "draw it again: python -m core.ledger.draw_rights"
    assert DRAWING.read_text(encoding="utf-8") == draw_rights.drawing(read(database)), again


def test_a_database_that_nobody_touched_is_as_the_migrations_give_it(firm: Firm) -> None:
    async def look() -> rights.Rights:
        async with await connect_async(firm.database.witness, name="test") as connection:
            return await compare(connection)

    assert asyncio.run(look()) == rights.Rights("as the migrations give them", ())


@pytest.mark.parametrize("change", BY_HAND)
def test_what_a_superuser_changes_by_hand_is_named(firm: Firm, change: str) -> None:
    expected = json.loads(DRAWING.read_text(encoding="utf-8"))["rights"]
    firm.ask("superuser", change)
    found = differences(expected, read(firm.database))
    assert [line for line in found if line.startswith(BY_HAND[change])]


def test_settings_that_sessions_begin_with_and_new_members_are_named(firm: Firm) -> None:
    """Roles are the server's, not this database's: nobody else sees them before they are gone again."""
    expected = json.loads(DRAWING.read_text(encoding="utf-8"))["rights"]

    async def look() -> Lines:
        async with (
            await connect_async(firm.database.superuser, name="test") as connection,
            connection.transaction(force_rollback=True),
        ):
            await connection.execute(
                f"alter database {firm.database.name} set session_replication_role = replica".encode()
            )
            await connection.execute("create role gh_stranger")
            await connection.execute("grant gh_owner to gh_stranger")
            return await rights.read(connection)

    assert [line.split(" is ")[0] for line in differences(expected, asyncio.run(look()))] == [
        "member gh_stranger of gh_owner",
        "role gh_stranger",
        "setting of every role",
    ]
