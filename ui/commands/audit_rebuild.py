"""`audit rebuild`: make the worker's stored rows anew from the journal; `--compare`: only hold them to it.

Rule 1: with the worker's login and no key: nothing that is sealed is opened.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Final

import typer

from core.database import logins as kept
from core.database.embedded import open_cluster
from core.database.logins import GATE
from core.database.pools import connect_async
from core.errors import BadInput, IntegrityLost
from core.projections.rebuild import Compared, compare, rebuild
from core.settings import database_url, environment, home
from core.worker.duties import AT_WORK

STATEMENT_WITHIN: Final = timedelta(minutes=5)  # dropping every row of a large firm


def audit_rebuild(
    compare_only: Annotated[
        bool,
        typer.Option("--compare", help="Change nothing: compare every row and snapshot with the record."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make every stored row of the book anew from the record; with --compare, hold them to it."""
    with _worker_login() as dsn:
        begun = time.monotonic()
        if compare_only:
            found = asyncio.run(_compare(dsn))
            _say_compared(found, round(time.monotonic() - begun, 3), as_json)
        else:
            end = asyncio.run(_rebuild(dsn))
            report = {"rebuilt_to": end, "seconds": round(time.monotonic() - begun, 3)}
            typer.echo(json.dumps(report) if as_json else f"every row made anew, to entry {end}")


def _say_compared(found: Compared, seconds: float, as_json: bool) -> None:
    report = {"ok": found.ok, **asdict(found), "seconds": seconds}
    typer.echo(json.dumps(report) if as_json else _in_words(found))
    if not found.ok:
        worst = found.differences[0]
        raise IntegrityLost(
            f"{found.different} stored rows are not what the journal says, first {worst.table} {worst.key!r}",
            fix="run `gatehouse audit verify`; where the record holds, run `gatehouse audit rebuild`",
        )


@contextmanager
def _worker_login() -> Iterator[str]:
    env = environment()
    state = home(env)
    logins = kept.load(state)
    if logins is None:
        raise BadInput(f"there is no database in {str(state)!r}", fix="run `gatehouse up` first")
    cluster = open_cluster(state) if database_url(env) is None else None
    try:
        yield logins.dsn(GATE)
    finally:
        if cluster is not None:
            cluster.close()


async def _compare(dsn: str) -> Compared:
    async with await connect_async(dsn, name="compare", statement_within=STATEMENT_WITHIN) as connection:
        return await compare(connection)


async def _rebuild(dsn: str) -> int:
    async with await connect_async(dsn, name="rebuild", statement_within=STATEMENT_WITHIN) as connection:
        return await rebuild(connection, place=AT_WORK)


def _in_words(found: Compared) -> str:
    lines = [f"{found.entries} entries read from the first; the stored rows stand at {found.rows_at}"]
    lines += [f"{number:>9} {table}" for table, number in found.rows.items()]
    lines.append(f"{found.snapshots:>9} snapshots; {found.of_another_form} of another form, not compared")
    lines += [f"{each.table} {each.key}: {each.says}" for each in found.differences]
    if found.different > len(found.differences):
        lines.append(f"and {found.different - len(found.differences)} more")
    says = "every stored row is what the journal says"
    lines.append(says if found.ok else f"{found.different} differences")
    return "\n".join(lines)
