"""Which processes run, with which words and secrets, in which order, and how each says that it is ready.

Rule 1: a process is given the settings of its own row of `SETTINGS_OF` and none else: its own login, its own
    secrets. The user's own setting of a name wins over what we made up.
Rule 2: no secret stands among the words: anybody on the machine can read those.
Rule 3: a process starts when those that it stands on are ready.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from core.database.logins import AGENT, APPROVER, GATE, INTAKE, WITNESS, Logins
from core.settings import Environment, custodian_key, venue_key
from ui.processes import ready
from ui.processes.ports import LOOPBACK
from ui.processes.secrets_kept import Kept

ROOT: Final = Path(__file__).resolve().parents[2]

MODEL_SETTINGS: Final = (
    *("GATEHOUSE_MODEL", "GATEHOUSE_MODEL_MODE", "GATEHOUSE_MODEL_STEPS", "GATEHOUSE_MODEL_WAITS"),
    *("GATEHOUSE_MODEL_SECOND", "GATEHOUSE_MODEL_SECOND_URL", "GATEHOUSE_MODEL_SECOND_KEY"),
    *("GATEHOUSE_MODEL_SECOND_MODE", "GATEHOUSE_MODEL_LAST", "GATEHOUSE_MODEL_PRICES"),
    *("GATEHOUSE_EMBEDDINGS", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
)
# How this machine gets out to a model, where it does: addresses and certificates, no login of ours.
WAY_OUT: Final = (
    "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
SETTINGS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "copilot": (
        "GATEHOUSE_AGENT_DSN", "GATEHOUSE_COPILOT_URL", "GATEHOUSE_PORT", "GATEHOUSE_LOOPBACK_SECRET",
        "GATEHOUSE_CHECKPOINT_KEY", *MODEL_SETTINGS, *WAY_OUT,
    ),
    "worker": (
        "GATEHOUSE_HOME", "GATEHOUSE_GATE_DSN", "GATEHOUSE_VENUES", "GATEHOUSE_CUSTODIANS",
        "GATEHOUSE_KEYSTORE", "GATEHOUSE_HALTS", "GATEHOUSE_HALT_KEY", "GATEHOUSE_ALERT_SECONDS",
    ),
    "witness": (
        "GATEHOUSE_HOME", "GATEHOUSE_WITNESS_DSN", "GATEHOUSE_SIGNING_KEY", "GATEHOUSE_ANCHOR",
    ),
    "front": (
        "GATEHOUSE_HOME", "GATEHOUSE_INTAKE_DSN", "GATEHOUSE_APPROVER_DSN", "GATEHOUSE_HOST",
        "GATEHOUSE_PORT", "GATEHOUSE_COPILOT_URL", "GATEHOUSE_LOOPBACK_SECRET", "GATEHOUSE_KEYSTORE",
        "GATEHOUSE_HALTS", "GATEHOUSE_HALT_KEY",
    ),
}  # fmt: skip
"""The worker and each venue get the venues' keys besides, by the venues' names; the worker and the custodians
the custodians'; the venues and the custodians the key with which these read what was executed there."""
CLEARING: Final = "GATEHOUSE_CLEARING_KEY"
CUSTODY: Final = "custodians"  # one process for all of them
SPANS: Final = ("--spans", "spans.jsonl")  # in the copilot's own folder


@dataclass(frozen=True, slots=True)
class Process:
    """One process. `folders` are those that it writes; the first is where it stands and its HOME.

    `url` is where it listens, empty where it does not.
    """

    name: str
    url: str
    words: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    after: tuple[str, ...]
    folders: tuple[Path, ...]
    is_ready: Callable[[], bool] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `ports` are the front's, the copilot's, two for each venue, the custodians'."""

    home: Path
    host: str
    ports: tuple[int, ...]
    venues: tuple[str, ...]
    custodians: tuple[str, ...]
    pace: timedelta  # between two steps of the simulated quotes; zero: they stand still
    seed: int
    spans: bool = False  # the copilot writes spans of its steps to a file in its folder


def plan(env: Environment, wanted: Wanted, *, logins: Logins, kept: Kept) -> tuple[Process, ...]:
    """Every process, those that others stand on first."""
    given = _given(env, wanted, logins, kept)
    owner = ready.Owner(logins)
    venues = [_venue(name, ports, wanted, given) for name, ports in _venue_ports(wanted)]
    front_port, copilot_port = wanted.ports[:2]
    run, home = wanted.home / "run", wanted.home
    secret = given["GATEHOUSE_LOOPBACK_SECRET"]
    custody = _custody(wanted, given)
    keys = {
        name: given[name] for name in (*map(venue_key, wanted.venues), *map(custodian_key, wanted.custodians))
    }
    copilot_url = f"http://{LOOPBACK}:{copilot_port}"
    front_url = f"http://{reachable(wanted.host)}:{front_port}"
    return (
        *venues,
        custody,
        Process(
            "copilot", copilot_url, ("copilot", *(SPANS if wanted.spans else ())),
            _env("copilot", given), (), (run / "copilot",),
            ready.answers(f"{copilot_url}/healthz", secret=secret),
        ),
        Process(
            "worker", "", ("worker",), {**_env("worker", given), **keys},
            (*(v.name for v in venues), CUSTODY), (run / "worker",), owner.worker_is_at_work,
        ),
        Process(
            "witness", "", ("witness",), _env("witness", given), (),
            (run / "witness", home / "heads", home / "signing"), owner.witness_watches,
        ),
        Process(
            "front", front_url, ("front",), _env("front", given), ("worker",), (run / "front",),
            ready.answers(f"{front_url}/readyz"),
        ),
    )  # fmt: skip


