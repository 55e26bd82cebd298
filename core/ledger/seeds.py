"""The signing keys' seeds, where the witness finds the one that signs next.

Rule 1: the first seed comes by the witness's environment. Each later one is a file `<key id>.seed` in
    `<home>/signing`, durable before any head names it, and readable by the witness alone.
Rule 2: a seed whose key was replaced is deleted: it signs nothing more. Public keys stay for ever.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from core.database.logins import write_secret
from core.errors import BadInput, IntegrityLost
from core.ledger.heads import Signer, flush_folder


class Seeds:
    def __init__(self, folder: Path, first: str) -> None:
        self._folder = folder
        self._first = Signer(first)

    def first(self) -> Signer:
        return self._first

    def of(self, key: str) -> Signer:
        """The signer with that key.

        Raises:
            IntegrityLost: its seed is not here, or the file holds another one.
        """
        if key == self._first.id:
            return self._first
        try:
            signer = Signer(_file(self._folder, key).read_text(encoding="ascii"))
        except (OSError, ValueError) as bad:
            raise IntegrityLost(
                f"the key {key[:12]} signs the heads, and its seed is not here",
                fix=f"restore {str(self._folder)!r} and the secrets; lost for good, move the heads away",
            ) from bad
        if signer.id != key:
            raise IntegrityLost(
                f"the seed of key {key[:12]} is that of another key", fix="a person must look"
            )
        return signer

    def waiting(self, *, signs: str, replaced: Collection[str]) -> Signer | None:
        """One that was handed over and has not signed yet."""
        keys = sorted(file.stem for file in self._folder.glob("*.seed"))
        return next((self.of(key) for key in keys if key != signs and key not in replaced), None)

    def forget(self, key: str) -> None:
        """Delete a replaced key's seed. The first one stays with whoever made it."""
        _file(self._folder, key).unlink(missing_ok=True)


def hand_over(folder: Path, seed: str, *, like: Path) -> str:
    """Leave a seed for the witness, who owns `like`. Answers the key's id; durable when this returns.

    Raises:
        BadInput: the folder cannot be written.
    """
    key = Signer(seed).id
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = like.stat()
        fresh = folder / f"{key}.handing"
        write_secret(fresh, seed)
        for path in (folder, fresh):
            if os.geteuid() == 0:
                os.chown(path, owner.st_uid, owner.st_gid)
        fresh.replace(_file(folder, key))
        flush_folder(folder)
    except OSError as bad:
        raise BadInput(
            f"{str(folder)!r} cannot be written: {bad.strerror}",
            fix="run this as the user that runs the witness, or as root",
            field="GATEHOUSE_HOME",
        ) from bad
    return key


def signing_folder(home: Path) -> Path:
    return home / "signing"


def _file(folder: Path, key: str) -> Path:
    return folder / f"{key}.seed"
