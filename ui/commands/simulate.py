"""`simulate`: workers, venues and the journal in one process, from one seed."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Annotated

import typer


def simulate(
    seeds: Annotated[
        str, typer.Option("--seeds", help="The first and the last seed: 1..200, or one.")
    ] = "1..3",
    orders: Annotated[int, typer.Option("--orders", help="Orders in each run.")] = 50,
    once: Annotated[
        bool, typer.Option("--once", help="Run each seed once: digests are not compared.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line, without progress.")] = False,
) -> None:
    """Kill, cut off and lie to the workers as each seed says; nothing may be lost, and nothing come twice."""
    # By name: `ui` imports no `evals`, it only mounts what that room offers.
    command = import_module("evals.simulate.command")
    quiet = (lambda _: None) if as_json else _told
    found = command.simulate(seeds, orders=orders, once=once, told=quiet)
    said = found.as_json()
    if as_json:
        typer.echo(json.dumps(said))
    else:
        for name in ("seeds", "orders", "breaks", "lost", "duplicates", "digests_equal", "seconds"):
            typer.echo(f"{name.replace('_', ' '):14} {said[name]}")
    for one in said["failing"]:
        typer.echo(f"seed {one['seed']}: {one['says']}\n  again: {one['again']}", err=True)
    if not found.good:
        raise typer.Exit(5)


def _told(one: object) -> None:
    typer.echo(one.line(), err=True)  # type: ignore[attr-defined]  # a run of `evals`, which is not imported here
