"""The command `gatehouse demo`, which the command line mounts by name."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.errors import IntegrityLost
from evals.demo.breaks import SABOTAGES, Break
from evals.demo.story import Outcome, run


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    broken: Annotated[
        Break | None, typer.Option("--break", help="Sabotage one thing and see its figure turn red.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the world's folder behind.")] = False,
) -> None:
    """Run the whole story without a screen, in a world of its own that leaves your data alone."""
    out = Console(highlight=False, quiet=as_json, width=None if sys.stdout.isatty() else 130)
    outcome = run(out, broken=broken, keep=keep)
    if as_json:
        typer.echo(json.dumps(_as_json(outcome), indent=2, default=str))
    else:
        _print(out, outcome)
    if not outcome.as_it_must_be:
        red = ", ".join(outcome.red) or "a claim of the story"
        meant = broken is not None and SABOTAGES[broken].red in outcome.red
        raise IntegrityLost(
            f"not as it must be: {red}",
            fix="this was the sabotage that you asked for" if meant else "run with --keep and see its logs",
        )


def _as_json(outcome: Outcome) -> dict[str, object]:
    flat = {figure.name: figure.value for figure in outcome.figures}
    detail = {
        figure.name: {
            "value": figure.value,
            "must": figure.must,
            "holds": figure.holds,
            "query": " ".join(figure.query.split()),
            "why": list(figure.why[:20]),
        }
        for figure in outcome.figures
    }
    return {
        **flat,
        "as_it_must_be": outcome.as_it_must_be,
        "red": list(outcome.red),
        "claims_not_held": list(outcome.not_held),
        "broken": outcome.broken,
        "figures": detail,
    }


def _print(out: Console, outcome: Outcome) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2))
    for title in ("", "Figure", "Value", "Must be"):
        table.add_column(title)
    for figure in outcome.figures:
        mark = "[green]✓[/]" if figure.holds else "[bold red]✗[/]"
        table.add_row(mark, figure.name, escape(str(figure.value)), escape(figure.must))
    out.print("\n[bold]The figures[/] [dim](--json names the query of each)[/]")
    out.print(table)
    for figure in outcome.figures:
        for why in figure.why[:5]:
            out.print(f"[red]{figure.name}[/]: {escape(why)}")
    for claim in outcome.not_held:
        out.print(f"[red]did not hold[/]: {escape(claim)}")
