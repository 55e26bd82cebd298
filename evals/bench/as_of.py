"""What asking for the past costs in a long journal: one account as known then, true at another moment.

Rule 1: the journal is put in past the append, so what the law would have kept beside it is filled in here
    from the texts. The index is made by the product's own follower, and asked through the front's own login.
Rule 2: each call is a whole question of an advisor: her ticket, her book, every entry of the account and its
    household up to that moment, folded.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.database.pools import async_pool
from core.database.statements import statements
from core.ids import AccountId
from core.projections.account_index import IndexFollower
from core.projections.history import History, When
from evals.bench.long_journal import LongJournal

SQL: Final = statements(Path(__file__).with_name("as_of.sql"))
ADVISOR: Final = "adv-1"
FILLED: Final = ("advisors", "households", "accounts", "proposals", "legs", "analyze")
ASKED: Final = 100


class Past:
    """A journal whose accounts can be asked for their past."""

    def __init__(self, journal: LongJournal, clock: Clock) -> None:
        self._journal = journal
        self._superuser = journal.superuser
        self._clock = clock
        self._ticket = secrets.token_urlsafe(32)
        self.index_s = 0.0

    async def prepare(self) -> None:
        """Fill in what the law would hold, and make the index."""
        for name in FILLED:
            self._superuser.execute(SQL[name].encode())
        hashed = sha256(self._ticket.encode()).digest()
        self._superuser.execute(SQL["session"].encode(), {"ticket_hash": hashed, "person": ADVISOR})
        begun = self._clock.monotonic_ns()
        async with async_pool(self._journal.gate, name="bench", most=1) as pool:
            await IndexFollower(pool).catch_up()
        self.index_s = (self._clock.monotonic_ns() - begun) / 1e9
        self._superuser.execute(SQL["analyze_index"].encode())

    async def calls_ms(self, *, halfway: int) -> Sequence[float]:
        """Milliseconds of each question: what was known at entry `halfway`, true at the newest day."""
        (moments,) = self._superuser.execute(SQL["moments"].encode(), {"seq": halfway}).fetchall()
        when = When(known_at=moments["known_at"], true_at=moments["true_at"])
        chosen = self._superuser.execute(SQL["chosen"].encode(), {"person": ADVISOR, "n": ASKED}).fetchall()
        took = []
        async with async_pool(self._journal.intake, name="bench", most=1) as pool:
            past = History(pool)
            await past.account(self._ticket, AccountId(chosen[0]["account"]), when)  # connected and planned
            for row in chosen:
                begun = self._clock.monotonic_ns()
                await past.account(self._ticket, AccountId(row["account"]), when)
                took.append((self._clock.monotonic_ns() - begun) / 1e6)
        return took
