"""The signed-in person of this terminal: where the ticket is kept, and the client that uses it.

Rule 1: the ticket is in a file of the user's own configuration folder that only the user can read (0600).
Rule 2: a command sees what its person sees in a browser; there is no other way in from here.
Rule 3: what the API says no to becomes an error of our tree, so that it is one line and an exit code.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from core import settings
from core.errors import (
    BadInput,
    Conflict,
    GatehouseError,
    IntegrityLost,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    Refused,
    SignInRequired,
    WorldFailed,
)
from ui.screens.client import Client, Problem, Unreachable


@dataclass(frozen=True, slots=True)
class Stored:
    """What the file holds."""

    url: str
    ticket: str
    person: str
    role: str
    expires_at: str


def session_file() -> Path:
    """Where this user's session is kept."""
    return Path(typer.get_app_dir("gatehouse")) / "session.json"


def front_url() -> str:
    """Where this machine's front listens, by its settings."""
    env = settings.environment()
    host = env.get("GATEHOUSE_HOST") or "127.0.0.1"
    return f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{settings.port(env)}"  # noqa: S104


def keep(stored: Stored) -> None:
    """Write the session, readable by this user alone from its first byte."""
    path = session_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(stored), file)
    fresh.replace(path)


def stored() -> Stored:
    """The session of this user.

    Raises:
        SignInRequired: there is none, or its file cannot be read.
    """
    try:
        return Stored(**json.loads(session_file().read_text()))
    except (OSError, ValueError, TypeError) as bad:
        raise SignInRequired("nobody is signed in here", fix="run `gatehouse login`") from bad


def forget() -> None:
    session_file().unlink(missing_ok=True)


@contextmanager
def signed_in() -> Iterator[Client]:
    """A client for this user's session; what the API says no to is raised as our own error."""
    session = stored()
    client = Client(session.url, session.ticket)
    try:
        with said_no():
            yield client
    finally:
        client.close()


@contextmanager
def said_no() -> Iterator[None]:
    """Problems and silence as errors of the tree."""
    try:
        yield
    except Problem as no:
        raise as_error(no) from no
    except Unreachable as no:
        raise WorldFailed(
            "the front does not answer", fix="start it with `gatehouse up`, then try again"
        ) from no


def as_error(no: Problem) -> GatehouseError:
    """The error that a problem document tells of."""
    fix = no.fix or "see the front's log"
    match no.status:
        case 400 | 413 | 422 if no.code in {"bad_input", "malformed_json", "too_large", "key_missing"}:
            return BadInput(no.says, fix=fix, field=no.field)
        case 401:
            return SignInRequired(no.says, fix="run `gatehouse login`")
        case 403 if no.code == "not_permitted":
            return NotPermitted(no.says, fix=fix)
        case 404:
            return NotFound(no.says, fix=fix)
        case 409 if no.code == "conflict":
            return Conflict(no.says, fix=fix)
        case 202:
            return OutcomeUnknown(no.says, fix=fix)
        case 503:
            return WorldFailed(no.says, fix=fix)
        case status if status >= 500:
            return IntegrityLost(no.says, fix=fix)
    return Refused(no.code, no.says, fix=fix)


def print_json(answer: Any) -> None:
    """One JSON document on stdout."""
    json.dump(answer, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def console() -> Console:
    """For reading; a pipe gets whole lines."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)
