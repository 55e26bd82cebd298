"""`gatehouse limits show|try|propose|confirm|withdraw`: the firm's limits, for principals and compliance.

Rule 1: over HTTP with the person's own session. A file holds the whole set: `limits show --json` writes one.
Rule 2: what is tried is recorded nowhere; what is proposed holds only after another person confirmed it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.errors import BadInput
from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
File = Annotated[Path, typer.Argument(help="A JSON file with the whole set, as `limits show --json` has it.")]
Digest = Annotated[str, typer.Argument(help="The fingerprint, as `limits show` has it.")]
Day = Annotated[
    str | None, typer.Option("--on", help="The business day, as 2022-12-30. Without it: the one that runs.")
]
CHANGES: Final = {
    "denied": "would be denied",
    "let_through": "would be let through",
    "finding_added": "would need written reasons",
    "finding_gone": "would need no written reasons",
}


def show(as_json: Json = False) -> None:
    """The limits in force, and what waits for a second person. With --json: the whole set, as a file."""
    with signed_in() as client:
        told = client.limits()
    (held,) = [one for one in told["versions"] if one["version"] == told["in_force"]]
    if as_json:
        print_json(held["limits"])
        return
    out = console()
    out.print(f"Version {held['version']} holds on {f.day(told['session'])}{_by(held)}.")
    for name, value in held["limits"].items():
        out.print(f"  {name}  {value}")
    for one in told["versions"]:
        if one["effective_on"] > told["session"]:
            out.print(f"Version {one['version']} holds from {f.day(one['effective_on'])}{_by(one)}.")
    if told["proposed"] is not None:
        _show_proposed(told["proposed"], held["limits"])


def try_(file: File, as_json: Json = False) -> None:
    """Ask every past proposal and release again under these limits. Nothing is recorded."""
    with signed_in() as client:
        told = client.try_limits(_read(file))
    if as_json:
        print_json(told)
        return
    out, asked = console(), told["asked"]
    out.print(f"Asked again: {asked['count']} proposals and releases, {f.dollars(asked['dollars'])}.")
    for one in told["by_policy"]:
        words = f"{one['policy']}: {one['count']} {CHANGES[one['change']]}"
        out.print(f"  {words}, {f.dollars(one['dollars'])}")
    for one in told["changed"]:
        words = f"{one['what']} {CHANGES[one['change']]}: {', '.join(one['policies'])}"
        out.print(f"  entry {one['seq']}  {one['proposal']}  {words}")
    if not told["by_policy"]:
        out.print("Nothing would have gone otherwise.")
    if told["not_asked"]:
        out.print(f"{told['not_asked']} drafts could not be planned again.")


def propose(file: File, effective_on: Day = None, as_json: Json = False) -> None:
    """Propose these limits. Another person confirms them. Try them first."""
    with signed_in() as client:
        told = client.propose_limits(_read(file), effective_on)
    _say(told, f"Proposed: {told['digest']}. Another person confirms it with `limits confirm`.", as_json)


def confirm(digest: Digest, as_json: Json = False) -> None:
    """Confirm what another person proposed."""
    with signed_in() as client:
        told = client.decide_limits(digest, "confirm")
    words = f"Confirmed, entry {told['seq']}. What is under way is assessed again before it leaves."
    _say(told, words, as_json)


def withdraw(digest: Digest, as_json: Json = False) -> None:
    """Take a proposed set back, or say no to it."""
    with signed_in() as client:
        told = client.decide_limits(digest, "withdraw")
    _say(told, f"Withdrawn, entry {told['seq']}.", as_json)


def _show_proposed(waiting: Any, held: Any) -> None:
    out = console()
    since = f.day(waiting["effective_on"])
    out.print(f"Proposed by {waiting['proposed_by']}, to hold from {since}: {waiting['digest']}")
    for name, value in waiting["limits"].items():
        if value != held[name]:
            out.print(f"  {name}  {held[name]} -> {value}")
    out.print("Another person confirms it with `limits confirm`, or says no with `limits withdraw`.")


def _by(version: Any) -> str:
    if version["version"] == 0:
        return ": what the product brings"
    return f", proposed by {version['proposed_by']} and confirmed by {version['confirmed_by']}"


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as bad:
        raise BadInput(
            f"{str(file)!r} cannot be read as JSON",
            fix="write it with `limits show --json > FILE`",
            field="file",
        ) from bad


def _say(told: Any, words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        console().print(words)
