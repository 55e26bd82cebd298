"""`audit verify`: prove the record from the outside, with the login that can only select."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from core.database import logins as kept
from core.database.embedded import open_cluster
from core.database.logins import WITNESS
from core.database.pools import connect_async
from core.errors import BadInput, IntegrityLost
from core.ledger.heads import HeadsFile
from core.ledger.rights import Rights, compare
from core.ledger.verify import Verified, verify
from core.settings import anchor, database_url, environment, home

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@dataclass(frozen=True, slots=True)
class Record:
    """Where this machine's record is, for whoever looks at it from the outside."""

    home: Path
    dsn: str  # the witness's
    heads: HeadsFile
    anchor: HeadsFile | None


@contextmanager
def record() -> Iterator[Record]:
    """The record of this home, with its database running for as long.

    Raises:
        BadInput: there is none.
    """
    env = environment()
    state = home(env)
    logins = kept.load(state)
    if logins is None:
        raise BadInput(f"there is no database in {str(state)!r}", fix="run `gatehouse up` first")
    outside = anchor(env)
    cluster = open_cluster(state) if database_url(env) is None else None
    try:
        yield Record(
            state,
            logins.dsn(WITNESS),
            HeadsFile(state / "heads"),
            None if outside is None else HeadsFile(outside),
        )
    finally:
        if cluster is not None:
            cluster.close()


def audit_verify(as_json: Json = False) -> None:
    """Verify every entry, copied column, signed head and right. A fault is named by its sequence."""
    with record() as one:
        begun = time.monotonic()
        found, rights = asyncio.run(_verify(one))
        report = _report(found, rights, round(time.monotonic() - begun, 3))
    typer.echo(json.dumps(report) if as_json else _in_words(report))
    if not report["ok"]:
        worst = found.faults[0] if found.faults else None
        raise IntegrityLost(
            f"entry {worst.seq}: {worst.says}" if worst else f"rights: {rights.faults[0]}",
            fix="keep everything as it is; a person must look",
        )


async def _verify(one: Record) -> tuple[Verified, Rights]:
    async with await connect_async(one.dsn, name="verify") as connection:
        return await verify(connection, one.heads, anchor=one.anchor), await compare(connection)


def _report(found: Verified, rights: Rights, seconds: float) -> dict[str, Any]:
    return {
        "entries": found.entries,
        "ok": found.ok and not rights.faults,
        "head": found.digest,
        "root": found.root,
        "heads": found.heads,
        "anchor": found.anchor,
        "rights": rights.says,
        "faults": [asdict(fault) for fault in found.faults],
        "rights_faults": list(rights.faults),
        "seconds": seconds,
    }


def _in_words(report: dict[str, Any]) -> str:
    lines = [f"{report['entries']} entries, {report['heads']} signed heads, anchor: {report['anchor']}"]
    lines.append(f"rights: {report['rights']}")
    lines += [f"entry {fault['seq']}: {fault['says']}" for fault in report["faults"]]
    lines += [f"rights: {says}" for says in report["rights_faults"]]
    lines.append(f"head {report['head']}")
    lines.append(f"root {report['root']}")
    lines.append("the record holds" if report["ok"] else "the record does not hold")
    return "\n".join(lines)
