"""`gatehouse copilot`: the agents and their model, in the foreground, for the front alone; or what they are.

Rule 1: `manifest` and `governance` start nothing and read no key: they print what this code holds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from core import settings
from ui.commands.session import console, print_json


class Shown(StrEnum):
    """What is printed in place of serving."""

    MANIFEST = "manifest"
    GOVERNANCE = "governance"


def copilot(
    show: Annotated[
        Shown | None, typer.Argument(help="manifest: what it is made of; governance: who governs each agent")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    spans: Annotated[
        str, typer.Option(help="where spans of its steps go, without content: a file, or - for the output")
    ] = "",
) -> None:
    """Serve the copilot on the loopback until interrupted; or print its manifest or its governance."""
    env = settings.environment()
    if show is Shown.MANIFEST:
        _manifest(settings.model(env).name or "offline", as_json=as_json)
    elif show is Shown.GOVERNANCE:
        _governance(as_json=as_json)
    else:
        loaded = settings.copilot(env)
        settings.harden_agents()
        from ui.api.copilot import serve  # loads the graph: not for `--help`

        serve(loaded, spans=spans)


def _manifest(model: str, *, as_json: bool) -> None:
    from agents.manifest import in_use

    found = in_use(model)
    if as_json:
        print_json({"digest": found.digest, **found.told()})
        return
    table = Table("part", "version", "fingerprint")
    for part in found.parts:
        table.add_row(part.name, str(part.version or "not released"), part.digest)
    out = console()
    out.print(table)
    out.print(f"model {escape(found.model)}; this manifest is {found.digest}")


def _governance(*, as_json: bool) -> None:
    from agents.governance import HEAD, drawn

    if as_json:
        print_json([dict(zip(HEAD, row, strict=True)) for row in drawn()])
        return
    table = Table(*HEAD, show_lines=True)
    for row in drawn():
        table.add_row(*(escape(cell.replace("`", "")) for cell in row))
    console().print(table)
