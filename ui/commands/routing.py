"""`gatehouse routing show|try|propose|confirm|withdraw|quality|review`: how venues are chosen, what came.

Rule 1: over HTTP with the person's own session. A file holds the whole set: `routing show --json` writes one.
Rule 2: what is tried is recorded nowhere; what is proposed decides beside the live rules until another person
    confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.errors import BadInput
from ui.commands.rule_sets import Day, Digest, Json, read_set, say, set_by
from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

File = Annotated[
    Path, typer.Argument(help="A JSON file with the whole set, as `routing show --json` has it.")
]
Orders = Annotated[int, typer.Option("--orders", help="How many of the last orders are routed again.")]
Why = Annotated[
    list[str] | None,
    typer.Option("--why", help="A reason for a weight that moves, as latency_bps='venues answer slower'."),
]
Order = Annotated[str, typer.Argument(help="The order's id.")]
Period = Annotated[str, typer.Argument(help="A month, as 2022-12, or a quarter, as 2022-Q4.")]
WAITS: Final = "no venue: it would wait"
BESIDE: Final = {"venues": "venues that are not live yet", "rules": "rules that wait for a second person"}


def show(as_json: Json = False) -> None:
    """The rules in force, and what decides beside them. With --json: the whole set, as a file."""
    with signed_in() as client:
        told = client.routing()
    (held,) = [one for one in told["versions"] if one["version"] == told["in_force"]]
    if as_json:
        print_json(held["routing"])
        return
    out = console()
    out.print(f"Version {held['version']} decides on {f.day(told['session'])}{set_by(held)}.")
    for name, value in _flat(held["routing"]).items():
        out.print(f"  {name}  {value}{_why(held['reasons'], name)}")
    for one in told["versions"]:
        if one["effective_on"] > told["session"]:
            out.print(f"Version {one['version']} decides from {f.day(one['effective_on'])}{set_by(one)}.")
    if told["proposed"] is not None:
        _show_proposed(told["proposed"], held["routing"])


def try_(file: File, orders: Orders = 1_000, as_json: Json = False) -> None:
    """Route the last orders again by these rules, on the quotes that were seen. Nothing is recorded."""
    with signed_in() as client:
        told = client.try_routing(read_set(file, written_by="routing show"), orders)
    if as_json:
        print_json(told)
        return
    out = console()
    cost, tried = f.dollars(told["cost"], cents=True), f.dollars(told["cost_tried"], cents=True)
    out.print(f"Routed again: {told['asked']} orders, expected cost {cost}; by these rules {tried}.")
    for one in told["moved"]:
        saves = f.dollars(one["saves"], cents=True)
        out.print(f"  {one['went']} -> {one['to'] or WAITS}: {one['orders']} orders, saves {saves}")
    for one in told["elsewhere"]:
        words = f"{one['went']} {_cost(one['stays'])} -> {one['to'] or WAITS} {_cost(one['there'])}"
        out.print(f"  entry {one['seq']}  {one['order']}  {one['symbol']}  {words}")
    if not told["elsewhere_in_all"]:
        out.print("Nothing would have gone elsewhere.")


def propose(file: File, why: Why = None, effective_on: Day = None, as_json: Json = False) -> None:
    """Propose these rules. They decide beside the live ones until another person confirms them."""
    with signed_in() as client:
        told = client.propose_routing(
            read_set(file, written_by="routing show"), _reasons(why or []), effective_on
        )
    words = (
        f"Proposed: {told['digest']}. It decides beside; another person confirms it with `routing confirm`."
    )
    say(told, words, as_json)


def confirm(digest: Digest, as_json: Json = False) -> None:
    """Confirm what another person proposed: from its day on it decides."""
    with signed_in() as client:
        told = client.decide_routing(digest, "confirm")
    say(told, f"Confirmed, entry {told['seq']}. The next order is routed by it, from its day on.", as_json)


def withdraw(digest: Digest, as_json: Json = False) -> None:
    """Take a proposed set back, or say no to it."""
    with signed_in() as client:
        told = client.decide_routing(digest, "withdraw")
    say(told, f"Withdrawn, entry {told['seq']}.", as_json)


def quality(order: Order, as_json: Json = False) -> None:
    """How well one order was executed, and what the other venues would have cost."""
    with signed_in() as client:
        told = client.execution_quality(order)
    if as_json:
        print_json(told)
        return
    out = console()
    went, side = told["choices"][-1], told["side"]
    shares = f"{side.capitalize()} {f.shares(told['quantity'])} {told['symbol']}"
    out.print(f"{shares} at {went['venue']}, by version {went['version']} of the rules")
    out.print(f"  arrival {f.price(told['arrival_price'])}, average {f.average(told['average_price'])}")
    points = f"{told['shortfall_bps'] or f.DASH} basis points"
    out.print(f"  shortfall {_cost(told['shortfall'])}, {points}, fees included")
    for one in told["losers"]:
        more = "" if one["over_chosen"] is None else f", {_cost(one['over_chosen'])} more"
        out.print(f"  {one['venue']}: {_cost(one['expected_cost'])}{more}; {one['says']}")


def review(period: Period, as_json: Json = False) -> None:
    """A month or a quarter by venue and symbol, for the firm's own review."""
    with signed_in() as client:
        told = client.execution_review(period)
    if as_json:
        print_json(told)
        return
    out = console()
    out.print(f"Executions from {f.day(told['first'])} to {f.day(told['last'])}")
    for one in told["lines"]:
        out.print(
            f"  {one['month']}  {one['venue']}  {one['symbol']}  {one['kind']}: {one['orders']} orders,"
            f" {f.shares(one['executed'])} of {f.shares(one['ordered'])} shares, shortfall"
            f" {_cost(one['shortfall'])}, {one['shortfall_bps'] or f.DASH} basis points"
        )
    for one in told["shadows"]:
        saves = _cost(one["saves"])
        out.print(
            f"  Beside: {BESIDE[one['what']]}, {one['differed']} of {one['asked']} otherwise, saves {saves}"
        )
    out.print(told["is_not"])


