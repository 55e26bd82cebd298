"""`gatehouse login` and `logout`."""

from __future__ import annotations

from typing import Annotated

import typer

from core.errors import SignInRequired, WorldFailed
from ui.commands.session import Stored, console, forget, front_url, keep, print_json, said_no, stored
from ui.screens.client import Client


def login(
    name: Annotated[str, typer.Argument(help="your user name")] = "",
    url: Annotated[str, typer.Option(help="the front's address")] = "",
    password_stdin: Annotated[bool, typer.Option(help="read the password from standard input")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the answer as JSON")] = False,
) -> None:
    """Sign in. The ticket is kept in your configuration folder, readable by you alone."""
    login = name or typer.prompt("User name")
    password = (
        typer.get_text_stream("stdin").readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True)
    )
    address = (url or front_url()).rstrip("/")
    client = Client(address)
    with said_no():
        session = client.sign_in(login, password)
        person = client.me()
    keep(Stored(address, session["ticket"], session["person"], session["role"], session["expires_at"]))
    if as_json:
        print_json(
            {"person": session["person"], "role": session["role"], "expires_at": session["expires_at"]}
        )
    else:
        console().print(f"Signed in as {person['name']}, {session['role']}.")


def logout() -> None:
    """Sign out, here and at the front."""
    try:
        session = stored()
    except SignInRequired:
        console().print("Nobody was signed in.")
        return
    try:
        with said_no():
            Client(session.url, session.ticket).sign_out()
    except (SignInRequired, WorldFailed) as no:
        console().print(f"The front did not hear it ({no.says}); the ticket is deleted here.")
    forget()
    console().print("Signed out.")
