"""`gatehouse deputies ...`: who is told when a trade proposal waits for a principal.

Rule 1: over HTTP with the person's own session. Nobody may decide more by it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands.session import console, print_json, signed_in

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]


def list_(as_json: Json = False) -> None:
    """The ladder in business minutes, and who stands in for whom."""
    with signed_in() as client:
        told = client.escalation()
    if as_json:
        print_json(told)
        return
    out = console()
    for rung in told["rungs"]:
        out.print(f"after {rung['minutes']} business minutes  {rung['addressed']}")
    for one in told["deputies"]:
        days = f"{one['valid_from']} to {one['valid_until']}"
        out.print(f"{one['deputy']} stands in for {one['principal']}  {days}")
    if not told["deputies"]:
        out.print("No principal has named a deputy: the other principals are told.")


def name(
    deputy: Annotated[str, typer.Argument(help="another principal, by id")],
    valid_from: Annotated[str, typer.Option(help="the first business day, as 2022-12-29")],
    valid_until: Annotated[str, typer.Option(help="the last one, at most 90 days later")],
    as_json: Json = False,
) -> None:
    """What waits for you is passed to this principal first: you are one yourself."""
    with signed_in() as client:
        told = client.name_deputy(deputy, valid_from, valid_until)
    _say(told, f"Named, entry {told['seq']}.", as_json)


def end(as_json: Json = False) -> None:
    """You are back."""
    with signed_in() as client:
        told = client.end_deputy()
    _say(told, f"Ended, entry {told['seq']}.", as_json)


def _say(told: object, words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        console().print(words)
