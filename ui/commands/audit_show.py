"""`gatehouse audit show`: everything with one trace id, or what something was at a moment.

Rule 1: one thing is asked at a time. `--as-of` is the wall's clock (what was known then), `--true-at` the
    market's (what held then); both together are what was then known of what held.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from core.errors import BadInput
from ui.commands import past
from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f
from ui.screens.timeline import event_words, order_names, told_facts, who_did_it

WIDE: Final = 140  # columns
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def show(
    trace: Annotated[str, typer.Argument(help="a trace id")] = "",
    account: Annotated[str, typer.Option(help="an account's id")] = "",
    household: Annotated[str, typer.Option(help="a household's id")] = "",
    proposal: Annotated[str, typer.Option(help="a trade proposal's id")] = "",
    order: Annotated[str, typer.Option(help="an order's id")] = "",
    as_of: Annotated[str, typer.Option(help="what was known then, as 2026-11-21T15:00:00Z; else now")] = "",
    true_at: Annotated[
        str, typer.Option(help="what held then on the market clock; else all that was known")
    ] = "",
    as_json: Json = False,
) -> None:
    """Everything with one trace id; or an account, household, proposal or order as it was."""
    subjects = {"accounts": account, "households": household, "proposals": proposal, "orders": order}
    asked = {kind: named for kind, named in subjects.items() if named}
    moments = {name: text for name, text in (("known_at", as_of), ("true_at", true_at)) if text}
    if len(asked) + bool(trace) != 1:
        raise BadInput(
            "one thing is shown at a time",
            fix="give a trace id, or one of --account, --household, --proposal, --order",
        )
    if trace and moments:
        raise BadInput(
            "a trace is shown whole, without a time", fix="leave out --as-of and --true-at", field="as_of"
        )
    with signed_in() as client:
        found: Any = client.trace(trace) if trace else client.as_of(*next(iter(asked.items())), **moments)
    if as_json:
        print_json(found)
    elif trace:
        out = console()
        out.print(_trace(found, narrow=out.width < WIDE))
    else:
        past.show(console(), next(iter(asked)), found)


def _trace(entries: Any, *, narrow: bool) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Entry", justify="right", no_wrap=True)
    table.add_column("Recorded, UTC", no_wrap=True)
    for title in ("What happened", "By"):
        table.add_column(title, max_width=18 if narrow else None)
    table.add_column("Facts")
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
    return table
