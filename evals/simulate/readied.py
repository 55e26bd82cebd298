"""A database whose law finds the simulation's time and chance, and which changes by nobody but those who ask.

Rule 1: the statements, the law and the tables are the product's own. Where the law asks for the time or for
    chance, it finds the simulation's by search path; no text of it is changed.
Rule 2: tables are neither vacuumed nor analysed by themselves: when that happens is the machine's affair, and
    plans and places of rows hang on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import DictRow

TIMES: Final = ("clock_timestamp", "now", "statement_timestamp", "transaction_timestamp")
ASKS: Final = "(clock_timestamp|now|statement_timestamp|transaction_timestamp|gen_random_uuid)\\(\\)"


def readied(superuser: Connection[DictRow], time_file: Path) -> None:
    """Make the law of this database ask that file for the time, and a sequence for chance."""
    superuser.execute("create sequence gatehouse.simulated_chance")
    for name in TIMES:
        superuser.execute(_TIME.format(sql.Identifier(name), sql.Literal(str(time_file))))
    superuser.execute(_CHANCE)
    for row in superuser.execute(_FUNCTIONS).fetchall():
        path = f"alter function {row['named']} set search_path = gatehouse, {row['path']}"
        superuser.execute(path.encode())
    for row in superuser.execute(_DEFAULTS, {"asks": ASKS}).fetchall():
        change = f"alter table {row['named']} alter {row['column']} set default gatehouse.{row['says']}"
        superuser.execute(change.encode())
    for row in superuser.execute(_VIEWS, {"asks": ASKS}).fetchall():
        superuser.execute(f"create or replace view {row['named']} as {row['says']}".encode())
    for row in superuser.execute(_TABLES).fetchall():
        superuser.execute(f"alter table {row['named']} set (autovacuum_enabled = false)".encode())


_TIME: Final = sql.SQL(
    "create function gatehouse.{}() returns timestamptz language sql volatile security definer"
    " set search_path = pg_catalog as $$ select pg_catalog.pg_read_file({})::timestamptz $$"
)
_CHANCE: Final = (
    "create function gatehouse.gen_random_uuid() returns uuid language sql volatile security definer"
    " set search_path = pg_catalog as"
    " $$ select pg_catalog.md5('chance ' || pg_catalog.nextval('gatehouse.simulated_chance'))::uuid $$"
)
_FUNCTIONS: Final = """
select p.oid::regprocedure::text as named, substring(c from 'search_path=(.*)') as path
from pg_proc p, unnest(p.proconfig) c
where p.pronamespace = 'gatehouse'::regnamespace and c like 'search_path=pg_catalog, gatehouse%' order by 1
"""
_DEFAULTS: Final = """
select d.adrelid::regclass::text as named, quote_ident(a.attname) as column,
       pg_get_expr(d.adbin, d.adrelid) as says
from pg_attrdef d join pg_attribute a on (a.attrelid, a.attnum) = (d.adrelid, d.adnum)
    join pg_class c on c.oid = d.adrelid
where c.relnamespace = 'gatehouse'::regnamespace
    and pg_get_expr(d.adbin, d.adrelid) ~ ('^' || %(asks)s || '$') order by 1, 2
"""
_VIEWS: Final = """
select c.oid::regclass::text as named,
       regexp_replace(pg_get_viewdef(c.oid), %(asks)s, 'gatehouse.\\1()', 'g') as says
from pg_class c where c.relkind = 'v' and c.relnamespace = 'gatehouse'::regnamespace
    and pg_get_viewdef(c.oid) ~ %(asks)s order by 1
"""
_TABLES: Final = """
select c.oid::regclass::text as named from pg_class c
where c.relkind = 'r' and c.relnamespace = 'gatehouse'::regnamespace order by 1
"""
