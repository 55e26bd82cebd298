"""New keys for subjects: the worker's turn at what compliance or operations asked for.

Rule 1: the file first, then the fact. A version that a kill left without its fact gets it, and no successor.
Rule 2: a subject gets one new version for a request, however often the worker begins again.
Rule 3: older versions stay in the file: what they sealed opens, and a repeated request is still recognised.
"""

from __future__ import annotations

from typing import Final

from core.database.pools import AsyncPool, lend
from core.database.rows import rows
from core.fact import Entry
from core.forgetting.carrying_out import SQL
from core.forgetting.events import KeyRotationFinished, SubjectKeyRotated
from core.ids import SubjectId, TraceId
from core.ledger.journal import Journal
from core.people.keystore import KeyStore

FIRST: Final = 1  # the version that the first sealing makes, without a fact of its own


class Rotation:
    """One for each worker."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys

    async def turn(self) -> bool:
        """Rotate what was asked for. Whether anything was.

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
        subjects = [subject for subject in self._keys.subjects() if only in (None, subject)]
        for subject in subjects:
            row = known.get(subject)
            if row is None or row["request"] != request:
                version = self._next(subject, FIRST if row is None else row["version"])
                fact = SubjectKeyRotated(request=request, subject=subject, version=version)
                key = f"rotated/{request}/{subject}"
                await self._journal.record(Entry(f"subject/{subject}", fact, trace, key=key))
        finished = KeyRotationFinished(request=request, subjects=len(subjects))
        await self._journal.record(Entry("keys", finished, trace, key=f"rotated/{request}"))

    def _next(self, subject: SubjectId, recorded: int) -> int:
        newest = self._keys.versions(subject)[-1]
        return newest if newest > recorded else self._keys.rotate(subject, above=recorded)
