"""`audit export`: the record, or what concerns one thing in it, as a folder that proves itself elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from core.database import logins as kept
from core.database.embedded import open_cluster
from core.database.logins import WITNESS
from core.database.pools import connect_async
from core.database.rows import one
from core.errors import BadInput, IntegrityLost
from core.feed.ticket_files import Kept, write
from core.feed.tickets import tickets_of
from core.ids import PersonId
from core.ledger.archive import Exported, export, newest_head
from core.ledger.heads import HeadsFile
from core.ledger.journal import SQL
from core.ledger.selection import Selection
from core.settings import database_url, environment, home

STATEMENT_WITHIN: Final = timedelta(minutes=1)  # a page of a busy server
WAITS: Final = timedelta(seconds=2)  # for the witness, which signs twice a second
LOOKS_EVERY: Final = timedelta(milliseconds=100)


def audit_export(
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    day: Annotated[
        str | None, typer.Option("--day", help="Recorded on this UTC day, like 2026-11-30.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="Recorded at or after this UTC day or time.")
    ] = None,
    before: Annotated[str | None, typer.Option("--to", help="Recorded before this UTC day or time.")] = None,
    account: Annotated[str | None, typer.Option("--account", help="All that concerns this account.")] = None,
    proposal: Annotated[str | None, typer.Option("--proposal", help="A proposal, to its settlement.")] = None,
    trace: Annotated[str | None, typer.Option("--trace", help="Everything with this trace id.")] = None,
    advisor: Annotated[
        str | None, typer.Option("--advisor", help="By id: her acts, and her book's proposals and orders.")
    ] = None,
    tickets: Annotated[
        bool, typer.Option("--tickets", help="The advisor's order tickets too, in a folder beside it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a package that `python -I OUT/verify.py` proves without us. Several conditions hold together."""
    selection = Selection(
        day=_day(day),
        since=_moment(since, "from"),
        before=_moment(before, "to"),
        account=account,
        proposal=proposal,
        trace=trace,
        advisor=advisor,
    )
    if tickets and advisor is None:
        raise BadInput("order tickets are an advisor's", fix="name her: --advisor ID", field="advisor")
    env = environment()
    state = home(env)
    logins = kept.load(state)
    if logins is None:
        raise BadInput(f"there is no database in {str(state)!r}", fix="run `gatehouse up` first")
    cluster = open_cluster(state) if database_url(env) is None else None
    try:
        begun = time.monotonic()
        made = asyncio.run(
            _export(logins.dsn(WITNESS), HeadsFile(state / "heads"), out.absolute(), selection)
        )
        kept_tickets = (
            asyncio.run(_tickets(logins.dsn(WITNESS), out.absolute(), selection)) if tickets else None
        )
        report = {"out": str(out), **asdict(made), "seconds": round(time.monotonic() - begun, 3)}
    finally:
        if cluster is not None:
            cluster.close()
    report["head"] = made.head.fields()
    if kept_tickets is not None:
        report["tickets"] = asdict(kept_tickets)
    typer.echo(json.dumps(report) if as_json else _in_words(out, made))
    if kept_tickets is not None and not as_json:
        typer.echo(f"{kept_tickets.tickets} order tickets in {kept_tickets.folder!r}")
    if made.faults:
        worst = made.faults[0]
        raise IntegrityLost(
            f"the package is written, and does not hold: entry {worst['seq']}: {worst['says']}",
            fix="keep everything as it is; a person must look",
        )


async def _export(dsn: str, heads: HeadsFile, out: Path, selection: Selection) -> Exported:
    async with await connect_async(dsn, name="export", statement_within=STATEMENT_WITHIN) as connection:
        newest = (await one(connection, SQL["head"]))["seq"]
        looks = WAITS // LOOKS_EVERY
        while looks and newest_head(heads, version=1).seq < newest:
            await asyncio.sleep(LOOKS_EVERY.total_seconds())
            looks -= 1
        return await export(connection, heads, out, selection, processes=os.cpu_count() or 1)


async def _tickets(dsn: str, out: Path, selection: Selection) -> Kept:
    advisor = PersonId(selection.advisor or "")
    async with await connect_async(dsn, name="export", statement_within=STATEMENT_WITHIN) as connection:
        since, before = selection.moments()
        found = await tickets_of(connection, advisor, since=since, before=before)
    return write(out.with_name(f"{out.name}.tickets"), found, asked=selection.said())


def _in_words(out: Path, made: Exported) -> str:
    many = (
        f"{made.entries} entries, {made.first} to {made.last}" if made.entries > 1 else f"entry {made.first}"
    )
    lines = [f"{many}, under the signed head of {made.head.seq}"]
    if made.uncovered:
        lines.append(f"{made.uncovered} newer entries are not in it: no head covers them yet")
    if not made.whole:
        lines.append("a selection: nothing in it can prove that nothing was left out")
    lines.append(f"verify it anywhere: python -I {out / 'verify.py'}")
    return "\n".join(lines)


def _day(words: str | None) -> date | None:
    try:
        return None if words is None else date.fromisoformat(words)
    except ValueError as bad:
        raise BadInput(f"{words!r} is not a day", fix="write it like 2026-11-30", field="day") from bad


def _moment(words: str | None, field: str) -> datetime | None:
    """A day is its first moment. Without an offset it is UTC."""
    try:
        moment = None if words is None else datetime.fromisoformat(words)
    except ValueError as bad:
        raise BadInput(
            f"{words!r} is neither a day nor a time", fix="write it like 2026-11-30T15:00:00Z", field=field
        ) from bad
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