def _show_proposed(waiting: Any, held: Any) -> None:
    out = console()
    since = f.day(waiting["effective_on"])
    out.print(f"Proposed by {waiting['proposed_by']}, to decide from {since}: {waiting['digest']}")
    before = _flat(held)
    for name, value in _flat(waiting["routing"]).items():
        if value != before.get(name):
            out.print(f"  {name}  {before.get(name, f.DASH)} -> {value}{_why(waiting['reasons'], name)}")
    out.print("It decides beside. Another person confirms it with `routing confirm`.")


def _flat(routing: Any) -> Mapping[str, str]:
    """Weights by name, and the tables in a line each."""
    tables = {
        "fees": "; ".join(f"{one['venue']} {_table(one)}" for one in routing["fees"]),
        "trade_away": "; ".join(
            f"{one['custodian']} at {one['venue']} ${one['dollars']}" for one in routing["trade_away"]
        ),
        "beside": ", ".join(routing["beside"]),
    }
    weights = {name: str(value) for name, value in routing["weights"].items()}
    return {**weights, **{name: text or f.DASH for name, text in tables.items()}}


def _table(one: Any) -> str:
    return " ".join(f"{name}={value}" for name, value in one.items() if name != "venue")


def _why(reasons: Mapping[str, str], name: str) -> str:
    return f"  ({reasons[name]})" if name in reasons else ""


def _cost(dollars: str | None) -> str:
    return f.DASH if dollars is None else f.dollars(dollars, cents=True)


def _reasons(why: list[str]) -> Mapping[str, str]:
    found = dict(one.partition("=")[::2] for one in why)
    if not all(name and words for name, words in found.items()):
        raise BadInput(
            "a reason names its weight", fix="write --why latency_bps='venues answer slower'", field="why"
        )
    return found
