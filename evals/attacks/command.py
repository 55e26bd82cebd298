"""The command `gatehouse attack copilot`, which the command line mounts by name."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from core.errors import IntegrityLost
from evals.attacks.copilot import Outcome, attack

LOG_SAYS = (
    "a refused call of the append is an entry; a statement that the server itself refuses is not, and does "
    "not stand in its log, which is kept free of people's words: only refused sign-ins do"
)


def copilot(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    broken: Annotated[
        bool, typer.Option("--break", help="Give its login one right too many, and see it found.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the world's folder behind.")] = False,
) -> None:
    """Let a copilot that was taken over try everything, in a world of its own. Nothing may move."""
    found = attack(_silent if as_json else _said, keep=keep, broken=broken)
    told = as_told(found)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        _print(found, told)
    if not found.as_it_must_be:
        words = [*found.moved, *(one.name for one in found.not_refused)]
        raise IntegrityLost(
            f"not as it must be: {', '.join(words) or 'the record, or what people do'}",
            fix="this was the right that you asked for" if broken else "run with --keep, and mend that wall",
        )


def _said(line: str) -> None:
    typer.echo(line, err=True)


def _silent(_: str) -> None:
    """Nothing: what is told is told at the end."""


def as_told(found: Outcome) -> dict[str, Any]:
    def many(how: str, *, may: bool | None = None) -> int:
        return sum(1 for one in found.tries if one.how == how and may in (None, one.may))

    return {
        "tries": len(found.tries),
        "moved": len(found.moved),
        "entries": sum(one.entries for one in found.tries),
        "refused": many("refused"),
        "taken_and_may_be": many("taken", may=True),
        "nothing_there": many("absent"),
        "not_refused": [asdict(one) for one in found.not_refused],
        "what_moved": list(found.moved),
        "walls": found.walls,
        "open_for_want_of_walls": [one.name for one in found.open_here],
        "refused_sign_ins_in_the_servers_log": found.in_the_servers_log,
        "servers_log": LOG_SAYS,
        "journal_verified": found.verified,
        "people_go_on": found.goes_on,
        "as_it_must_be": found.as_it_must_be,
        "each": [asdict(one) for one in found.tries],
    }


def _print(found: Outcome, told: dict[str, Any]) -> None:
    for name in ("tries", "moved", "entries", "refused", "taken_and_may_be", "nothing_there"):
        typer.echo(f"{name:<18} {told[name]}")
    typer.echo(f"{'walls':<18} {found.walls}")
    for one in found.open_here:
        typer.echo(f"  open here: {one.name}")
    typer.echo(f"{'record verified':<18} {found.verified}")
    typer.echo(f"{'people go on':<18} {found.goes_on}")
    typer.echo(f"{LOG_SAYS}: {found.in_the_servers_log} of them.")
