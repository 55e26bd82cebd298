"""New keys for subjects: the worker's turn at what compliance or operations asked for.

Rule 1: the file first, then the fact. A version that a kill left without its fact gets it, and no successor.
Rule 2: a subject gets one new version for a request, however often the worker begins again.
Rule 3: older versions stay in the file: what they sealed opens, and a repeated request is still recognised.
Rule 4: a few at a time: orders do not wait for the last of many keys. A damaged file is named at the end, and
    keeps nobody else from a new key.
"""

from __future__ import annotations

from typing import Final

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.errors import IntegrityLost
from core.fact import Entry
from core.forgetting.carrying_out import SQL
from core.forgetting.events import KeyRotationFinished, SubjectKeyRotated
from core.ids import SubjectId, TraceId
from core.ledger.journal import Journal
from core.people.keystore import KeyStore

AT_ONCE: Final = 10  # subjects in one turn: each is two syncs of the disk and an append
FIRST: Final = 1  # the version that the first sealing makes, without a fact of its own


class Rotation:
    """One for each worker."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._damaged: set[SubjectId] = set()

    async def turn(self) -> bool:
        """Rotate some of what was asked for. Whether anything was.

        Raises:
            WorldFailed: the key store or the journal cannot be written. It goes on where it stopped.
        """
        async with lend(self._pool) as connection:
            asked = await rows(connection, SQL["rotations"])
        for row in asked:
            await self._rotate(row["request"], row["subject"], TraceId(row["trace"]))
        return bool(asked)

    async def _rotate(self, request: str, only: str | None, trace: TraceId) -> None:
        async with lend(self._pool) as connection:
            known = {row["subject"]: row for row in await rows(connection, SQL["rotated"])}
        asked = [subject for subject in self._keys.subjects() if only in (None, subject)]
        done = {subject for subject, row in known.items() if row["request"] == request}
        left = [subject for subject in asked if subject not in done | self._damaged]
        for subject in left[:AT_ONCE]:
            version = self._next(subject, known[subject]["version"] if subject in known else FIRST)
            if version is not None:
                fact = SubjectKeyRotated(request=request, subject=subject, version=version)
                key = f"rotated/{request}/{subject}"
                await self._journal.record(Entry(f"subject/{subject}", fact, trace, key=key))
        if len(left) <= AT_ONCE:
            damaged = tuple(subject for subject in asked if subject in self._damaged)
            rotated = len(asked) - len(damaged)
            finished = KeyRotationFinished(request=request, subjects=rotated, damaged=damaged)
            await self._journal.record(Entry("keys", finished, trace, key=f"rotated/{request}"))
            self._damaged.clear()

    def _next(self, subject: SubjectId, recorded: int) -> int | None:
        """The version to put on record; None where the file is damaged, which is noted."""
        try:
            newest = self._keys.versions(subject)[-1]
            return newest if newest > recorded else self._keys.rotate(subject, above=recorded)
        except IntegrityLost:
            self._damaged.add(subject)
            return None
