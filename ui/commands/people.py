"""`people list|reset`: who signs in here, and a new password. With the owner's login, on this machine.

Rule 1: a password is printed once, to whoever asked, and kept nowhere.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from core.clock import WallClock
from core.database import logins as kept
from core.database.embedded import open_cluster
from core.database.logins import OWNER, Logins
from core.database.pools import async_pool, connect
from core.errors import BadInput
from core.fact import Entry
from core.ids import PersonId, fresh_trace_id
from core.ledger.journal import Journal
from core.people.events import PasswordReset
from core.people.sessions import set_password
from core.settings import database_url, environment, home

PERSON = "select person from gatehouse.person where login = %(login)s"
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
    """Everybody who can sign in, with role, id and valid registrations."""
    with owners_logins() as logins, connect(logins.dsn(OWNER), name="people") as owner:
        found = owner.execute(LISTED).fetchall()
    if as_json:
        typer.echo(json.dumps(found))
        return
    for row in found:
        says = ", ".join(row["registrations"]) or "no registration"
        missing = "" if row["has_password"] else "; no password yet"
        typer.echo(f"{row['role']:<11} {row['login']:<18} {row['person']:<7} {says}{missing}")


def reset(
    name: Annotated[str, typer.Argument(help="The login, as `people list` shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """A new random password, printed once. Ends that person's sessions."""
    with owners_logins() as logins:
        with connect(logins.dsn(OWNER), name="people") as owner:
            password = set_password(owner, name)
            row = owner.execute(PERSON, {"login": name}).fetchone()
        asyncio.run(_recorded(logins.dsn(OWNER), PersonId(row["person"] if row else name)))
    told: dict[str, Any] = {"login": name, "password": password}
    typer.echo(json.dumps(told) if as_json else f"{name}  {password}")


async def _recorded(dsn: str, person: PersonId) -> None:
    """That somebody got a new password is a fact, too."""
    clock = WallClock()
    async with async_pool(dsn, name="people", most=1) as pool, Journal(pool, clock) as journal:
        await journal.record(Entry(f"person/{person}", PasswordReset(person=person), fresh_trace_id(clock)))


@contextmanager
def owners_logins() -> Iterator[Logins]:
    """The logins of this machine's database, with its server running."""
    env = environment()
    state = home(env)
    logins = kept.load(state)
    if logins is None:
        raise BadInput(f"there is no database in {str(state)!r}", fix="run `gatehouse up` first")
    cluster = open_cluster(state) if database_url(env) is None else None
    try:
        yield logins
    finally:
        if cluster is not None:
            cluster.close()
