"""`gatehouse orders ...`: place an order, see how orders stand, ask to cancel one.

Rule 1: `place` takes the caller's own id for the order, or makes one and prints it: the same id is the same
    order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f
from ui.screens.sharing import CHANGE_WORDS

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Named = Annotated[str, typer.Argument(help="the order's id")]


def place(
    side: Annotated[str, typer.Argument(help="buy or sell")],
    quantity: Annotated[str, typer.Argument(help="shares")],
    symbol: Annotated[str, typer.Argument(help="a listed symbol")],
    account: Annotated[str, typer.Option(help="the account's id")],
    limit: Annotated[str, typer.Option(help="dollars a share; without it, a market order")] = "",
    order_id: Annotated[str, typer.Option("--id", help="your own id: the same one is the same order")] = "",
    for_next: Annotated[bool, typer.Option("--next-session", help="for the next session")] = False,
    as_json: Json = False,
) -> None:
    """Place an order in your own book. It is checked at once, and a principal decides."""
    with signed_in() as client:
        body = {
            "account_id": account,
            "symbol": symbol,
            "side": side,
            "quantity": quantity,
            "order_type": "limit" if limit else "market",
            "time_in_force": "day",
            "advisor_id": client.me()["person"],
            "client_order_id": order_id or f"cli-{os.urandom(8).hex()}",
            **({"limit_price": limit} if limit else {}),
            **({"session": "next"} if for_next else {}),
        }
        answer = client.place_order(body)
    _told(answer, as_json)


def replace(
    order: Named,
    quantity: Annotated[str, typer.Option(help="shares beyond what is executed; else what is left")] = "",
    limit: Annotated[str, typer.Option(help="dollars a share; without it, a market order")] = "",
    order_id: Annotated[str, typer.Option("--id", help="your own id: the same one is the same order")] = "",
    as_json: Json = False,
) -> None:
    """Propose an order that takes a live one's place. It is checked and decided on like any other."""
    with signed_in() as client:
        old = client.order(order)
        left = Decimal(old["quantity"]) - Decimal(old["filled"])
        body = {
            "account_id": old["account_id"],
            "symbol": old["symbol"],
            "side": old["side"],
            "quantity": quantity or f"{left:f}",
            "order_type": "limit" if limit else "market",
            "time_in_force": old["time_in_force"],
            "advisor_id": client.me()["person"],
            "client_order_id": order_id or f"cli-{os.urandom(8).hex()}",
            "replaces": order,
            **({"limit_price": limit} if limit else {}),
        }
        answer = client.place_order(body)
    _told(answer, as_json)


def _told(answer: Any, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    out = console()
    waits = f.WAITS_WORDS.get(answer["waits_for"], answer["waits_for"])
    out.print(f"{answer['order_id']} is {answer['status']} and waits for {waits}.")
    out.print(f"[dim]your id  {answer['client_order_id']}[/]")
    for check in answer["risk_decisions"]:
        if check["result"] != "pass":
            out.print(f"[bold]{f.check_name(check['policy'])}[/] {check['result']}: {escape(check['says'])}")
    if answer["says"]:
        out.print(f"{escape(answer['says'])}: gatehouse proposals submit {answer['proposal_id']}")


def list_(as_json: Json = False) -> None:
    """Orders of your book, newest first."""
    with signed_in() as client:
        found = client.orders()
    if as_json:
        print_json(found)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("Order", "What", "Account", "State"):
        table.add_column(title, no_wrap=True)
    for title in ("Filled", "Price"):
        table.add_column(title, justify="right")
    for order in found:
        filled = f"{f.shares(order['filled'])} of {f.shares(order['quantity'])}"
        table.add_row(
            order["order_id"],
            _what(order),
            order["account_id"],
            order["status"],
            filled,
            f.price(order["average_price"]),
        )
    console().print(table if found else "No orders.")


def show(order: Named, as_json: Json = False) -> None:
    """One order as it stands."""
    with signed_in() as client:
        found = client.order(order)
    if as_json:
        print_json(found)
        return
    out = console()
    filled = f"{f.shares(found['filled'])} of {f.shares(found['quantity'])}"
    out.print(f"{_what(found)} in {found['account_id']}: {found['status']}.")
    out.print(f"{filled} filled at {f.price(found['average_price'])}.")
    if found["says"]:
        out.print(escape(found["says"]))
    if found["waiting"]:
        out.print(escape(waits(found["waiting"])))
    out.print(f"[dim]proposal {found['proposal_id']}\ntrace    {found['trace_id']}[/]")


def cancel(order: Named, as_json: Json = False) -> None:
    """Ask that an order be executed no further. Its venue has the last word."""
    with signed_in() as client:
        answer = client.cancel_order(order)
    if as_json:
        print_json(answer)
    else:
        console().print(
            f"Asked for, entry {answer['seq']}. See what came of it: gatehouse orders show {order}"
        )


def _what(order: Any) -> str:
    limit = f" at {f.price(order['limit_price'])}" if order["limit_price"] else ""
    return f"{order['side'].capitalize()} {f.shares(order['quantity'])} {order['symbol']}{limit}"


def blocks(as_json: Json = False) -> None:
    """Orders that went to a venue together, newest first, and how each was shared."""
    with signed_in() as client:
        found = client.blocks()
    if as_json:
        print_json(found)
        return
    out = console()
    for block in found:
        filled = f"{f.shares(block['filled'])} of {f.shares(block['quantity'])}"
        out.print(f"[bold]{block['order_id']}[/] {_what(block)}: {filled}, {block['status'].lower()}")
        for day in block["allocations"]:
            price = f.price(day["average_price"])
            out.print(f"  {day['trade_date']}: {f.shares(day['quantity'])} at {price}, {block['method']}")
            for share in day["shares"]:
                out.print(f"    {share['order_id']} {f.shares(share['quantity'])}", highlight=False)
        for change in block["changes"]:
            words = CHANGE_WORDS[change["state"]]
            out.print(f"  {change['change_id']} for {change['trade_date']}: {words}", highlight=False)
    if not found:
        out.print("No blocks.")


def redrive(order: Named, as_json: Json = False) -> None:
    """Try an order again that was set aside. Operations alone; its venue is asked first."""
    with signed_in() as client:
        answer = client.redrive_order(order)
    if as_json:
        print_json(answer)
    else:
        console().print(
            f"It is tried again, entry {answer['seq']}. See what came of it: gatehouse orders show {order}"
        )


def waits(waiting: Mapping[str, Any]) -> str:
    """Why it waits, and since when."""
    since = f" since {waiting['since']}" if waiting["since"] else ""
    return f"It waits{since}: {waiting['says']}."
