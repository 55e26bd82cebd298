"""The environment, read in one place. Every setting is a row of `SETTINGS`, and the README lists them all.

Rule 1: no other file reads the environment.
Rule 2: each process loads its own dataclass and so holds only its own login and secrets.
Rule 3: a secret is never in a `repr`, a message or a log: it is a `Secret` until it is used.
Rule 4: a value that cannot be used is refused by the setting's name, with the fix.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from core.errors import BadInput
from core.model_settings import MODEL_ROWS, Model, budgets, model, prices
from core.setting import Environment, Secret, Setting, is_http, refused

__all__ = ["Environment", "Model", "Secret", "Setting", "budgets", "model", "prices"]


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "GATEHOUSE_HOME", "folder of all state and secrets", "~/.gatehouse, or /var/lib/gatehouse for root"
    ),
    Setting(
        "DATABASE_URL", "a server of yours; read by `bootstrap-db` and `migrate` alone", "the embedded one"
    ),
    Setting("GATEHOUSE_AGENT_DSN", "the copilot's login"),
    Setting("GATEHOUSE_INTAKE_DSN", "the front's login for messages and reads"),
    Setting("GATEHOUSE_APPROVER_DSN", "the front's login for people's decisions"),
    Setting("GATEHOUSE_GATE_DSN", "the worker's login"),
    Setting("GATEHOUSE_WITNESS_DSN", "the witness's login"),
    Setting("GATEHOUSE_HOST", "address that the front listens on", "127.0.0.1"),
    Setting("GATEHOUSE_PORT", "port that the front listens on", "8080"),
    Setting(
        "GATEHOUSE_COPILOT_URL",
        "where the copilot listens, on the loopback; `up` takes a free port instead",
        "http://127.0.0.1:8081",
    ),
    Setting("GATEHOUSE_LOOPBACK_SECRET", "shared by front and copilot, so that nobody else is answered"),
    Setting(
        "GATEHOUSE_VENUES",
        "the worker's venues as name=url (http, tcp), separated by commas; `up` starts its own instead",
        "",
    ),
    Setting("GATEHOUSE_VENUE_KEY_<NAME>", "the key for the venue of that name (upper case, - as _)", ""),
    Setting(
        "GATEHOUSE_CUSTODIANS",
        "the worker's custodians as name=url (http), separated by commas; `up` starts its own instead",
        "",
    ),
    Setting(
        "GATEHOUSE_CUSTODIAN_KEY_<NAME>", "the key for the custodian of that name (upper case, - as _)", ""
    ),
    Setting(
        "GATEHOUSE_CLEARING_KEY",
        "with it simulated custodians read at simulated venues what was executed",
        "",
    ),
    Setting(
        "GATEHOUSE_KEYSTORE", "folder of the subjects' keys, outside database and backup", "in GATEHOUSE_HOME"
    ),
    Setting(
        "GATEHOUSE_HALTS",
        "folder of the halt file and the workers' sockets, closed to the copilot; on a local disk",
        "in GATEHOUSE_HOME",
    ),
    Setting("GATEHOUSE_HALT_KEY", "64 hex digits; front, worker and the local `halt` seal halts with it"),
    Setting("GATEHOUSE_ALERT_SECONDS", "how long a critical alert waits for a person before it halts", "300"),
    Setting("GATEHOUSE_CHECKPOINT_KEY", "64 hex digits; the copilot seals its checkpoints with it"),
    Setting("GATEHOUSE_SIGNING_KEY", "64 hex digits; the witness's Ed25519 seed"),
    Setting(
        "GATEHOUSE_ANCHOR",
        "folder outside this machine (a mount) to which every signed head and public key is copied",
        "",
    ),
    *MODEL_ROWS,
)

ROOT_HOME: Final = Path("/var/lib/gatehouse")


@dataclass(frozen=True, slots=True)
class FrontSettings:
    home: Path
    intake: Secret
    approver: Secret
    host: str
    port: int
    copilot_url: str
    loopback: Secret
    keystore: Path
    halts: Path
    halt_key: Secret


@dataclass(frozen=True, slots=True)
class CopilotSettings:
    """The copilot holds its login, its checkpoint key and the model's key, and nothing else."""

    agent: Secret
    host: str
    port: int
    front_url: str  # on the loopback: who holds the subjects' keys
    loopback: Secret
    checkpoint: Secret
    model: Model


