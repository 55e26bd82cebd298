"""`gatehouse batches ...`: many trade proposals decided as one.

Rule 1: a decision is on the fingerprint that was shown: `--digest` says which; without it the command shows
    the rows and asks.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.markup import escape
from rich.table import Table

from core.errors import BadInput
from ui.commands.proposals import BOTH, proof
from ui.commands.session import console, print_json, signed_in
from ui.screens import figures as f
from ui.screens.client import Client

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Named = Annotated[str, typer.Argument(help="the batch's id")]
Digest = Annotated[str, typer.Option(help="the fingerprint that you saw")]
Reasons = Annotated[list[str], typer.Option("--reason", help="policy=words, once for each kind of finding")]


def list_(
    status: Annotated[str, typer.Option(help="a state, as `submitted`")] = "", as_json: Json = False
) -> None:
    """Batches of your book, newest first."""
    with signed_in() as client:
        found = client.batches(**({"status": status} if status else {}))
    if as_json:
        print_json(found)
        return
    for one in found:
        state = f.status(one["status"]) + (
            "" if one["whole"] or one["approved_by"] else ", a row has changed"
        )
        words = f"{len(one['proposals'])} proposals  {f.dollars(one['dollars'])}  tier {one['tier']}"
        console().print(f"{one['batch']}  {words}  {state}", soft_wrap=True)
    if not found:
        console().print("No batches.")


def show(batch: Named, as_json: Json = False) -> None:
    """One batch: each row with its checks, and one fingerprint."""
    with signed_in() as client:
        found = client.batch(batch)
    if as_json:
        print_json(found)
    else:
        card(found)


def assemble(
    proposals: Annotated[list[str], typer.Argument(help="assessed proposals of yours, by id")],
    as_json: Json = False,
) -> None:
    """Put proposals together. It submits nothing yet."""
    with signed_in() as client:
        told = client.assemble_batch(proposals, key=f"cli-{uuid4().hex}")
    _say(told, f"Assembled: {told['batch']}. Submit it with `batches submit`.", as_json)


def submit(batch: Named, digest: Digest = "", reason: Reasons = [], as_json: Json = False) -> None:  # noqa: B006
    """Make every row yours: you are the accounts' advisor."""
    _decide(batch, "submit", digest, as_json, {"reasons": _reasons(reason)})


def approve(
    batch: Named,
    digest: Digest = "",
    reason: Reasons = [],  # noqa: B006
    code_stdin: Annotated[
        bool, typer.Option("--code-stdin", help="read the code or password from standard input")
    ] = False,
    as_json: Json = False,
) -> None:
    """Approve every row: you are independent of each. Of tier 3 with a code, or the password."""
    body: dict[str, Any] = {"reasons": _reasons(reason)}
    with signed_in() as client:
        if client.batch(batch)["tier"] == BOTH:
            body["step_up"] = proof(client, code_stdin)
    _decide(batch, "approve", digest, as_json, body)


def return_(
    batch: Named,
    comment: Annotated[str, typer.Option(help="for the advisor")],
    digest: Digest = "",
    as_json: Json = False,
) -> None:
    """Give every row back with comments."""
    _decide(batch, "return", digest, as_json, {"words": comment})


def decline(
    batch: Named,
    reason: Annotated[str, typer.Option(help="why")],
    digest: Digest = "",
    as_json: Json = False,
) -> None:
    """Decline every row."""
    _decide(batch, "decline", digest, as_json, {"words": reason})


def card(found: Any) -> None:
    out = console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("Proposal", "Household", "What", "State", "Findings"):
        table.add_column(title)
    table.add_column("Dollar value", justify="right")
    table.add_column("Tier", justify="right")
    for row in found["rows"]:
        findings = sorted({c["policy"] for c in row["findings"] if c["result"] == "finding"})
        table.add_row(
            row["proposal"],
            escape(row["household_name"]),
            f.kind_of(row),
            f.state(row),
            ", ".join(f.check_name(policy) for policy in findings) or "none",
            f.dollars(row["dollars"]),
            str(row["tier"] or f.DASH),
        )
    out.print(table)
    out.print(f"Together {f.dollars(found['dollars'])}, tier {found['tier']}, {f.status(found['status'])}.")
    out.print(f"Fingerprint: {found['digest']}", soft_wrap=True)


def _decide(batch: str, step: str, digest: str, as_json: bool, body: dict[str, Any]) -> None:
    with signed_in() as client:
        seen = digest or _shown_and_confirmed(client, batch, step)
        told = client.decide_batch(batch, step, {"digest": seen, **body})
    _say(told, f"{f.status(told['status'])}, entry {told['seq']}.", as_json)


def _shown_and_confirmed(client: Client, batch: str, step: str) -> str:
    found = client.batch(batch)
    card(found)
    typer.confirm(f"{step.capitalize()} exactly these?", abort=True)
    return str(found["digest"])


def _reasons(words: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in words]
    bad = next((text for text, (_, sign, _) in zip(words, pairs, strict=True) if not sign), None)
    if bad is not None:
        raise BadInput(f"{bad!r} is no reason", fix="write policy=words", field="reason")
    return {policy: text for policy, _, text in pairs}


def _say(told: Any, words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        console().print(words)
