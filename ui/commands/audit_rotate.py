"""`audit rotate-key`: a new key for the witness, named by the old one."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from threading import Event
from typing import Final

import typer

from core.clock import WallClock
from core.errors import BadInput, WorldFailed
from core.ledger.heads import Head, HeadsFile
from core.ledger.seeds import hand_over, signing_folder
from core.ledger.tree_file import is_written, tree_folder
from core.settings import environment, home
from ui.commands.audit import Json

TAKES_WITHIN: Final = timedelta(seconds=20)
LOOKS_EVERY: Final = timedelta(milliseconds=100)


def audit_rotate_key(as_json: Json = False) -> None:
    """Make a new signing key. The old one names it in a head, and signs nothing after that."""
    state = home(environment())
    heads = HeadsFile(state / "heads")
    if not heads.folder.is_dir():
        raise BadInput(f"nothing was signed in {str(state)!r} yet", fix="run `gatehouse up` first")
    key = hand_over(signing_folder(state), secrets.token_hex(32), like=heads.folder)
    running = is_written(tree_folder(heads.folder))
    named = _named_by(heads, key) if running else None
    report = {"key": key, "witness": "running" if running else "stopped", "named_at": named and named.seq}
    if running and named is None:
        raise WorldFailed(
            f"the witness has not taken the key {key[:12]} yet", fix="it is kept; see the witness's log"
        )
    typer.echo(json.dumps(report) if as_json else _in_words(key, named))


def _named_by(heads: HeadsFile, key: str) -> Head | None:
    """The head that names the key, once it is there."""
    deadline_ns = WallClock().monotonic_ns() + TAKES_WITHIN // timedelta(microseconds=1) * 1000
    while WallClock().monotonic_ns() < deadline_ns:
        found = next((head for head in heads.heads() if head.next_key == key), None)
        if found is not None:
            return found
        Event().wait(LOOKS_EVERY.total_seconds())
    return None


def _in_words(key: str, named: Head | None) -> str:
    if named is None:
        return f"the witness takes the key {key} when it starts"
    return f"the key {named.key} named the key {key} at entry {named.seq}; from here on that one signs"
