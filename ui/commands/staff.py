"""`gatehouse people delegates|delegate|...`: who stands in for whom, and what compliance records of
colleagues."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.table import Table

from ui.commands.asked import told
from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Person = Annotated[str, typer.Argument(help="the id, as `people list` shows it")]
Which = Annotated[str, typer.Argument(help="the id, as `people delegates` shows it")]


def delegates(as_json: Json = False) -> None:
    """Who stands in for whom, newest first."""
    with signed_in() as client:
        rows = client.delegations()
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("Delegate", "Advisor", "Stands in", "From", "Until", "State", "Asked for by"):
        table.add_column(title, no_wrap=True)
    for row in rows:
        days = (f.day(row["from_day"]), f.day(row["until_day"]))
        table.add_row(
            row["delegation"], row["advisor"], row["delegate"], *days, row["status"].lower(), row["named_by"]
        )
    console().print(table if rows else "Nobody stands in for anybody.")


def delegate(
    person: Person,
    first: Annotated[str, typer.Option("--from", help="first business day, as 2022-12-29")],
    last: Annotated[str, typer.Option("--until", help="last business day, included")],
    advisor: Annotated[str, typer.Option(help="for operations: in whose place")] = "",
    as_json: Json = False,
) -> None:
    """Name who submits and withdraws in your place. What operations asks for takes somebody's
    confirmation."""
    with signed_in() as client:
        answer = client.name_delegate(person, first, last, advisor=advisor or None, key=uuid4().hex)
    if as_json:
        print_json(answer)
    else:
        told(answer["seq"], f"Recorded as {answer['delegation']}", as_json)


def confirm_delegate(delegation: Which, as_json: Json = False) -> None:
    """Confirm a delegate whom operations asked for: a principal, or compliance."""
    _decided(delegation, "confirm", "Confirmed", as_json)


def end_delegate(delegation: Which, as_json: Json = False) -> None:
    """It counts no more, from now on."""
    _decided(delegation, "end", "Ended", as_json)


def register(
    person: Person,
    registration: Annotated[str, typer.Option(help="S7, S14, S24 or S66")],
    since: Annotated[str, typer.Option("--from", help="first day, as 2022-12-29")],
    until: Annotated[str, typer.Option(help="last day; left out: it has no end")] = "",
    as_json: Json = False,
) -> None:
    """Record a registration's term. The same again from the same day says when it ends. Compliance."""
    body = {"registration": registration, "valid_from": since, "valid_until": until or None}
    _recorded(person, "registrations", body, as_json)


def pay(
    person: Person,
    household: Annotated[list[str], typer.Option(help="a household that the pay depends on")] = [],  # noqa: B006
    account: Annotated[list[str], typer.Option(help="an account that it depends on")] = [],  # noqa: B006
    advisor: Annotated[list[str], typer.Option(help="somebody on whose business or word it depends")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Record all that somebody's pay depends on. Without an option: on no account and nobody. Compliance."""
    _recorded(person, "pay", {"households": household, "accounts": account, "advisors": advisor}, as_json)


def reports_to(
    person: Person,
    superior: Annotated[str, typer.Argument(help="the superior's id; left out: nobody")] = "",
    as_json: Json = False,
) -> None:
    """Record to whom somebody reports from now on. Compliance."""
    _recorded(person, "reports-to", {"reports_to": superior or None}, as_json)


def related(
    person: Person,
    household: Annotated[list[str], typer.Option(help="a household of that person or of the spouse")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Record all related households of somebody who works here. Without an option: none. Compliance."""
    _recorded(person, "related", {"related_households": household}, as_json)


def _decided(delegation: str, step: str, words: str, as_json: bool) -> None:
    with signed_in() as client:
        answer = client.decide_delegate(delegation, step)
    told(answer["seq"], words, as_json)


def _recorded(person: str, what: str, body: dict[str, Any], as_json: bool) -> None:
    with signed_in() as client:
        answer = client.record_of(person, what, body)
    told(answer["seq"], "Recorded; it counts from now on", as_json)
