"""`gatehouse people enrol-totp|remove-totp|reset-totp`: one's authenticator, from the terminal.

Rule 1: passwords and codes are typed or read from standard input, never given as words of the command:
    those stand in the shell's history and in the list of processes.
Rule 2: the secret is shown once.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import segno
import typer

from core.clock import WallClock
from core.database.logins import OWNER
from core.database.pools import async_pool, connect
from core.errors import NotFound
from core.fact import Entry
from core.ids import PersonId, fresh_trace_id
from core.ledger.journal import Journal
from core.people.events import AuthenticatorRemoved
from ui.commands.asked import told, typed
from ui.commands.people import PERSON, owners_logins
from ui.commands.session import console, signed_in

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Stdin = Annotated[bool, typer.Option("--stdin", help="read each secret from a line of standard input")]


def enrol_totp(from_stdin: Stdin = False, as_json: Json = False) -> None:
    """Add an authenticator to yourself: decisions of tier 3 ask for its code from then on."""
    with signed_in() as client:
        offered = client.offer_authenticator(typed("Your password", from_stdin))
        uri = str(offered["uri"])
        if as_json:
            typer.echo(uri, err=True)
        else:
            segno.make(uri, error="l", micro=False).terminal(out=sys.stdout, compact=True)
            console().print(f"[dim]{uri}[/]", soft_wrap=True)
        answer = client.enrol_authenticator(typed("The six digits that it shows now", from_stdin))
    told(answer["seq"], "Your authenticator is asked for from now on", as_json)


def remove_totp(from_stdin: Stdin = False, as_json: Json = False) -> None:
    """Take your authenticator away, with a code of it. A lost one: `people reset-totp LOGIN` on the
    machine."""
    with signed_in() as client:
        answer = client.remove_authenticator(typed("The six digits that it shows now", from_stdin))
    told(answer["seq"], "Removed; your password is asked for instead", as_json)


def reset_totp(
    name: Annotated[str, typer.Argument(help="The login, as `people list` shows it.")], as_json: Json = False
) -> None:
    """Take away somebody's lost authenticator, with the owner's login, on this machine."""
    with owners_logins() as logins:
        with connect(logins.dsn(OWNER), name="people") as owner:
            row = owner.execute(PERSON, {"login": name}).fetchone()
        if row is None:
            raise NotFound(f"nobody has the login {name!r}", fix="see `gatehouse people list`", field="name")
        seq = asyncio.run(_removed(logins.dsn(OWNER), PersonId(row["person"])))
    told(seq, f"{name} proves with the password until another is enrolled", as_json)


async def _removed(dsn: str, person: PersonId) -> int:
    clock = WallClock()
    fact = AuthenticatorRemoved(person=person)
    async with async_pool(dsn, name="people", most=1) as pool, Journal(pool, clock) as journal:
        recorded = await journal.record(Entry(f"person/{person}", fact, fresh_trace_id(clock)))
    return recorded[0].seq
