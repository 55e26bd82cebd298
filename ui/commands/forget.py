"""`people forget|confirm-forget|holds|hold|lift|rotate-key` and the rest: for compliance and operations.

Rule 1: over HTTP with the person's own session: nobody does this with a login of the database.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer

from core.errors import BadInput
from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Subject = Annotated[str, typer.Argument(help="The id of a household, a client, or somebody who works here.")]
Request = Annotated[str, typer.Argument(help="The request, as `people forget` answered it.")]
Hold = Annotated[str, typer.Argument(help="The hold, as `people holds` shows it.")]
Note = Annotated[str | None, typer.Option("--note", help="Words for the record, sealed under you.")]


def forget(
    subject: Subject,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help="asked_by_the_person, prospect_left, employee_left, recorded_by_mistake or period_ended",
        ),
    ],
    note: Note = None,
    as_json: Json = False,
) -> None:
    """Ask that a subject be forgotten. Another person confirms it; one of you is of compliance."""
    with signed_in() as client:
        told = client.ask_forget(subject, reason, note, key=_key())
    _say(told, f"Asked: {told['id']}. Another person confirms it with `people confirm-forget`.", as_json)


def confirm(request: Request, as_json: Json = False) -> None:
    """Confirm it. The worker then makes everything about the subject unreadable, for good."""
    _decide(request, "confirm", as_json)


def decline(request: Request, as_json: Json = False) -> None:
    """Say no to another person's request."""
    _decide(request, "decline", as_json)


def withdraw(request: Request, as_json: Json = False) -> None:
    """Take your own request back before it has begun."""
    _decide(request, "withdraw", as_json)


def holds(as_json: Json = False) -> None:
    """Legal holds, requests to forget, and how far each is."""
    with signed_in() as client:
        told = {"holds": client.holds(), "forgettings": client.forgettings()}
    if as_json:
        print_json(told)
        return
    out = console()
    for one in told["holds"]:
        words = f"{f.status(one['matter'])}  {f.status(one['status'])}"
        out.print(f"{one['hold']}  {one['subject']}  {words}  since {one['placed_on']}")
    for one in told["forgettings"]:
        went = ", ".join(f"{count} {store}" for store, count in one["stores"].items() if count)
        words = f"{f.status(one['reason'])}  {f.status(one['status'])}"
        out.print(f"{one['request']}  {one['subject']}  {words}  {went}".rstrip())
    if not told["holds"] and not told["forgettings"]:
        out.print("No legal hold and no request to forget that you may see.")


def hold(
    subject: Subject,
    matter: Annotated[
        str, typer.Option("--matter", help="litigation, regulator, complaint or internal_review")
    ],
    note: Note = None,
    as_json: Json = False,
) -> None:
    """Place a legal hold: compliance. Nothing about the subject can be forgotten while it stands."""
    with signed_in() as client:
        told = client.place_hold(subject, matter, note, key=_key())
    _say(told, f"Held: {told['id']}.", as_json)


def lift(hold: Hold, as_json: Json = False) -> None:
    """Ask that a hold be lifted; the second person's lift lifts it."""
    with signed_in() as client:
        told = client.decide_hold(hold, "lift")
    lifted = told["status"] == "LIFTED"
    _say(told, "Lifted." if lifted else "Asked. Another person lifts it with the same command.", as_json)


def keep(hold: Hold, as_json: Json = False) -> None:
    """Say no to lifting a hold."""
    with signed_in() as client:
        told = client.decide_hold(hold, "keep")
    _say(told, "The hold stays.", as_json)


def kept(subject: Subject, as_json: Json = False) -> None:
    """Why a subject cannot be forgotten now: each hold and period, with its rule and its last day."""
    with signed_in() as client:
        told = client.kept(subject)
    if as_json:
        print_json(told)
        return
    for bar in told["bars"]:
        console().print(bar["says"])
    if not told["bars"]:
        console().print("Nothing that you may see speaks against it.")


def rotate_key(
    subject: Annotated[str | None, typer.Argument(help="Whose key.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every subject's key.")] = False,
    as_json: Json = False,
) -> None:
    """A new key for new words. What older keys sealed still opens."""
    if (subject is None) != everybody:
        raise BadInput("it is not said whose key", fix="name one subject, or say --all", field="subject")
    with signed_in() as client:
        told = client.rotate_key(subject, key=_key())
    _say(told, f"Asked for, entry {told['seq']}. The worker does it in a moment.", as_json)


def _decide(request: str, step: str, as_json: bool) -> None:
    with signed_in() as client:
        told = client.decide_forget(request, step)
    _say(told, f"{told['status'].capitalize()}, entry {told['seq']}.", as_json)


def _say(told: Any, words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        console().print(words)


def _key() -> str:
    return f"cli-{uuid4().hex}"