@dataclass(frozen=True, slots=True)
class Party:
    """A venue that the worker may send to, or a custodian that it asks."""

    name: str
    url: str
    key: Secret


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    home: Path
    gate: Secret
    venues: tuple[Party, ...]
    custodians: tuple[Party, ...]
    keystore: Path
    halts: Path
    halt_key: Secret
    acknowledged_within: timedelta


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    home: Path
    witness: Secret
    signing: Secret
    anchor: Path | None


def environment() -> Environment:
    """The process's environment as it is now."""
    return dict(os.environ)


def harden_agents() -> None:
    """What must stand in the environment before the agents' framework is imported.

    Its checkpoints load no code, and it sends nothing to its makers.
    """
    os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
    os.environ["LANGSMITH_TRACING"] = "false"
    os.environ["LANGCHAIN_TRACING_V2"] = "false"


def home(env: Environment) -> Path:
    """Where state and secrets live. Not made here."""
    chosen = env.get("GATEHOUSE_HOME", "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return ROOT_HOME  # root's own home is closed to the user that PostgreSQL runs as
    return Path("~/.gatehouse").expanduser()


def database_url(env: Environment) -> Secret | None:
    """The owner's way to a server of the firm's own. None: the embedded one.

    Raises:
        BadInput: it is not a PostgreSQL address with a database's name.
    """
    text = env.get("DATABASE_URL", "")
    if not text:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1
    except ValueError:
        usable = False
    if not usable:
        raise refused(
            "DATABASE_URL", "it is not a PostgreSQL address", "postgresql://owner@host:5432/gatehouse"
        )
    return Secret(text)


def front(env: Environment) -> FrontSettings:
    return FrontSettings(
        home=home(env),
        intake=_needed(env, "GATEHOUSE_INTAKE_DSN"),
        approver=_needed(env, "GATEHOUSE_APPROVER_DSN"),
        host=env.get("GATEHOUSE_HOST") or "127.0.0.1",
        port=port(env),
        copilot_url=_loopback_url(env).geturl(),
        loopback=_needed(env, "GATEHOUSE_LOOPBACK_SECRET"),
        keystore=keystore(env),
        halts=halts(env),
        halt_key=_key(env, "GATEHOUSE_HALT_KEY"),
    )


def copilot(env: Environment) -> CopilotSettings:
    url = _loopback_url(env)
    return CopilotSettings(
        agent=_needed(env, "GATEHOUSE_AGENT_DSN"),
        host=url.hostname or "127.0.0.1",
        port=url.port or 8081,
        front_url=f"http://127.0.0.1:{port(env)}",
        loopback=_needed(env, "GATEHOUSE_LOOPBACK_SECRET"),
        checkpoint=_key(env, "GATEHOUSE_CHECKPOINT_KEY"),
        model=model(env),
    )


def worker(env: Environment) -> WorkerSettings:
    return WorkerSettings(
        home=home(env),
        gate=_needed(env, "GATEHOUSE_GATE_DSN"),
        venues=venues(env),
        custodians=custodians(env),
        keystore=keystore(env),
        halts=halts(env),
        halt_key=_key(env, "GATEHOUSE_HALT_KEY"),
        acknowledged_within=_seconds(env, "GATEHOUSE_ALERT_SECONDS", 300),
    )


def witness(env: Environment) -> WitnessSettings:
    return WitnessSettings(
        home=home(env),
        witness=_needed(env, "GATEHOUSE_WITNESS_DSN"),
        signing=_key(env, "GATEHOUSE_SIGNING_KEY"),
        anchor=anchor(env),
    )


def port(env: Environment) -> int:
    """The front's port.

    Raises:
        BadInput: not a whole number from 1 to 65535.
    """
    text = env.get("GATEHOUSE_PORT") or "8080"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise refused("GATEHOUSE_PORT", f"{text!r} is not a port", "a whole number from 1 to 65535")
    return int(text)


def keystore(env: Environment) -> Path:
    chosen = env.get("GATEHOUSE_KEYSTORE", "")
    return Path(chosen).expanduser().absolute() if chosen else home(env) / "keys"


def halts(env: Environment) -> Path:
    """Where the halt file and the workers' sockets are."""
    chosen = env.get("GATEHOUSE_HALTS", "")
    return Path(chosen).expanduser().absolute() if chosen else home(env) / "halts"


def anchor(env: Environment) -> Path | None:
    """Where signed heads are copied to. None: nowhere.

    Raises:
        BadInput: the path is relative: another one from every folder that something is started in.
    """
    chosen = Path(env.get("GATEHOUSE_ANCHOR", "")).expanduser()
    if chosen == Path():
        return None
    if not chosen.is_absolute():
        raise BadInput(
            f"GATEHOUSE_ANCHOR {str(chosen)!r} is no whole path",
            fix="set it like /mnt/anchor",
            field="GATEHOUSE_ANCHOR",
        )
    return chosen


def venues(env: Environment) -> tuple[Party, ...]:
    """The venues by name, in the order given.

    Raises:
        BadInput: a pair that is not name=url, or a name that comes twice.
    """
    return _parties(env, "GATEHOUSE_VENUES", venue_key)


def custodians(env: Environment) -> tuple[Party, ...]:
    """The custodians by name, in the order given.

    Raises:
        BadInput: a pair that is not name=url, or a name that comes twice.
    """
    return _parties(env, "GATEHOUSE_CUSTODIANS", custodian_key)


def venue_key(name: str) -> str:
    """The setting that has the key of that venue."""
    return f"GATEHOUSE_VENUE_KEY_{name.upper().replace('-', '_')}"


def custodian_key(name: str) -> str:
    """The setting that has the key of that custodian."""
    return f"GATEHOUSE_CUSTODIAN_KEY_{name.upper().replace('-', '_')}"


def _parties(env: Environment, setting: str, key_of: Callable[[str], str]) -> tuple[Party, ...]:
    found: dict[str, Party] = {}
    for pair in filter(None, (part.strip() for part in env.get(setting, "").split(","))):
        name, _, url = pair.partition("=")
        if not name or not is_http(url.replace("tcp://", "http://", 1)):  # or a socket session's address
            raise refused(setting, f"{pair!r} is not a name and an address", "name=http://host:port")
        if name in found:
            raise refused(setting, f"{name!r} is there twice", "each one once")
        found[name] = Party(name, url, Secret(env.get(key_of(name), "")))
    return tuple(found.values())


def _needed(env: Environment, name: str) -> Secret:
    text = env.get(name, "")
    if not text:
        raise BadInput(f"{name} is not set", fix="start with `gatehouse up`, or set it", field=name)
    return Secret(text)


def _seconds(env: Environment, name: str, default: int) -> timedelta:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 86_400:
        raise refused(name, f"{text!r} is no number of seconds", "a whole number from 1 to 86400")
    return timedelta(seconds=int(text))


def _key(env: Environment, name: str) -> Secret:
    key = _needed(env, name)
    try:
        usable = len(bytes.fromhex(key.reveal())) == 32
    except ValueError:
        usable = False
    if not usable:
        raise refused(name, "it is not a key", "64 hex digits")
    return key


def _loopback_url(env: Environment) -> SplitResult:
    text = env.get("GATEHOUSE_COPILOT_URL") or "http://127.0.0.1:8081"
    parts = urlsplit(text)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise refused("GATEHOUSE_COPILOT_URL", f"{text!r} is not on the loopback", "http://127.0.0.1:8081")
    return parts
