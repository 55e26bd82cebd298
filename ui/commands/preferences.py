"""`gatehouse preferences list|erase`: what you stated to the copilot, in your words."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ui.commands.session import console, print_json, signed_in
from ui.commands.told import printed


def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """What the copilot is shown of what you stated. It changes no limit and approves nothing."""
    with signed_in() as client:
        found = client.preferences()
    if as_json:
        print_json(found)
    else:
        tell(console(), found)


def erase(preference: Annotated[str, typer.Argument(help="its id, as `preferences list` shows it")]) -> None:
    """Show it to nobody any more. The message in which you said it stays in the record."""
    with signed_in() as client:
        client.erase_preference(preference)
    console().print(f"{printed(preference)} is erased.")


def tell(out: Console, found: Any) -> None:
    """A table of them, or one line where there are none."""
    if not found:
        out.print("You have stated no preferences.")
        return
    table = Table("preference", "in your words", "about")
    for one in found:
        table.add_row(one["preference"], printed(one["text"]), one["household"] or "everything")
    out.print(table)
