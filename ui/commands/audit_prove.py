"""`audit prove`, `audit consistent`: proofs against signed heads, checked before they are printed."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from core.database.pools import connect_async
from core.ledger.heads import Head
from core.ledger.proving import Consistency, Inclusion, consistent, prove
from ui.commands.audit import Json, Record, record


def audit_prove(
    event: Annotated[str, typer.Argument(help="an entry's event id, or its sequence")], as_json: Json = False
) -> None:
    """Prove that an entry is in the record that the newest head signs."""
    with record() as one:
        proof = asyncio.run(_prove(one, event))
    typer.echo(json.dumps(_inclusion(proof)) if as_json else _inclusion_in_words(proof))


def audit_consistent(
    old: Annotated[int, typer.Argument(help="the entry of the older head")],
    new: Annotated[int, typer.Argument(help="the entry of the newer head")],
    as_json: Json = False,
) -> None:
    """Prove that the record under one head begins with that under an earlier one."""
    with record() as one:
        proof = asyncio.run(_consistent(one, old, new))
    typer.echo(json.dumps(_consistency(proof)) if as_json else _consistency_in_words(proof))


async def _prove(one: Record, event: str) -> Inclusion:
    async with await connect_async(one.dsn, name="prove") as connection:
        return await prove(connection, one.heads, event)


async def _consistent(one: Record, old: int, new: int) -> Consistency:
    async with await connect_async(one.dsn, name="prove") as connection:
        return await consistent(connection, one.heads, old, new)


def _inclusion(proof: Inclusion) -> dict[str, Any]:
    return {
        "event_id": proof.event_id,
        "seq": proof.seq,
        "leaf": proof.leaf.hex(),
        "index": proof.index,
        "size": proof.size,
        "path": [each.hex() for each in proof.path],
        "root": proof.head.root,
        "head": proof.head.fields(),
    }


def _consistency(proof: Consistency) -> dict[str, Any]:
    return {
        "old": proof.old.fields(),
        "new": proof.new.fields(),
        "path": [each.hex() for each in proof.path],
    }


def _inclusion_in_words(proof: Inclusion) -> str:
    return "\n".join(
        (
            f"entry {proof.seq} (event {proof.event_id}) is leaf {proof.index} of a tree over {proof.size}",
            f"leaf {proof.leaf.hex()}",
            *(f"  with {each.hex()}" for each in proof.path),
            f"root {proof.head.root}",
            _signed(proof.head),
            "the proof leads from the leaf to the root (RFC 6962 section 2.1.1)",
        )
    )


def _consistency_in_words(proof: Consistency) -> str:
    return "\n".join(
        (
            f"root {proof.old.root}",
            _signed(proof.old),
            *(f"  with {each.hex()}" for each in proof.path),
            f"root {proof.new.root}",
            _signed(proof.new),
            "the newer record begins with the older one (RFC 6962 section 2.1.2)",
        )
    )


def _signed(head: Head) -> str:
    return f"signed at entry {head.seq} on {head.signed_at} by key {head.key}"
