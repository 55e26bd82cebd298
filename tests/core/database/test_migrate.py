"""Migrations land once, in order, unchanged, and one runner at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from core.database.migrate import Migration, found, migrate
from core.errors import IntegrityLost
from tests.fixtures.servers import ROOT, Database

pytestmark = pytest.mark.database


def file(minute: int, subject: str, text: str) -> Migration:
    return Migration(f"2099010100{minute:02}_{subject}.sql", text)


def all_with(*more: Migration) -> list[Migration]:
    """What has landed in the template, and these."""
    return [*found(ROOT), *more]


def tables(database: Database) -> set[str]:
    with psycopg.connect(database.owner) as connection:
        rows = connection.execute("select relname, relowner::regrole::text from pg_class where relkind = 'r'")
        return {name for name, owner in rows if owner == "gh_owner"}


def test_a_second_run_lands_nothing(database: Database) -> None:
    fruit = file(1, "fruit", "create table fruit (x int);")
    assert migrate(database.owner, all_with(fruit)) == [fruit.name]
    assert migrate(database.owner, all_with(fruit)) == []
    assert "fruit" in tables(database)


def test_a_broken_migration_leaves_nothing_of_itself_and_keeps_what_came_before(database: Database) -> None:
    good = file(1, "good", "create table good (x int);")
    bad = file(2, "bad", "create table half (x int); select 1/0;")
    with pytest.raises(IntegrityLost, match=r"_bad\.sql"):
        migrate(database.owner, all_with(good, bad))
    assert "good" in tables(database)
    assert "half" not in tables(database)
    mended = file(2, "bad", "create table whole (x int);")
    assert migrate(database.owner, all_with(good, mended)) == [mended.name]


def test_a_changed_migration_is_refused_by_name(database: Database) -> None:
    migrate(database.owner, all_with(file(1, "fruit", "create table fruit (x int);")))
    with pytest.raises(IntegrityLost, match=r"_fruit\.sql' was changed"):
        migrate(database.owner, all_with(file(1, "fruit", "create table fruit (x bigint);")))


def test_a_database_that_is_newer_than_the_code_is_refused_by_name(database: Database) -> None:
    migrate(database.owner, all_with(file(1, "fruit", "create table fruit (x int);")))
    with pytest.raises(IntegrityLost, match=r"_fruit.sql', which this version does not know"):
        migrate(database.owner, all_with())


def test_a_file_without_transaction_may_do_what_no_transaction_can(database: Database) -> None:
    fruit = file(
        1,
        "fruit",
        "-- no transaction\ncreate table if not exists fruit (x int);\n"
        "-- A comment alone is no statement.\n"
        "create index concurrently if not exists fruit_x on fruit (x);\n-- end\n",
    )
    assert migrate(database.owner, all_with(fruit)) == [fruit.name]
    assert migrate(database.owner, all_with(fruit)) == []


def test_four_runners_at_once_land_each_file_once(database: Database) -> None:
    slow = file(1, "slow", "create table slow (x int); select pg_sleep(0.2);")
    with ThreadPoolExecutor(4) as four:
        landed = list(four.map(lambda _: list(migrate(database.owner, all_with(slow))), range(4)))
    assert sorted(landed) == [[], [], [], [slow.name]]


@pytest.mark.parametrize("name", ["1_x.sql", "202601010000-x.sql", "202601010000_X.sql"])
def test_a_misnamed_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "core" / "ledger" / "migrations"
    folder.mkdir(parents=True)
    (folder / name).write_text("")
    with pytest.raises(IntegrityLost, match="misnamed"):
        found(tmp_path)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for room in ("core", "agents"):
        folder = tmp_path / room / "migrations"
        folder.mkdir(parents=True)
        (folder / "202601010000_same.sql").write_text("")
    with pytest.raises(IntegrityLost, match="two migrations"):
        found(tmp_path)


def test_files_land_in_the_order_of_their_names_whatever_their_room(tmp_path: Path) -> None:
    for room, name in (
        ("core/z", "202601010002_b.sql"),
        ("core/a", "202601010003_c.sql"),
        ("agents", "202601010001_a.sql"),
    ):
        folder = tmp_path / room / "migrations"
        folder.mkdir(parents=True)
        (folder / name).write_text("")
    assert [each.name[:12] for each in found(tmp_path)] == ["202601010001", "202601010002", "202601010003"]
