"""`gatehouse programs ...`: keys of programs that place orders, and where a strategy's signals may draft."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands.session import console, print_json, signed_in

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Named = Annotated[str, typer.Argument(help="the program's name, as mch-rebalancer")]


def admit(
    program: Named,
    advisor: Annotated[str, typer.Option(help="the id of the advisor whose book it is")],
    days: Annotated[int, typer.Option(help="how long the key is good")] = 90,
    signals: Annotated[
        bool, typer.Option("--signals", help="a strategy: its webhook signs with the key")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let a program draft orders in one advisor's book, and nothing else: you are operations."""
    with signed_in() as client:
        answer = client.admit_program(
            {"machine": program, "advisor_id": advisor, "days": days, "signals": signals}
        )
    if as_json:
        print_json(answer)
    else:
        console().print(f"{program} is let in for {days} days. Its key, shown this once:\n{answer['key']}")


def dismiss(program: Named, as_json: Json = False) -> None:
    """Its key is good no more; what it drafted stays: you are operations."""
    with signed_in() as client:
        answer = client.dismiss_program(program)
    if as_json:
        print_json(answer)
    else:
        console().print(f"{program} is let in no more, entry {answer['seq']}.")


def signals(
    program: Named,
    account: Annotated[str, typer.Option(help="the account's id")],
    off: Annotated[bool, typer.Option("--off", help="no longer")] = False,
    as_json: Json = False,
) -> None:
    """Let a strategy's signals draft in an account, or no longer: you are the account's advisor."""
    with signed_in() as client:
        answer = client.switch_signals(program, account, on=not off)
    if as_json:
        print_json(answer)
    else:
        console().print(
            f"Signals of {program} are {'off' if off else 'on'} for {account}, entry {answer['seq']}."
        )
