"""`people list|reset`: who signs in here, and a new password. With the owner's login, on this machine.

Rule 1: a password is printed once, to whoever asked, and kept nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from psycopg import Connection
from psycopg.rows import DictRow

from core.database import logins as kept
from core.database.embedded import open_cluster
from core.database.logins import OWNER
from core.database.pools import connect
from core.errors import BadInput
from core.people.sessions import set_password
from core.settings import database_url, environment, home

LISTED = """
select p.login, p.role, p.person, c.login is not null as has_password,
       coalesce((select array_agg(r.registration order by r.registration) from gatehouse.registration r
                 where r.person = p.person
                   and (r.valid_until is null
                        or r.valid_until >= (select session from gatehouse.market_day))),
                '{}') as registrations
from gatehouse.person p left join gatehouse.credential c on c.person = p.person
order by p.role, p.login
"""


def list_(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False) -> None:
    """Everybody who can sign in, with role and valid registrations."""
    with _owner() as owner:
        found = owner.execute(LISTED).fetchall()
    if as_json:
        typer.echo(json.dumps(found))
        return
    for row in found:
        says = ", ".join(row["registrations"]) or "no registration"
        missing = "" if row["has_password"] else "; no password yet"
        typer.echo(f"{row['role']:<11} {row['login']:<18} {says}{missing}")


def reset(
    name: Annotated[str, typer.Argument(help="The login, as `people list` shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """A new random password, printed once. Ends that person's sessions."""
    with _owner() as owner:
        password = set_password(owner, name)
    told: dict[str, Any] = {"login": name, "password": password}
    typer.echo(json.dumps(told) if as_json else f"{name}  {password}")


@contextmanager
def _owner() -> Iterator[Connection[DictRow]]:
    env = environment()
    state = home(env)
    logins = kept.load(state)
    if logins is None:
        raise BadInput(f"there is no database in {str(state)!r}", fix="run `gatehouse up` first")
    cluster = open_cluster(state) if database_url(env) is None else None
    try:
        with connect(logins.dsn(OWNER), name="people") as owner:
            yield owner
    finally:
        if cluster is not None:
            cluster.close()
