"""`gatehouse limits show|try|propose|confirm|withdraw`: the firm's limits, for principals and compliance.

Rule 1: over HTTP with the person's own session. A file holds the whole set: `limits show --json` writes one.
Rule 2: what is tried is recorded nowhere; what is proposed holds only after another person confirmed it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ui.commands.rule_sets import Day, Digest, Json, read_set, say, set_by
from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f

File = Annotated[Path, typer.Argument(help="A JSON file with the whole set, as `limits show --json` has it.")]
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
    out.print(f"Version {held['version']} holds on {f.day(told['session'])}{set_by(held)}.")
    for name, value in held["limits"].items():
        out.print(f"  {name}  {value}")
    for one in told["versions"]:
        if one["effective_on"] > told["session"]:
            out.print(f"Version {one['version']} holds from {f.day(one['effective_on'])}{set_by(one)}.")
    if told["proposed"] is not None:
        _show_proposed(told["proposed"], held["limits"])


def try_(file: File, as_json: Json = False) -> None:
    """Ask every past proposal and release again under these limits. Nothing is recorded."""
    with signed_in() as client:
        told = client.try_limits(read_set(file, written_by="limits show"))
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
        told = client.propose_limits(read_set(file, written_by="limits show"), effective_on)
    say(told, f"Proposed: {told['digest']}. Another person confirms it with `limits confirm`.", as_json)


def confirm(digest: Digest, as_json: Json = False) -> None:
    """Confirm what another person proposed."""
    with signed_in() as client:
        told = client.decide_limits(digest, "confirm")
    words = f"Confirmed, entry {told['seq']}. What is under way is assessed again before it leaves."
    say(told, words, as_json)


def withdraw(digest: Digest, as_json: Json = False) -> None:
    """Take a proposed set back, or say no to it."""
    with signed_in() as client:
        told = client.decide_limits(digest, "withdraw")
    say(told, f"Withdrawn, entry {told['seq']}.", as_json)


def _show_proposed(waiting: Any, held: Any) -> None:
    out = console()
    since = f.day(waiting["effective_on"])
    out.print(f"Proposed by {waiting['proposed_by']}, to hold from {since}: {waiting['digest']}")
    for name, value in waiting["limits"].items():
        if value != held[name]:
            out.print(f"  {name}  {held[name]} -> {value}")
    out.print("Another person confirms it with `limits confirm`, or says no with `limits withdraw`.")
