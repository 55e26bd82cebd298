"""`gatehouse standing ...`: what principals give in advance, and the lists of what was drawn on it.

Rule 1: over HTTP with the person's own session.
Rule 2: a confirmation and a review are of the fingerprint that was shown: `--digest` says which; without it
    the command shows what it is of and asks.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.markup import escape
from rich.table import Table

from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Named = Annotated[str, typer.Argument(help="the standing approval's id")]
Digest = Annotated[str, typer.Option(help="the fingerprint that you saw")]
Several = Annotated[list[str], typer.Option(help="once for each")]
Amount = Annotated[str, typer.Option(help="dollars")]


def list_(as_json: Json = False) -> None:
    """Standing approvals with what is used of them, and the lists that wait for a review."""
    with signed_in() as client:
        told = {"standing": client.standing(), "to_review": client.standing_to_review()}
    if as_json:
        print_json(told)
        return
    out = console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("Standing approval", "State", "Covers", "Until"):
        table.add_column(title, no_wrap=True)
    for title in ("Today", "of", "In all", "of"):
        table.add_column(title, justify="right")
    for one in told["standing"]:
        terms = one["terms"]
        state = f"{f.status(one['status'])}{', review overdue' if one['overdue'] else ''}"
        table.add_row(
            one["standing"],
            state,
            escape(covers(one)),
            terms["valid_until"],
            f.dollars(one["dollars_today"]),
            f.dollars(terms["dollars_a_day"]),
            f.dollars(one["dollars"]),
            f.dollars(terms["dollars_in_all"]),
        )
    out.print(table if told["standing"] else "No standing approvals: a principal decides on every proposal.")
    for day in told["to_review"]:
        _list(day)


def propose(
    dollars_each: Amount,
    dollars_a_day: Amount,
    dollars_in_all: Amount,
    valid_from: Annotated[str, typer.Option(help="the first business day, as 2022-12-29")],
    valid_until: Annotated[str, typer.Option(help="the last one, at most 90 days later")],
    proposals_a_day: Annotated[int, typer.Option(help="at most")],
    kind: Annotated[str, typer.Option(help="rebalance or order")] = "rebalance",
    advisor: Several = [],  # noqa: B006
    household: Several = [],  # noqa: B006
    symbol: Several = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Offer one: you are a principal. Without symbols, purchases must be in the account's model portfolio."""
    body = {
        "kind": kind,
        "advisors": advisor,
        "households": household,
        "symbols": symbol,
        "dollars_each": dollars_each,
        "dollars_a_day": dollars_a_day,
        "dollars_in_all": dollars_in_all,
        "proposals_a_day": proposals_a_day,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    with signed_in() as client:
        told = client.propose_standing(body, key=f"cli-{uuid4().hex}")
    words = f"Offered: {told['standing']}. Another person confirms it with `standing confirm`."
    _say(told, words, as_json)


def confirm(standing: Named, digest: Digest = "", as_json: Json = False) -> None:
    """Adopt exactly these terms: you are another principal, or of compliance."""
    with signed_in() as client:
        seen = digest
        if not seen:
            one = client.standing_one(standing)
            print_json(one["terms"])
            console().print(f"Fingerprint: {one['digest']}")
            typer.confirm("Confirm exactly this?", abort=True)
            seen = one["digest"]
        told = client.decide_standing(standing, "confirm", {"digest": seen})
    _say(told, f"Confirmed, entry {told['seq']}. It can be drawn on from its first day.", as_json)


def revoke(standing: Named, as_json: Json = False) -> None:
    """End it at once: any principal, or compliance."""
    with signed_in() as client:
        told = client.decide_standing(standing, "revoke", None)
    _say(told, f"Revoked, entry {told['seq']}. What is not out comes back for a principal.", as_json)


def review(
    standing: Named,
    session: Annotated[str, typer.Option(help="the business day of the list, as 2022-12-29")],
    digest: Digest = "",
    as_json: Json = False,
) -> None:
    """Say that you have looked at each trade of that day: you are a principal."""
    with signed_in() as client:
        seen = digest
        if not seen:
            days = {day["session"]: day for day in client.standing_one(standing)["days"]}
            if session not in days:
                console().print(f"Nothing was drawn on it on {session}.")
                raise typer.Exit(1)
            _list(days[session])
            typer.confirm("Have you looked at each of these?", abort=True)
            seen = days[session]["digest"]
        told = client.decide_standing(standing, f"days/{session}/review", {"digest": seen})
    _say(told, f"Reviewed, entry {told['seq']}.", as_json)


def covers(one: Any) -> str:
    """Whom it covers, in a few words."""
    terms = one["terms"]
    named = [one["people"].get(person, person) for person in terms["advisors"]] + list(terms["households"])
    what = ", ".join(terms["symbols"]) or "in model"
    return f"{f.status(terms['kind'])} for {', '.join(named)}; {what}"


def _list(day: Any) -> None:
    out = console()
    state = "overdue" if day["overdue"] else "to review" if day["due"] else "its day is not over"
    out.print(f"{day['standing']}  {day['session']}  {f.dollars(day['dollars'])}  {state}", soft_wrap=True)
    for draw in day["draws"]:
        came = "  came back for a principal" if draw["came_back"] else ""
        words = f"{escape(draw['household_name'])}  {f.dollars(draw['dollars'])}  {f.status(draw['status'])}"
        out.print(f"    {draw['proposal']}  {words}{came}", soft_wrap=True)
    out.print(f"    Fingerprint of the list: {day['digest']}", soft_wrap=True)


def _say(told: Any, words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        console().print(words)
