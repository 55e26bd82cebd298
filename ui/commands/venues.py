"""`gatehouse venues`: how the venues are, as the workers see them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]


def venues(as_json: Json = False) -> None:
    """Each venue's health, breaker, queue, capabilities, last report and open orders there."""
    with signed_in() as client:
        told = client.venues()
    if as_json:
        print_json(told)
        return
    out = console()
    if not told["venues"]:
        out.print("No worker has told anything for half a minute: look at `gatehouse doctor`.")
    for one in told["venues"]:
        out.print(f"{one['venue']}  {_health(one)}; breaker {one['breaker']}; seen by {one['worker']}")
        out.print(
            f"  {one['open_orders']} open orders; {one['waiting']} waiting, at most {one['per_second']} a "
            f"second; {one['answered']} of {one['sends']} sends answered"
        )
        if one["last_report"] is not None:
            out.print(f"  last report {f.moment(one['last_report'])}")
        if one["capabilities"] is not None:
            out.print(f"  takes {_takes(one['capabilities'])}")


def _health(one: dict[str, Any]) -> str:
    if one["open"] is None:
        return "does not answer"
    return f"{'open' if one['open'] else 'closed'} on {f.day(one['session'])}"


def _takes(can: dict[str, Any]) -> str:
    words = [*can["order_types"], *can["times_in_force"]]
    flags = {"fractional_shares": "fractions", "cancels": "cancels", "replaces": "replacements in one step"}
    words += [says for name, says in flags.items() if can[name]]
    simulated = "; simulated" if can["simulated"] else ""
    return f"{', '.join(words)} in {can['symbols']} securities{simulated}"
