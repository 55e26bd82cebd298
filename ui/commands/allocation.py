"""`gatehouse allocation ...`: how blocks are shared, what is changed of it, and who settles a trade instead.

Rule 1: over HTTP with the person's own session. Who may is the append's answer.
Rule 2: a change names every order of the block with its shares, and a reason in writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from core.errors import BadInput
from ui.commands.rule_sets import Json, say
from ui.commands.session import console, print_json, signed_in

Block = Annotated[str, typer.Argument(help="The block's order id, as `orders blocks` has it.")]
Change = Annotated[str, typer.Argument(help="The change's id.")]
Method = Annotated[str, typer.Argument(help="pro_rata or rotational.")]
Version = Annotated[int, typer.Argument(help="The proposed version.", min=1)]
Why = Annotated[str, typer.Option("--why", help="The reason, in writing.")]
Day = Annotated[str, typer.Option("--day", help="The trade date, as 2022-12-29.")]
Shares = Annotated[list[str], typer.Argument(help="Each order with its shares: gh-...=12")]
Order = Annotated[str, typer.Argument(help="The order's id.")]
Date = Annotated[str, typer.Argument(help="The trade date, as 2022-12-29.")]
Broker = Annotated[str, typer.Option("--broker", help="The other broker's number.")]
Custodian = Annotated[str, typer.Option("--custodian", help="The account's own custodian.")]


def rule(as_json: Json = False) -> None:
    """Every version of the rule of sharing, newest first. Without one, shares go pro rata."""
    with signed_in() as client:
        found = client.allocation_rules()
    if as_json:
        print_json(found)
        return
    out = console()
    for one in found:
        state = f"confirmed by {one['confirmed_by']}" if one["confirmed_by"] else "waits for another person"
        out.print(f"Version {one['version']}: {one['method']}, by {one['proposed_by']}, {state}.")
        out.print(f"  {escape(one['reason'])}")
    if not found:
        out.print("No rule: shares go pro rata.")


def propose(method: Method, why: Why, as_json: Json = False) -> None:
    """Propose how blocks are shared from the confirmation on."""
    with signed_in() as client:
        told = client.propose_allocation_rule(method, why)
    say(told, f"Proposed, version {told['version']}. Another person confirms it.", as_json)


def confirm(version: Version, method: Method, as_json: Json = False) -> None:
    """Confirm what another person proposed: for blocks that are formed from now on."""
    with signed_in() as client:
        told = client.confirm_allocation_rule(version, method)
    say(told, f"Confirmed, entry {told['seq']}. Blocks that are formed from now on are shared so.", as_json)


def change(block: Block, shares: Shares, day: Day, why: Why, as_json: Json = False) -> None:
    """Draft other shares of one day: operations, on the trade date. Compliance confirms, or nothing moves."""
    asked = shares_of(shares)
    with signed_in() as client:
        revision = revision_of(client.block(block), day)
        body = {"trade_date": day, "revision": revision, "shares": asked, "reason": why}
        told = client.draft_allocation(block, body)
    say(told, f"Drafted: {told['change_id']}. Compliance confirms it.", as_json)


def confirm_change(block: Block, change: Change, as_json: Json = False) -> None:
    """Let a drafted change of shares stand: compliance."""
    with signed_in() as client:
        told = client.confirm_allocation(block, change)
    say(told, f"Confirmed, entry {told['seq']}. What is booked is corrected in a moment.", as_json)


def review_change(block: Block, change: Change, why: Why, as_json: Json = False) -> None:
    """Say what you make of a change that a bust or a correction has overtaken: compliance."""
    with signed_in() as client:
        told = client.review_allocation(block, change, why)
    say(told, f"Recorded, entry {told['seq']}. The day stays shared by the rule.", as_json)


def step_out(order: Order, date: Date, broker: Broker, custodian: Custodian, as_json: Json = False) -> None:
    """Another broker clears and settles a confirmed trade: operations."""
    _pass_on(order, date, "step-out", broker, custodian, as_json)


def give_up(order: Order, date: Date, broker: Broker, custodian: Custodian, as_json: Json = False) -> None:
    """A confirmed trade was executed in another broker's name, which has it from here on: operations."""
    _pass_on(order, date, "give-up", broker, custodian, as_json)


def _pass_on(order: str, date: str, way: str, broker: str, custodian: str, as_json: bool) -> None:
    with signed_in() as client:
        told = client.pass_on(order, date, way, {"broker": broker, "custodian": custodian})
    say(told, f"Recorded, entry {told['seq']}. {broker} settles it at {custodian}.", as_json)


def shares_of(words: Sequence[str]) -> dict[str, str]:
    """What was written for each order, once each."""
    found: dict[str, str] = {}
    for word in words:
        order, equals, quantity = word.partition("=")
        if not equals or not order or order in found:
            raise BadInput(f"{word!r} names no order's shares", fix="write gh-...=12, once for each order")
        found[order] = quantity
    return found


def revision_of(block: Any, day: str) -> int:
    """What stands of that day, which a change is drafted from."""
    for one in block["allocations"]:
        if one["trade_date"] == day:
            return int(one["revision"])
    raise BadInput(f"nothing of the block is shared for {day}", fix="see `orders blocks`", field="day")
