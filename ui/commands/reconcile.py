"""`gatehouse reconcile`: compare with venues and custodians now, and say what differs.

Rule 1: over HTTP with the person's own session. Without differences and with every answer it ends with 0.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
DIFFERS = 5


def reconcile(
    as_json: Json = False,
    last: Annotated[bool, typer.Option("--last", help="show the newest comparison, ask for none")] = False,
    take: Annotated[str | None, typer.Option("--take", help="a difference that you clear up")] = None,
) -> None:
    """Orders, executions, positions and cash, against each venue's and custodian's word."""
    with signed_in() as client:
        if take is not None:
            client.take_difference(take)
        told = client.reconciliation() if last or take is not None else client.reconcile()
    if as_json:
        print_json(told)
    else:
        _print(told)
    if not told["ok"]:
        raise typer.Exit(DIFFERS)


def _print(told: dict[str, Any]) -> None:
    out, run = console(), told["run"]
    if run is None or not told["finished"]:
        out.print("No worker compared anything yet. Ask again when it runs.")
    if run is not None:
        out.print(f"{run['items']} items compared on {f.day(run['session'])}, entry {run['seq']}.")
        out.print(f"  {counted(told['counts'])}")
        for one in run["unread"]:
            out.print(f"  {one} gave no answer")
    if run is not None and run["unread"]:
        out.print("That is no agreement: who gave no answer was not compared.")
    elif not told["differences"]:
        out.print("Nothing differs.")
    for one in told["differences"]:
        whose = one["taken_by"] or one["owner"]
        out.print(
            f"{one['difference']}  {one['party']}  {one['kind']} {one['key']}, since {age(one)}: {whose}"
        )
        out.print(f"  the record says {one['ours']}; they say {one['theirs']}")


def counted(counts: dict[str, Any]) -> str:
    """How many of what were compared, with how many."""
    kinds = ("order", "execution", "position", "cash", "settled_cash")
    items = ", ".join(f"{counts[kind]} {kind.replace('_', ' ')}" for kind in kinds)
    return f"{items}; {counts['venues']} venues and {counts['custodians']} custodians answered"


def age(one: dict[str, Any]) -> str:
    """How long a difference has stood, in the largest unit that fits."""
    seconds = int(one["age_seconds"])
    for size, word in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}"
    return f"{seconds} seconds"
