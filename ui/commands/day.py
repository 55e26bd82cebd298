"""`gatehouse day show|close|open`: the business day, for operations."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]


def show(as_json: Json = False) -> None:
    """Where the business day and the market clock stand."""
    with signed_in() as client:
        day = client.day()
    if as_json:
        print_json(day)
    else:
        console().print(
            f"{f.day(day['session'])} is {day['state']}; the market clock stands at {f.moment(day['at'])}."
        )


def close(as_json: Json = False) -> None:
    """Ask for the close. What was not decided lapses."""
    _move("close", as_json)


def open_(as_json: Json = False) -> None:
    """Ask for the next business day."""
    _move("open", as_json)


def _move(step: str, as_json: bool) -> None:
    with signed_in() as client:
        answer = client.move_day(step)
    if as_json:
        print_json(answer)
    else:
        console().print(f"Asked for: {step}, entry {answer['seq']}. The worker does it in a moment.")
