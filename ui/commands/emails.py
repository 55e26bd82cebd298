"""`gatehouse emails ...`: held e-mails to clients, as whoever is signed in. Nothing here sends one.

Rule 1: an act is on the text that was just read: its fingerprint goes with it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from core.errors import BadInput
from ui.commands.session import console, print_json, signed_in
from ui.commands.told import printed

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Email = Annotated[str, typer.Argument(help="its id, as `emails list` shows it")]
Status = Annotated[str | None, typer.Option(help="held, adopted, reviewed, returned or withdrawn")]


def list_(status: Status = None, as_json: Json = False) -> None:
    """Those of your book, what waits for a principal first."""
    with signed_in() as client:
        found = client.emails(**({"status": status} if status else {}))
    if as_json:
        print_json(found)
        return
    if not found:
        console().print("No e-mail is held.")
        return
    table = Table("e-mail", "household", "subject", "state", "found")
    for one in found:
        names = ", ".join(each["finding"] for each in one["found"]) or "nothing"
        table.add_row(
            one["email"],
            printed(one["household_name"]),
            printed(one["subject"]),
            one["status"].lower(),
            names,
        )
    console().print(table)


def show(email: Email, as_json: Json = False) -> None:
    """One in full, with what the rules found in it."""
    with signed_in() as client:
        one = client.email(email)
    if as_json:
        print_json(one)
        return
    out = console()
    by = f", adopted by {printed(one['adopted_by_name'])}" if one["adopted_by"] else ""
    out.print(f"{one['status'].lower()}, version {one['version']}, drafted by the {one['agent']} agent{by}")
    if one["comment"]:
        out.print(f"{printed(one['decided_by_name'])}: {printed(one['comment'])}")
    for found in one["found"]:
        out.print(
            f"[red]{printed(found['says'])}[/]" + (f": {printed(found['words'])}" if found["words"] else "")
        )
    out.print(
        f"\nSubject: {printed(one['subject'])}\n\n{printed(one['text'])}\n\nfingerprint {one['digest']}"
    )


def adopt(
    email: Email,
    file: Annotated[Path | None, typer.Option(help="your text; - reads it from the terminal")] = None,
    subject: Annotated[str | None, typer.Option(help="another subject")] = None,
    as_json: Json = False,
) -> None:
    """Make a text yours: as it stands, or the one in a file. It goes to a principal."""
    with signed_in() as client:
        one = client.email(email)
        text = one["text"] if file is None else _read(file)
        body = {"seen": one["digest"], "subject": subject or one["subject"], "text": text}
        _say(client.act_on_email(email, "adopt", body), "Adopted: it waits for a principal", as_json)


def review(
    email: Email,
    comment: Annotated[str | None, typer.Option(help="needed where the rules found something")] = None,
    as_json: Json = False,
) -> None:
    """Mark it reviewed: a principal who is not its author."""
    with signed_in() as client:
        body = {"digest": client.email(email)["digest"], "comment": comment}
        _say(client.act_on_email(email, "review", body), "Reviewed: nothing was sent", as_json)


def return_(
    email: Email, comment: Annotated[str, typer.Option(help="for its advisor")], as_json: Json = False
) -> None:
    """Give it back to its advisor with a comment."""
    with signed_in() as client:
        body = {"digest": client.email(email)["digest"], "comment": comment}
        _say(client.act_on_email(email, "return", body), "Returned", as_json)


def withdraw(email: Email, as_json: Json = False) -> None:
    """Drop it: its advisor."""
    with signed_in() as client:
        _say(client.act_on_email(email, "withdraw", {}), "Dropped", as_json)


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        raise BadInput(f"{str(file)!r} cannot be read as text", fix="name a text file", field="file") from bad


def _say(told: Any, words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        console().print(f"{words}, entry {told['seq']}.")
