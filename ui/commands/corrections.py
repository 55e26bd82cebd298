"""`gatehouse proposals correct`: an order that puts another one right, drafted by operations."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer

from ui.commands.session import console, print_json, signed_in

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]


def correct(
    order: Annotated[str, typer.Argument(help="the order that went wrong")],
    cause: Annotated[str, typer.Option(help="what went wrong")],
    household: Annotated[str, typer.Option(help="the household's id")],
    account: Annotated[str, typer.Option(help="the account's id")],
    symbol: Annotated[str, typer.Option(help="as the order that went wrong")],
    side: Annotated[str, typer.Option(help="buy or sell")],
    quantity: Annotated[str, typer.Option(help="shares")],
    limit: Annotated[str, typer.Option(help="dollars a share; without it, a market order")] = "",
    allocation: Annotated[
        bool, typer.Option("--allocation", help="an exception of allocation, and no error")
    ] = False,
    as_json: Json = False,
) -> None:
    """Draft it. The account's advisor submits it; a principal and compliance approve it."""
    asked: dict[str, Any] = {
        "exception": "allocation_exception" if allocation else "error_correction",
        "corrects": order,
        "cause": cause,
        "household": household,
        "account": account,
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "order_type": "limit" if limit else "market",
        "limit_price": limit or None,
    }
    with signed_in() as client:
        told = client.correct(asked, key=f"cli-{uuid4().hex}")
    if as_json:
        print_json(told)
    else:
        console().print(f"Drafted: {told['proposal']}. It is assessed in a moment.")
