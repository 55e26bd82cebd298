"""`audit bodies`: prove that the large texts beside the record are those that its entries name."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from core.database.pools import connect_async
from core.errors import IntegrityLost
from core.ledger.bodies_checked import BodiesChecked, check_bodies
from ui.commands.audit import record

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def audit_bodies(as_json: Json = False) -> None:
    """Check each body against its digest, and each name of one. A fault is named by its entry's sequence."""
    with record() as here:
        found = asyncio.run(_checked(here.dsn))
    report = {**asdict(found), "ok": found.ok}
    typer.echo(json.dumps(report) if as_json else _in_words(report))
    if not found.ok:
        worst = found.faults[0]
        raise IntegrityLost(
            f"entry {worst.seq}: {worst.says}", fix="keep everything as it is; a person must look"
        )


async def _checked(dsn: str) -> BodiesChecked:
    async with await connect_async(dsn, name="bodies") as connection:
        return await check_bodies(connection)


def _in_words(report: dict[str, Any]) -> str:
    kept = f"{report['bodies']} bodies of {report['octets']} bytes"
    lines = [f"{kept}, named {report['named']} times, {report['forgotten']} of them forgotten"]
    lines += [f"entry {fault['seq']}: {fault['says']}" for fault in report["faults"]]
    lines.append("the bodies hold" if report["ok"] else "the bodies do not hold")
    return "\n".join(lines)