def names(venues: Sequence[str]) -> tuple[str, ...]:
    """The processes' names, in an order that never changes: their users are counted from it."""
    return ("front", "copilot", "worker", "witness", *map(venue_process, venues), CUSTODY)


def venue_process(venue: str) -> str:
    return f"venue-{venue.lower()}"


def venue_ledger(home: Path, venue: str) -> Path:
    return home / "venues" / venue / "ledger.jsonl"


def reachable(host: str) -> str:
    """An address to call: one that means "all" is none."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return LOOPBACK
    return f"[{host}]" if ":" in host else host


class _Ports(NamedTuple):
    """Where one venue listens: for questions by HTTP, and for socket sessions."""

    http: int
    socket: int


def _venue_ports(wanted: Wanted) -> Sequence[tuple[str, _Ports]]:
    ports = wanted.ports[2:-1]
    each = zip(wanted.venues, ports[::2], ports[1::2], strict=True)
    return [(name, _Ports(http, socket)) for name, http, socket in each]


def _venue(name: str, ports: _Ports, wanted: Wanted, given: Mapping[str, str]) -> Process:
    process = venue_process(name)
    words = (
        "venue", "serve", "--name", name, "--port", str(ports.http), "--socket-port", str(ports.socket),
        "--seed", str(wanted.seed), "--ledger", str(venue_ledger(wanted.home, name)),
        "--pace-ms", str(wanted.pace // timedelta(milliseconds=1)),
    )  # fmt: skip
    url = f"http://{LOOPBACK}:{ports.http}"
    return Process(
        process,
        url,
        words,
        {**system(), venue_key(name): given[venue_key(name)], CLEARING: given[CLEARING]},
        (),
        (wanted.home / "run" / process, venue_ledger(wanted.home, name).parent),
        ready.answers(f"{url}/health"),
    )


def _custody(wanted: Wanted, given: Mapping[str, str]) -> Process:
    port, ledgers = wanted.ports[-1], wanted.home / CUSTODY
    words = ["custodian", "serve", "--port", str(port), "--seed", str(wanted.seed), "--ledgers", str(ledgers)]
    for name in wanted.custodians:
        words += ["--name", name]
    for venue, at in _venue_ports(wanted):
        words += ["--venue", f"{venue}=http://{LOOPBACK}:{at.http}"]
    keys = {name: given[name] for name in (*map(custodian_key, wanted.custodians), CLEARING)}
    url = f"http://{LOOPBACK}:{port}"
    folders = (wanted.home / "run" / CUSTODY, ledgers)
    return Process(
        CUSTODY, url, tuple(words), {**system(), **keys}, (), folders, ready.answers(f"{url}/health")
    )


def _given(env: Environment, wanted: Wanted, logins: Logins, kept: Kept) -> Mapping[str, str]:
    """Every setting that any process may get: made here, then the user's own."""
    made = {
        **logins.environment(AGENT, INTAKE, APPROVER, GATE, WITNESS),
        "GATEHOUSE_HOME": str(wanted.home),
        "GATEHOUSE_HOST": wanted.host,
        "GATEHOUSE_COPILOT_URL": f"http://{LOOPBACK}:{wanted.ports[1]}",
        "GATEHOUSE_VENUES": ",".join(
            f"{name}=tcp://{LOOPBACK}:{ports.socket}" for name, ports in _venue_ports(wanted)
        ),
        "GATEHOUSE_CUSTODIANS": ",".join(
            f"{name}=http://{LOOPBACK}:{wanted.ports[-1]}" for name in wanted.custodians
        ),
        CLEARING: kept.clearing,
        **{custodian_key(name): key for name, key in kept.custodians.items()},
        "GATEHOUSE_LOOPBACK_SECRET": kept.loopback,
        "GATEHOUSE_CHECKPOINT_KEY": kept.checkpoint,
        "GATEHOUSE_HALT_KEY": kept.halts,
        "GATEHOUSE_SIGNING_KEY": kept.signing,
        **{venue_key(name): key for name, key in kept.venues.items()},
    }
    ours = {
        "GATEHOUSE_HOME", "GATEHOUSE_HOST", "GATEHOUSE_COPILOT_URL", "GATEHOUSE_VENUES",
        "GATEHOUSE_CUSTODIANS",
    }  # fmt: skip
    theirs = {name: text for name, text in env.items() if text and name not in ours}
    return {**made, **theirs, "GATEHOUSE_PORT": str(wanted.ports[0])}


def _env(process: str, given: Mapping[str, str]) -> Mapping[str, str]:
    own = {name: given[name] for name in SETTINGS_OF[process] if name in given}
    return {**system(), **own}


def system() -> Mapping[str, str]:
    """What every process gets."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONPATH": str(ROOT)}
