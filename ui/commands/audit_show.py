"""`gatehouse audit show`: everything with one trace id."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f
from ui.screens.timeline import event_words, order_names, told_facts, who_did_it

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def show(trace: Annotated[str, typer.Argument(help="a trace id")], as_json: Json = False) -> None:
    """Everything with one trace id, from the prompt to the settlement."""
    with signed_in() as client:
        entries = client.trace(trace)
    if as_json:
        print_json(entries)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Entry", justify="right")
    for title in ("Recorded, UTC", "What happened", "By", "Facts"):
        table.add_column(title)
    orders = order_names(entries)
    for entry in entries:
        facts = ", ".join(f"{name} {value}" for name, value in told_facts(entry["payload"], orders))
        table.add_row(
            str(entry["seq"]),
            f.utc(entry["recorded_at"]),
            event_words(entry["event_type"]),
            escape(who_did_it(entry)),
            escape(facts) or f.DASH,
        )
    console().print(table)
