"""The secrets that the processes share among themselves, made at the first start and kept for good.

Rule 1: one file, `<home>/secrets/processes.json`, readable by its owner alone; no process opens it.
Rule 2: each process is given its own by its environment, and no other.
Rule 3: a lost signing key ends its line of heads: without it the witness starts only in a fresh heads folder.
    A lost checkpoint key loses the conversations under way, and no order.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.database.logins import keep_secret
from core.errors import IntegrityLost


@dataclass(frozen=True, slots=True)
class Kept:
    """Keys are 64 hex digits; the others are random words."""

    checkpoint: str = field(repr=False)
    halts: str = field(repr=False)
    signing: str = field(repr=False)
    loopback: str = field(repr=False)
    venues: Mapping[str, str] = field(repr=False)
    custodians: Mapping[str, str] = field(repr=False)
    clearing: str = field(repr=False)


def kept_in(home: Path, venues: Sequence[str], custodians: Sequence[str]) -> Kept:
    """The secrets of that home; made where there are none yet, and added for who is new.

    Raises:
        IntegrityLost: the file is there and cannot be read.
        BadInput: it cannot be written.
    """
    file = home / "secrets" / "processes.json"
    before = _read(file)
    now = Kept(
        checkpoint=before.checkpoint if before else secrets.token_hex(32),
        halts=before.halts if before and before.halts else secrets.token_hex(32),
        signing=before.signing if before else secrets.token_hex(32),
        loopback=before.loopback if before else secrets.token_urlsafe(32),
        venues=_keys(before.venues if before else {}, venues),
        custodians=_keys(before.custodians if before else {}, custodians),
        clearing=before.clearing if before and before.clearing else secrets.token_urlsafe(24),
    )
    if now != before:
        _write(file, now)
    return now


def _keys(known: Mapping[str, str], names: Sequence[str]) -> Mapping[str, str]:
    return {**known, **{name: secrets.token_urlsafe(24) for name in names if name not in known}}


def halt_key(home: Path) -> str | None:
    """The halts' key of that home, for whoever may read its secrets; None where there is none.

    Raises:
        PermissionError: it is another user's.
        IntegrityLost: the file is there and cannot be read.
    """
    file = home / "secrets" / "processes.json"
    try:
        file.open().close()
    except FileNotFoundError:
        return None
    kept = _read(file)
    return (kept.halts or None) if kept else None


def _read(file: Path) -> Kept | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Kept(
            checkpoint=found["checkpoint"],
            halts=found.get("halts", ""),  # a home of before there were halts gets its key at the next start
            signing=found["signing"],
            loopback=found["loopback"],
            venues=dict(found["venues"]),
            custodians=dict(found.get("custodians", {})),
            clearing=found.get("clearing", ""),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as bad:
        raise IntegrityLost(
            f"the secrets in {str(file)!r} cannot be read",
            fix="restore the file; or move it and the heads away: open conversations end, heads begin anew",
        ) from bad


def _write(file: Path, kept: Kept) -> None:
    """Raises BadInput where the folder cannot be written."""
    keep_secret(
        file,
        {
            "checkpoint": kept.checkpoint,
            "halts": kept.halts,
            "signing": kept.signing,
            "loopback": kept.loopback,
            "venues": dict(kept.venues),
            "custodians": dict(kept.custodians),
            "clearing": kept.clearing,
        },
    )
