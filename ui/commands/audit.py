"""`audit verify`: prove the record from the outside, with the login that can only select."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer

from core.database import logins as kept
from core.database.embedded import open_cluster
from core.database.logins import WITNESS
from core.database.pools import connect_async
from core.errors import BadInput, IntegrityLost
from core.ledger.heads import HeadsFile
from core.ledger.verify import Verified, verify
from core.settings import database_url, environment, home

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def audit_verify(as_json: Json = False) -> None:
    """Verify every entry, every copied column and every signed head. A fault is named by its sequence."""
    env = environment()
    state = home(env)
    logins = kept.load(state)
    if logins is None:
        raise BadInput(f"there is no database in {str(state)!r}", fix="run `gatehouse up` first")
    cluster = open_cluster(state) if database_url(env) is None else None
    try:
        begun = time.monotonic()
        found = asyncio.run(_verify(logins.dsn(WITNESS), HeadsFile(state / "heads")))
        report = _report(found, round(time.monotonic() - begun, 3))
    finally:
        if cluster is not None:
            cluster.close()
    typer.echo(json.dumps(report) if as_json else _in_words(report))
    if not found.ok:
        worst = found.faults[0]
        raise IntegrityLost(
            f"entry {worst.seq}: {worst.says}", fix="keep everything as it is; a person must look"
        )


async def _verify(dsn: str, heads: HeadsFile) -> Verified:
    async with await connect_async(dsn, name="verify") as connection:
        return await verify(connection, heads)


def _report(found: Verified, seconds: float) -> dict[str, Any]:
    return {
        "entries": found.entries,
        "ok": found.ok,
        "head": found.digest,
        "heads": found.heads,
        "anchor": found.anchor,
        "faults": [asdict(fault) for fault in found.faults],
        "seconds": seconds,
    }


def _in_words(report: dict[str, Any]) -> str:
    lines = [f"{report['entries']} entries, {report['heads']} signed heads, anchor: {report['anchor']}"]
    lines += [f"entry {fault['seq']}: {fault['says']}" for fault in report["faults"]]
    lines.append(f"head {report['head']}")
    lines.append("the record holds" if report["ok"] else "the record does not hold")
    return "\n".join(lines)
