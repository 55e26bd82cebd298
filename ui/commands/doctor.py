"""`doctor`: what this machine has and lacks, one line each. It starts the embedded server to ask it."""

from __future__ import annotations

import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import typer

from core.database import logins
from core.database.binaries import server_user
from core.database.embedded import open_cluster, place_for
from core.database.pools import connect
from core.database.server import Server, look_at, refuse_unfit
from core.errors import GatehouseError
from core.settings import Environment, custodians, database_url, environment, home, model, port, venues
from core.venues.simulated.characters import CHARACTERS
from ui.commands.doctor_model import try_models
from ui.commands.doctor_models_used import used as used_today
from ui.processes.isolation import isolation as walls
from ui.processes.memory import used
from ui.processes.plan import names

ROOT: Final = Path(__file__).resolve().parents[2]
ROOM_NEEDED_BYTES: Final = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `fix` is empty where nothing needs mending."""

    name: str
    ok: bool
    says: str
    fix: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    memory: Annotated[
        bool, typer.Option("--memory", help="Instead: how much memory what is up here takes (PSS).")
    ] = False,
    of_model: Annotated[
        bool, typer.Option("--model", help="Instead: try the model's endpoint, and say which mode to set.")
    ] = False,
) -> None:
    """Check Python, packages, settings, disk, server, pgvector and isolation."""
    env = environment()
    if memory:
        _print_memory(used(home(env)), as_json=as_json)
        return
    if of_model:
        if not try_models(env, as_json=as_json):
            raise typer.Exit(1)
        return
    looks: Sequence[Callable[[Environment], Finding]] = (
        python,
        lock,
        settings,
        disk,
        server,
        people,
        isolation,
        refusals,
        models,
    )
    findings = [guarded(look, env) for look in looks]
    if as_json:
        typer.echo(
            json.dumps({"ok": all(each.ok for each in findings), "findings": list(map(asdict, findings))})
        )
    else:
        for each in findings:
            fix = f"; {each.fix}" if each.fix else ""
            typer.echo(f"{'ok  ' if each.ok else 'MEND'} {each.name:<10} {each.says}{fix}")
    if not all(each.ok for each in findings):
        raise typer.Exit(1)


def guarded(look: Callable[[Environment], Finding], env: Environment) -> Finding:
    try:
        return look(env)
    except GatehouseError as no:
        return Finding(look.__name__, False, no.says, no.fix)


def python(env: Environment) -> Finding:
    return Finding(
        "python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.machine()}"
    )


def lock(env: Environment) -> Finding:
    stamp = Path(sys.prefix) / "gatehouse.stamp"
    wanted = sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    made_from = stamp.read_text().split()[0] if stamp.exists() else "nothing"
    if made_from != wanted:
        return Finding("lock", False, "the packages are not those of the lock", "start with ./gatehouse")
    return Finding("lock", True, f"the packages are those of the lock ({wanted[:12]})")


def settings(env: Environment) -> Finding:
    database_url(env)
    chosen = model(env).name or "the offline model"
    parties = f"{len(venues(env))} venues and {len(custodians(env))} custodians set"
    return Finding("settings", True, f"port {port(env)}, {parties}, {chosen}")


def disk(env: Environment) -> Finding:
    state = home(env)
    place = next(step for step in (state, *state.parents) if step.exists())
    free = shutil.disk_usage(place).free
    says = f"{free // 1_000_000} MB free for {str(state)!r}"
    if free < ROOM_NEEDED_BYTES:
        return Finding("disk", False, says, f"free {ROOM_NEEDED_BYTES // 1_000_000} MB")
    return Finding("disk", True, says)


def server(env: Environment) -> Finding:
    url = database_url(env)
    if url is not None:
        with connect(url.reveal(), name="doctor") as connection:
            found = look_at(connection)
    else:
        found = embedded(home(env))
    refuse_unfit(found)
    where = "yours" if url is not None else "embedded"
    return Finding("server", True, f"PostgreSQL {found.version} ({where}), pgvector {found.vector}")


def embedded(state: Path) -> Server:
    """What the embedded server says of itself. Where there is no state yet, none is left behind."""
    with tempfile.TemporaryDirectory(prefix="gh-") as passing:
        Path(passing).chmod(0o711)
        place = state if place_for(state, user=server_user()).exists() else Path(passing)
        with open_cluster(place) as cluster, connect(cluster.superuser_dsn(), name="doctor") as connection:
            return look_at(connection)


def people(env: Environment) -> Finding:
    kept = logins.load(home(env))
    if kept is None:
        return Finding("logins", True, "none yet: `gatehouse up` makes them")
    mode = logins.logins_file(home(env)).stat().st_mode & 0o777
    if mode & 0o077:
        return Finding("logins", False, f"others can read them (mode {mode:o})", "chmod 600 that file")
    return Finding("logins", True, f"{len(kept.passwords)} roles, readable by their owner alone")


def isolation(env: Environment) -> Finding:
    """Which walls hold between the processes: users of their own, or one user and so passwords alone."""
    state = home(env)
    place = next(step for step in (state, *state.parents) if step.exists())
    return Finding("isolation", True, walls(names(sorted(CHARACTERS)), place).says)


def refusals(_: Environment) -> Finding:
    """What of a refused attempt can be seen afterwards, and what cannot."""
    return Finding(
        "refusals",
        True,
        "a refused call of the append is an entry; a statement that the server itself refuses is seen "
        "nowhere: its log is kept free of statements, for people's words may stand in them",
    )


def models(env: Environment) -> Finding:
    """What the models' budgets have left today."""
    found = used_today(env)
    if found is None:
        return Finding("models", True, "no call of a model has been made here yet")
    return Finding(
        "models", not found.spent, found.says, "raise GATEHOUSE_MODEL_BUDGETS" if found.spent else ""
    )


def _print_memory(found: Mapping[str, int], *, as_json: bool) -> None:
    in_all = sum(found.values())
    if as_json:
        typer.echo(json.dumps({"pss_kib": dict(found), "pss_kib_in_all": in_all}))
        return
    for name, kib in found.items():
        typer.echo(f"{name:<16} {kib / 1024:8.1f} MB")
    typer.echo(f"{'in all':<16} {in_all / 1024:8.1f} MB")
