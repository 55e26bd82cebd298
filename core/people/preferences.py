"""What an advisor prefers, as she stated it: places in her own messages, opened for herself alone.

Rule 1: a preference has no words of its own: it is read out of her journaled message, in whole sentences, so
    that nobody can keep half of what she said.
Rule 2: it changes no limit, approves nothing and gives no right. No rule reads one; models are shown them as
    data.
Rule 3: in a conversation about one household only what she said about it, or about none, is shown.
Rule 4: what is erased, or forgotten with its subject, is shown to nobody. The message stays in the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import rows
from core.database.statements import statements
from core.errors import NotFound
from core.fact import Entry, Sealed
from core.ids import HouseholdId, MessageId, ThreadId, fresh_trace_id
from core.ledger.journal import Journal
from core.people.asker import asking
from core.people.events import PreferenceErased
from core.people.keystore import KeyStore
from core.people.sentences import in_sentences

SQL: Final = statements(Path(__file__).with_name("preferences.sql"))


@dataclass(frozen=True, slots=True)
class Kept:
    """One that holds. `household`: what the conversation was about in which she said it; None: about none."""

    preference: str
    household: HouseholdId | None
    text: str
    thread: ThreadId
    message: MessageId
    kept_at: datetime


class Preferences:
    """Reads and erases them; holds the subjects' keys, as `front` does."""

    def __init__(self, pool: AsyncPool, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._keys = keys
        self._clock = clock

    async def mine(self, ticket: str) -> tuple[Kept, ...]:
        """All of the asker's that hold, oldest first.

        Raises:
            SignInRequired: the session has ended.
            IntegrityLost: a message is not what was sealed.
        """
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["mine"])
        return self._opened(found)

    async def for_thread(self, ticket: str, household: HouseholdId | None) -> tuple[Kept, ...]:
        """Those that a conversation about that household, or about none, is shown. Raises as `mine`."""
        return tuple(one for one in await self.mine(ticket) if one.household in (None, household))

    async def erase(self, ticket: str, preference: str) -> None:
        """Show it to nobody any more.

        Raises:
            Refused: it is not the asker's, or was erased before.
        """
        fact = PreferenceErased(preference=preference)
        trace = fresh_trace_id(self._clock)
        await self._journal.record(Entry(f"preference/{preference}", fact, trace, ticket=ticket))

    def _opened(self, found: Sequence[DictRow]) -> tuple[Kept, ...]:
        kept: list[Kept] = []
        for row in found:
            try:
                message = self._keys.clear("message", Sealed.model_validate(row["said"]))
            except NotFound:  # its subject was forgotten, and this with it
                continue
            text = in_sentences(message, row["first"], row["past"])
            if text:
                kept.append(
                    Kept(
                        row["preference"],
                        row["household"],
                        text,
                        row["thread"],
                        row["message"],
                        row["kept_at"],
                    )
                )
        return tuple(kept)
