"""Recording sealed words so that a repeated request is recognised, also across a rotation of its key."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Conflict
from core.fact import Entry
from core.ids import SubjectId
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.keystore import KeyStore


async def record_once(
    journal: Journal, keys: KeyStore, subject: SubjectId, sealed: Callable[[int], Entry]
) -> Recorded:
    """Append `sealed(0)`, the entry under the newest version of the key. Where its idempotency key came
    before with another body, an older version may have sealed the same words: then that one is recognised.

    Raises:
        Conflict: the key came with other words, under every version.
        Refused, WorldFailed, OutcomeUnknown: as `Journal.record`.
    """
    for back in range(len(keys.versions(subject)) - 1):
        try:
            return (await journal.record(sealed(back)))[0]
        except Conflict:
            continue  # perhaps the version before
    return (await journal.record(sealed(max(0, len(keys.versions(subject)) - 1))))[0]
