"""`bootstrap-db` and `migrate`: the two commands that hold the owner's login."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.database.ready import bootstrap_here, migrate_here
from core.settings import environment, home

ROOT: Final = Path(__file__).resolve().parents[2]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def bootstrap_db(
    new_passwords: Annotated[
        bool, typer.Option("--new-passwords", help="Give all six roles new passwords.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the database, its owner, its five logins and pgvector, where they are missing."""
    env = environment()
    cluster, logins = bootstrap_here(env, new_passwords=new_passwords)
    if cluster is not None:
        cluster.close()
    report: dict[str, Any] = {
        "database": logins.database,
        "server": "embedded" if cluster is not None else logins.host,
        "logins": sorted(logins.passwords),
        "kept_in": str(home(env) / "secrets"),
    }
    _say(report, as_json, f"the database {logins.database!r} and its logins are ready ({report['kept_in']})")


def migrate(as_json: Json = False) -> None:
    """Land the migrations that have not landed."""
    cluster, landed = migrate_here(environment(), root=ROOT)
    if cluster is not None:
        cluster.close()
    _say({"landed": list(landed)}, as_json, "\n".join([*landed, f"{len(landed)} migrations landed"]))


def _say(report: dict[str, Any], as_json: bool, line: str) -> None:
    typer.echo(json.dumps(report) if as_json else line)
